"""What is delivered to train on: the one function behind data/augmented and behind the arm that tests it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augment.data.imageset import ImageSet
from augment.evaluation.experiment.arms import Samples, arm_data
from augment.measure.sampling import WeightedImages
from augment.params import Arm

WEIGHT_DECIMALS = 6  # of a weight, as written
AUGMENTED_MANIFEST_COLUMNS = (
    "path",
    "label",
    "split",
    "synthetic",
    "weight",
    "source",
)  # columns of data/augmented/manifest.csv


@dataclass(frozen=True)
class DeliveredImages:
    """The training images first, in their order, then the synthetic ones, class by class.

    images: uint8 (N, C, H, W), targets: int64 (N,), weights: float64 (N,), 1 on average, rounded as in manifest.csv
    """

    images: NDArray[np.uint8]
    targets: NDArray[np.int64]
    weights: NDArray[np.float64]

    def drawn_by_weight(self) -> WeightedImages:
        """As a plain weighted sampler draws them."""
        return WeightedImages(self.images, self.targets, self.weights / self.weights.sum())


def delivered_images(arm: Arm, train: ImageSet, kept: Mapping[str, NDArray[np.uint8]]) -> DeliveredImages:
    """What an arm leaves in files. kept: label -> uint8 (n, C, H, W), the samples that passed the filter.

    Files cannot hold everything an arm does: augmentation stays behind, and so do images that only the
    evaluation makes (SMOTE, blends).
    """
    data = arm_data(arm, train, Samples(raw=kept, filtered=kept, copies={}))
    return DeliveredImages(
        data.images, data.targets, (data.sampling_weights * len(data.sampling_weights)).round(WEIGHT_DECIMALS)
    )
