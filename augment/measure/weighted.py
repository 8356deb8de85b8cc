"""Images with chances to be drawn: the one form in which every arm trains its classifier."""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from augment.measure.classifiers import Batch


@dataclass(frozen=True)
class WeightedImages:
    """images uint8 (N, C, H, W), targets int64 (N,), chances float64 (N,) that sum to 1."""

    images: NDArray[np.uint8]
    targets: NDArray[np.int64]
    chances: NDArray[np.float64]

    def batches(self, size: int) -> Batch:
        """A function that draws `size` images with replacement."""
        images, targets = torch.from_numpy(self.images), torch.from_numpy(self.targets)
        chances = torch.from_numpy(self.chances)

        def batch(rng: torch.Generator) -> tuple[Tensor, Tensor]:
            chosen = torch.multinomial(chances, size, replacement=True, generator=rng)
            return images[chosen], targets[chosen]

        return batch

    def even_batches(self, size: int, classes: int) -> Batch:
        """A function that draws every image equally often; its chance, times N, is its weight in the loss.

        For `class_balanced` images that weight is N / (classes * class size), 1 on average (King & Zeng 2001).
        """
        images, targets = torch.from_numpy(self.images), torch.from_numpy(self.targets)
        weights = torch.from_numpy(self.chances).float() * len(images)
        rows = weights[:, None] * F.one_hot(targets, classes)

        def batch(rng: torch.Generator) -> tuple[Tensor, Tensor]:
            chosen = torch.randint(len(images), (size,), generator=rng)
            return images[chosen], rows[chosen]

        return batch


def evenly(images: NDArray[np.uint8], targets: NDArray[np.int64]) -> WeightedImages:
    """Every image equally often."""
    return WeightedImages(images, targets, np.full(len(images), 1 / len(images)))


def class_balanced(images: NDArray[np.uint8], targets: NDArray[np.int64]) -> WeightedImages:
    """Every class equally often, and within a class every image."""
    present, inverse, counts = np.unique(targets, return_inverse=True, return_counts=True)
    return WeightedImages(images, targets, 1 / (len(present) * counts[inverse]))
