"""One classifier of the comparison: an arm, a seed, and the scores that come of it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augment.core.seeds import derive_seed
from augment.data.imageset import ImageSet
from augment.evaluation.experiment.arms import Images, Samples, arm_data, augmentation_of, with_made_images
from augment.measure.augmentations import classical_augmentation, mixup_or_cutmix, randaugment
from augment.measure.classifiers import (
    Augment,
    FitSettings,
    SmallCnn,
    fit_classifier,
    probabilities,
    uniform_batches,
    weighted_batches,
)
from augment.measure.imagenet import imagenet_features
from augment.measure.logistic import fit_logistic, logistic_probabilities
from augment.params.arms import ROW_OF, Arm, BaseAugmentation

IMAGENET_INVERSE_REGULARISATION = 0.01  # scikit-learn's C; of 0.001, 0.01 and 0.1 the best on four sets


@dataclass(frozen=True)
class ArmRun:
    """One classifier to train: one arm with one seed."""

    arm: Arm
    seed: int
    train: ImageSet
    samples: Samples
    val: Images
    test: Images
    fit: FitSettings
    batch_size: int
    flips: str
    base_augmentation: BaseAugmentation = "classical"


@dataclass(frozen=True)
class ArmScores:
    """Class probabilities float64 (N, classes) on val and test."""

    val: NDArray[np.float64]
    test: NDArray[np.float64]


def run_arm(run: ArmRun) -> ArmScores:
    """Train and score. The seed fixes initial weights and order, the same for every arm of a repeat."""
    if ROW_OF[run.arm].use == "features":
        return run_pretrained(run)
    network = fit_arm(run)
    return ArmScores(probabilities(network, run.val), probabilities(network, run.test))


def fit_arm(run: ArmRun) -> SmallCnn:
    """Train the classifier of an arm: on what it draws (`arm_data`), in the way that is its own."""
    data = arm_data(run.arm, run.train, run.samples)
    _, channels, height, width = run.train.images.shape
    classes = len(run.train.classes)
    batch, first_half = weighted_batches(data, run.batch_size), None
    if ROW_OF[run.arm].use == "weighted loss":
        batch = uniform_batches(data, run.batch_size, classes)
    if ROW_OF[run.arm].use == "first":
        made_alone = with_made_images("only", run.train, run.samples.of_arm(run.arm))
        first_half = weighted_batches(made_alone, run.batch_size)
    augmentation = augmentation_of(run.arm, run.base_augmentation)
    augment: Augment | None = None
    match augmentation:
        case "classical" | "mixup_cutmix":
            augment = classical_augmentation(run.flips)
        case "randaugment":
            augment = randaugment(run.flips, channels, height, width)
    blend = mixup_or_cutmix(classes) if augmentation == "mixup_cutmix" else None
    seed = derive_seed(run.seed, "arm")
    return fit_classifier(batch, (channels, height, width), classes, run.fit, augment, seed, first_half, blend)


def run_pretrained(run: ArmRun) -> ArmScores:
    """Logistic regression on ImageNet's features; nothing in it is random. Raises `ParamsError` without the extra."""
    data = arm_data(run.arm, run.train, run.samples)
    model = fit_logistic(imagenet_features(data.images), data, IMAGENET_INVERSE_REGULARISATION)
    classes = len(run.train.classes)
    val, test = (logistic_probabilities(model, imagenet_features(side), classes) for side in (run.val, run.test))
    return ArmScores(val, test)
