"""How a classifier draws its batches from weighted images."""

import torch
import torch.nn.functional as F
from torch import Tensor

from augment.measure.classifiers import Batch
from augment.measure.sampling import WeightedImages


def drawn_by_chance(data: WeightedImages, size: int) -> Batch:
    """A function that draws `size` images with replacement, each by its chance."""
    images, targets, chances = map(torch.from_numpy, (data.images, data.targets, data.chances))

    def batch(rng: torch.Generator) -> tuple[Tensor, Tensor]:
        chosen = torch.multinomial(chances, size, replacement=True, generator=rng)
        return images[chosen], targets[chosen]

    return batch


def drawn_evenly(data: WeightedImages, size: int, classes: int) -> Batch:
    """A function that draws every image equally often; its chance, times N, is its weight in the loss.

    For `class_balanced` images that weight is N / (classes * class size), 1 on average (King & Zeng 2001).
    """
    images, targets, chances = map(torch.from_numpy, (data.images, data.targets, data.chances))
    rows = (chances.float() * len(images))[:, None] * F.one_hot(targets, classes)

    def batch(rng: torch.Generator) -> tuple[Tensor, Tensor]:
        chosen = torch.randint(len(images), (size,), generator=rng)
        return images[chosen], rows[chosen]

    return batch
