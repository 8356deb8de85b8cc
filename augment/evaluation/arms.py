"""The ways to use data that are compared. An arm is a weighted image set and whether it is augmented.

All arms train the same network for equally many steps; what differs is only what they draw:

    none                uniform over the real images
    oversample          every class equally often
    classical           oversample, and shifts, rotations, scalings, declared flips on every image drawn
    gan_fill            classical, and synthetic images raise every class to the largest
    gan_half            classical, and half of what poor classes draw is synthetic
    gan_half_filtered   the same with filtered samples
    copies_half         the same with jittered training images in the samples' place: the control
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augment.data.imageset import ImageSet
from augment.measure.classifiers import (
    FitSettings,
    classical_augmentation,
    fit_classifier,
    jittered,
    probabilities,
)
from augment.measure.weighted import WeightedImages, class_balanced, evenly
from augment.params import Arm
from augment.seeds import derive_seed

Images = NDArray[np.uint8]
SYNTHETIC_SHARE = 0.5


@dataclass(frozen=True)
class Samples:
    """Synthetic images of one repeat by label: as generated, and filtered; and the control's copies."""

    raw: Mapping[str, Images]
    filtered: Mapping[str, Images]
    copies: Mapping[str, Images]


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


@dataclass(frozen=True)
class ArmScores:
    """Class probabilities float64 (N, classes) on val and test."""

    val: NDArray[np.float64]
    test: NDArray[np.float64]


def run_arm(run: ArmRun) -> ArmScores:
    """Train and score. The seed fixes initial weights and order, the same for every arm of a repeat."""
    data = arm_data(run.arm, run.train, run.samples)
    _, channels, height, width = run.train.images.shape
    network = fit_classifier(
        data.batches(run.batch_size),
        (channels, height, width),
        len(run.train.classes),
        run.fit,
        None if run.arm in ("none", "oversample") else classical_augmentation(run.flips),
        derive_seed(run.seed, "arm"),
    )
    return ArmScores(probabilities(network, run.val), probabilities(network, run.test))


def arm_data(arm: Arm, train: ImageSet, samples: Samples) -> WeightedImages:
    """What an arm draws from, and how often."""
    targets = train.targets(train.classes)
    match arm:
        case "none":
            return evenly(train.images, targets)
        case "oversample" | "classical":
            return class_balanced(train.images, targets)
        case "gan_fill":
            return fill(train, samples.raw)
        case "gan_half":
            return half(train, samples.raw)
        case "gan_half_filtered":
            return half(train, samples.filtered)
        case "copies_half":
            return half(train, samples.copies)


def fill(train: ImageSet, synthetic: Mapping[str, Images]) -> WeightedImages:
    """Real images and as many synthetic ones as raise each class to the largest, all equally often.

    Where samples run short each is drawn more often, so that the classes stay equal.
    """
    real = class_balanced(train.images, train.targets(train.classes))
    largest = max(train.counts().values())
    shares = {label: 1 - count / largest for label, count in train.counts().items()}
    return mixed(real, train.classes, synthetic, shares)


def half(train: ImageSet, synthetic: Mapping[str, Images]) -> WeightedImages:
    """Classes balanced; in the poor classes half of what is drawn is synthetic."""
    real = class_balanced(train.images, train.targets(train.classes))
    return mixed(real, train.classes, synthetic, dict.fromkeys(poor_classes(train.counts()), SYNTHETIC_SHARE))


def poor_classes(counts: Mapping[str, int]) -> list[str]:
    """Classes no larger than the median class; in a balanced set that is every class."""
    median = float(np.median(list(counts.values())))
    return [label for label, count in counts.items() if count <= median]


def mixed(
    real: WeightedImages, classes: list[str], synthetic: Mapping[str, Images], shares: Mapping[str, float]
) -> WeightedImages:
    """Give each class's synthetic images its share of the class's chance; without samples nothing changes."""
    images, targets, chances = [real.images], [real.targets], [real.chances.copy()]
    for label, share in shares.items():
        samples = synthetic.get(label)
        if samples is None or len(samples) == 0 or share == 0:
            continue
        index = classes.index(label)
        mine = real.targets == index
        total = real.chances[mine].sum()
        chances[0][mine] *= 1 - share
        images.append(samples)
        targets.append(np.full(len(samples), index, dtype=np.int64))
        chances.append(np.full(len(samples), total * share / len(samples)))
    return WeightedImages(np.concatenate(images), np.concatenate(targets), np.concatenate(chances))


def copies_of(train: ImageSet, count: int, flips: str, seed: int) -> dict[str, Images]:
    """The control's images: `count` jittered copies of training images for each class."""
    return {
        label: jittered(train.of_class(label).images, count, flips, derive_seed(seed, "copies", label))
        for label in train.classes
    }
