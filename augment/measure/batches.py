"""How a classifier draws its batches from weighted images."""

import torch
import torch.nn.functional as F
from torch import Tensor

from augment.measure.classifiers import Batch
from augment.measure.sampling import WeightedImages


def weighted_batches(data: WeightedImages, size: int) -> Batch:
    """A function that draws `size` images with replacement, each by its sampling weight."""
    images, targets, sampling_weights = map(torch.from_numpy, (data.images, data.targets, data.sampling_weights))

    def batch(rng: torch.Generator) -> tuple[Tensor, Tensor]:
        chosen = torch.multinomial(sampling_weights, size, replacement=True, generator=rng)
        return images[chosen], targets[chosen]

    return batch


def uniform_batches(data: WeightedImages, size: int, classes: int) -> Batch:
    """A function that draws every image equally often; its sampling weight, times N, is its weight in the loss.

    For `class_balanced` images that weight is N / (classes * class size), 1 on average (King & Zeng 2001).
    """
    images, targets, sampling_weights = map(torch.from_numpy, (data.images, data.targets, data.sampling_weights))
    weighted_targets = (sampling_weights.float() * len(images))[:, None] * F.one_hot(targets, classes)

    def batch(rng: torch.Generator) -> tuple[Tensor, Tensor]:
        chosen = torch.randint(len(images), (size,), generator=rng)
        return images[chosen], weighted_targets[chosen]

    return batch
