"""The ways to use data that are compared. An arm is a weighted image set and how the classifier learns from it.

All arms train the same network for equally many steps; what differs is only what they draw and how it counts:

    none                uniform over the real images
    oversample          every class equally often
    classical           oversample, and shifts, rotations, scalings, declared flips on every image drawn
    randaugment         oversample, and two random operations on every image drawn
    mixup_cutmix        classical, and every batch blended with itself across classes, labels too
    pretrained          oversample, by logistic regression on the features of a network trained on ImageNet

`classical`, `randaugment` and `mixup_cutmix` are ways to augment what is drawn. The arms below build on one of
them, the same for all (`base`):

    class_weights       uniform over the real images, the loss weighted so that classes count equally; augmented
    smote               base, and SMOTE images raise every class to the largest
    smote_half          base, and half of what poor classes draw is SMOTE images
    mixup_within        as smote with blends of any two images of a class
    mixup_within_half   as smote_half with blends of any two images of a class
    gan_fill            base, and synthetic images raise every class to the largest
    gan_half            base, and half of what poor classes draw is synthetic
    gan_half_filtered   the same with filtered samples
    gan_pretrain        synthetic images only in the first half of the steps, then base
    gan_only            synthetic images only, every class equally often, augmented as in base
    copies_half         as gan_half_filtered with jittered training images in the samples' place: the control
    shuffled            as gan_half_filtered with the samples' labels drawn at random: a control
    noise               as gan_half_filtered with noise in the samples' place: a control
    as_delivered        what is delivered, drawn by its weights, nothing else
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment.data.imageset import ImageSet, poor_classes
from augment.measure.classical import classical_augmentation, jittered
from augment.measure.classifiers import Augment, FitSettings, SmallCnn, fit_classifier, probabilities
from augment.measure.logistic import fit_logistic, logistic_probabilities
from augment.measure.mixing import mixing
from augment.measure.pretrained import imagenet_features
from augment.measure.randaugment import randaugment
from augment.measure.weighted import WeightedImages, class_balanced, evenly
from augment.params import AUGMENTATIONS, Arm, Augmentation, Base
from augment.seeds import derive_seed

Images = NDArray[np.uint8]
SYNTHETIC_SHARE = 0.5
IMAGENET_STRENGTH = 0.01  # scikit-learn's C; of 0.001, 0.01 and 0.1 the best on four sets
PLAIN_ARMS: tuple[Arm, ...] = ("none", "oversample", "pretrained", *AUGMENTATIONS)  # real images alone, on no other arm
FIELDS: dict[Arm, str] = {  # of `Samples`, the made images that an arm draws
    "gan_fill": "raw",
    "gan_half": "raw",
    "gan_pretrain": "raw",
    "gan_only": "raw",
    "gan_half_filtered": "filtered",
    "copies_half": "copies",
    "smote": "smote",
    "smote_half": "smote",
    "mixup_within": "mixes",
    "mixup_within_half": "mixes",
    "shuffled": "shuffled",
    "noise": "noise",
}


@dataclass(frozen=True)
class Samples:
    """Made images of one repeat by label: the GANs', raw and filtered; the controls'; the real-only rivals'.

    delivered: all images of the arm that trains on what is delivered.

    An arm whose images are not given draws real ones in their place.
    """

    raw: Mapping[str, Images]
    filtered: Mapping[str, Images]
    copies: Mapping[str, Images]
    smote: Mapping[str, Images] = field(default_factory=dict)
    mixes: Mapping[str, Images] = field(default_factory=dict)
    shuffled: Mapping[str, Images] = field(default_factory=dict)
    noise: Mapping[str, Images] = field(default_factory=dict)
    delivered: WeightedImages | None = None


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
    base: Base = "classical"


@dataclass(frozen=True)
class ArmScores:
    """Class probabilities float64 (N, classes) on val and test."""

    val: NDArray[np.float64]
    test: NDArray[np.float64]


def run_arm(run: ArmRun) -> ArmScores:
    """Train and score. The seed fixes initial weights and order, the same for every arm of a repeat."""
    if run.arm == "pretrained":
        return run_pretrained(run)
    network = fit_arm(run)
    return ArmScores(probabilities(network, run.val), probabilities(network, run.test))


def fit_arm(run: ArmRun) -> SmallCnn:
    """Train the classifier of an arm: on what it draws (`arm_data`), in the way that is its own."""
    data = arm_data(run.arm, run.train, run.samples)
    _, channels, height, width = run.train.images.shape
    classes = len(run.train.classes)
    batch, first_half = data.batches(run.batch_size), None
    if run.arm == "class_weights":
        batch = data.even_batches(run.batch_size, classes)
    if run.arm == "gan_pretrain":
        first_half = arm_data("gan_only", run.train, run.samples).batches(run.batch_size)
    augmentation = augmentation_of(run.arm, run.base)
    augment: Augment | None = None
    match augmentation:
        case "classical" | "mixup_cutmix":
            augment = classical_augmentation(run.flips)
        case "randaugment":
            augment = randaugment(run.flips, channels, height, width)
    blend = mixing(classes) if augmentation == "mixup_cutmix" else None
    seed = derive_seed(run.seed, "arm")
    return fit_classifier(batch, (channels, height, width), classes, run.fit, augment, seed, first_half, blend)


def run_pretrained(run: ArmRun) -> ArmScores:
    """Logistic regression on ImageNet's features; nothing in it is random. Raises `ParamsError` without the extra."""
    data = arm_data(run.arm, run.train, run.samples)
    model = fit_logistic(imagenet_features(data.images), data, IMAGENET_STRENGTH)
    classes = len(run.train.classes)
    val, test = (logistic_probabilities(model, imagenet_features(side), classes) for side in (run.val, run.test))
    return ArmScores(val, test)


def augmentation_of(arm: Arm, base: Base) -> Augmentation | None:
    """How an arm augments what it draws."""
    match arm:
        case "none" | "oversample" | "pretrained" | "as_delivered":
            return None
        case "classical" | "randaugment" | "mixup_cutmix":
            return arm
        case _:
            return None if base == "none" else base


def arm_data(arm: Arm, train: ImageSet, samples: Samples) -> WeightedImages:
    """What an arm draws from, and how often; `class_weights` puts the chances into the loss instead."""
    targets = train.targets(train.classes)
    match arm:
        case "none":
            return evenly(train.images, targets)
        case "smote" | "mixup_within" | "gan_fill":
            return fill(train, made(arm, samples))
        case (
            "smote_half" | "mixup_within_half" | "gan_half" | "gan_half_filtered" | "copies_half" | "shuffled" | "noise"
        ):
            return half(train, made(arm, samples))
        case "gan_only":
            return only(train, made(arm, samples))
        case "as_delivered" if samples.delivered is not None:
            return samples.delivered
        case _:
            return class_balanced(train.images, targets)


def made(arm: Arm, samples: Samples) -> Mapping[str, Images]:
    """The made images that an arm draws from, by label; none where it draws none."""
    images: Mapping[str, Images] = getattr(samples, FIELDS[arm]) if arm in FIELDS else {}
    return images


def alone(arm: Arm, samples: Samples, most: int | None = None) -> Samples:
    """What an arm draws and nothing else, since it travels to another process; most: of the images of a class."""
    kept: dict[str, Any] = {"delivered": samples.delivered} if arm == "as_delivered" else {}
    if arm in FIELDS:
        kept[FIELDS[arm]] = {label: own[:most] for label, own in made(arm, samples).items()}
    return replace(Samples({}, {}, {}), **kept)


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


def only(train: ImageSet, synthetic: Mapping[str, Images]) -> WeightedImages:
    """Classes balanced; a class with synthetic images draws nothing else, one without keeps its real ones."""
    real = class_balanced(train.images, train.targets(train.classes))
    return mixed(real, train.classes, synthetic, dict.fromkeys(train.classes, 1.0))


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
