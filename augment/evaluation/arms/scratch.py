"""The family `scratch`: a small network of an arm's own, trained on what the arm draws."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch.nn.functional as F

from augment.core.seeds import derive_seed
from augment.data.imageset import ImageSet
from augment.evaluation.arms.draws import Samples, arm_data, with_made_images
from augment.measure.augmentations import augment_of, mixup_or_cutmix
from augment.measure.classifiers import (
    FitSettings,
    Loss,
    SmallCnn,
    adjusted_loss,
    fit_classifier,
    uniform_batches,
    weighted_batches,
)
from augment.params.arms import ROW_OF, Arm, augmentation_of

LABEL_SMOOTHING = 0.1  # share of a label that all classes get


@dataclass(frozen=True)
class ScratchFit:
    """One network to train: what one arm with one seed draws, and how long; base: the arm that others build on."""

    arm: Arm
    seed: int
    train: ImageSet
    samples: Samples
    fit: FitSettings
    batch_size: int
    flips: str
    base: Arm | None = "classical"


def fit_scratch(job: ScratchFit) -> SmallCnn:
    """Train it: on what it draws (`arm_data`), in the way that is its own. The seed fixes initial weights and order,
    the same for every arm of a repeat."""
    data = arm_data(job.arm, job.train, job.samples)
    shape, classes = (*job.train.images.shape[1:],), len(job.train.classes)
    batch, first_half = weighted_batches(data, job.batch_size), None
    loss_of: Loss = F.cross_entropy
    match ROW_OF[job.arm].use:
        case "weighted loss":
            batch = uniform_batches(data, job.batch_size, classes)
        case "first":
            made_alone = with_made_images("only", job.train, job.samples.of_arm(job.arm))
            first_half = weighted_batches(made_alone, job.batch_size)
        case "adjusted":
            loss_of = adjusted_loss(np.bincount(data.targets, data.sampling_weights, classes))
        case "smoothed":
            loss_of = partial(F.cross_entropy, label_smoothing=LABEL_SMOOTHING)
    augmentation = augmentation_of(job.arm, job.base)
    augment = augment_of(augmentation, job.flips, *shape)
    blend = mixup_or_cutmix(classes) if augmentation == "mixup_cutmix" else None
    seed = derive_seed(job.seed, "arm")
    return fit_classifier(batch, shape, classes, job.fit, augment, seed, first_half, blend, loss_of)
