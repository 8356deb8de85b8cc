"""Images with sampling weights: the one form in which every arm holds what its classifier learns from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class WeightedImages:
    """images uint8 (N, C, H, W), targets int64 (N,), sampling_weights float64 (N,) that sum to 1."""

    images: NDArray[np.uint8]
    targets: NDArray[np.int64]
    sampling_weights: NDArray[np.float64]


def uniform(images: NDArray[np.uint8], targets: NDArray[np.int64]) -> WeightedImages:
    """Every image equally often."""
    return WeightedImages(images, targets, np.full(len(images), 1 / len(images)))


def class_balanced(images: NDArray[np.uint8], targets: NDArray[np.int64]) -> WeightedImages:
    """Every class equally often, and within a class every image."""
    present, inverse, counts = np.unique(targets, return_inverse=True, return_counts=True)
    return WeightedImages(images, targets, 1 / (len(present) * counts[inverse]))
