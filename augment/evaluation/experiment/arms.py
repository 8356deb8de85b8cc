"""The ways to use data that are compared. An arm is a weighted image set and how the classifier learns from it.

All arms train the same network for equally many steps; what differs is only what they draw and how it counts:

    none                uniform over the real images
    oversample          every class equally often
    classical           oversample, and shifts, rotations, scalings, declared flips on every image drawn
    randaugment         oversample, and two random operations on every image drawn
    mixup_cutmix        classical, and every batch blended with itself across classes, labels too
    pretrained          oversample, by logistic regression on the features of a network trained on ImageNet

`classical`, `randaugment` and `mixup_cutmix` are ways to augment what is drawn. The arms below build on one of
them, the same for all (`base_augmentation`):

    class_weights       uniform over the real images, the loss weighted so that classes count equally; augmented
    smote               base augmentation, and SMOTE images raise every class to the largest
    smote_half          base augmentation, and half of what minority classes draw is SMOTE images
    mixup_within        as smote with blends of any two images of a class
    mixup_within_half   as smote_half with blends of any two images of a class
    gan_fill            base augmentation, and synthetic images raise every class to the largest
    gan_half            base augmentation, and half of what minority classes draw is synthetic
    gan_half_filtered   the same with filtered samples
    gan_pretrain        synthetic images only in the first half of the steps, then as with the base augmentation
    gan_only            synthetic images only, every class equally often, augmented as in the base augmentation
    copies_half         as gan_half_filtered with jittered training images in the samples' place: the control
    shuffled            as gan_half_filtered with the samples' labels drawn at random: a control
    noise               as gan_half_filtered with noise in the samples' place: a control
    as_delivered        what is delivered, drawn by its weights, nothing else

What is delivered to train on: the one function behind data/augmented and behind the arm that tests it.

Identical arms: where classes are equally large nothing is left to balance or to fill up.

Such an arm draws the very images of another, equally often and augmented alike, with the same seeds, so its classifiers
would be the same to the last bit, and are not trained again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment.data.imageset import ImageSet, minority_classes
from augment.measure.sampling import WeightedImages, class_balanced, uniform
from augment.params import AUGMENTATIONS, Arm, Augmentation, BaseAugmentation

Images = NDArray[np.uint8]
SYNTHETIC_SHARE = 0.5
STANDALONE_ARMS: tuple[Arm, ...] = (
    "none",
    "oversample",
    "pretrained",
    *AUGMENTATIONS,
)  # real images, no other arm below
SAMPLE_FIELDS: dict[Arm, str] = {  # of `Samples`, the made images that an arm draws
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

    raw: Mapping[str, Images] = field(default_factory=dict)
    filtered: Mapping[str, Images] = field(default_factory=dict)
    copies: Mapping[str, Images] = field(default_factory=dict)
    smote: Mapping[str, Images] = field(default_factory=dict)
    mixes: Mapping[str, Images] = field(default_factory=dict)
    shuffled: Mapping[str, Images] = field(default_factory=dict)
    noise: Mapping[str, Images] = field(default_factory=dict)
    delivered: WeightedImages | None = None


def augmentation_of(arm: Arm, base_augmentation: BaseAugmentation) -> Augmentation | None:
    """How an arm augments what it draws."""
    match arm:
        case "none" | "oversample" | "pretrained" | "as_delivered":
            return None
        case "classical" | "randaugment" | "mixup_cutmix":
            return arm
        case _:
            return None if base_augmentation == "none" else base_augmentation


def arm_data(arm: Arm, train: ImageSet, samples: Samples) -> WeightedImages:
    """What an arm draws from, and how often; `balanced_weights` puts the sampling weights into the loss instead."""
    targets = train.targets(train.classes)
    match arm:
        case "none":
            return uniform(train.images, targets)
        case "smote" | "mixup_within" | "gan_fill":
            return fill_to_largest(train, made_images(arm, samples))
        case (
            "smote_half" | "mixup_within_half" | "gan_half" | "gan_half_filtered" | "copies_half" | "shuffled" | "noise"
        ):
            return half_synthetic(train, made_images(arm, samples))
        case "gan_only":
            return synthetic_only(train, made_images(arm, samples))
        case "as_delivered" if samples.delivered is not None:
            return samples.delivered
        case _:
            return class_balanced(train.images, targets)


def made_images(arm: Arm, samples: Samples) -> Mapping[str, Images]:
    """The made images that an arm draws from, by label; none where it draws none."""
    images: Mapping[str, Images] = getattr(samples, SAMPLE_FIELDS[arm]) if arm in SAMPLE_FIELDS else {}
    return images


def samples_of_arm(arm: Arm, samples: Samples, per_class: int | None = None) -> Samples:
    """What an arm draws and nothing else, since it travels to another process; per_class: at most so many of a
    class.
    """
    kept: dict[str, Any] = {"delivered": samples.delivered} if arm == "as_delivered" else {}
    if arm in SAMPLE_FIELDS:
        kept[SAMPLE_FIELDS[arm]] = {label: images[:per_class] for label, images in made_images(arm, samples).items()}
    return Samples(**kept)


def fill_to_largest(train: ImageSet, synthetic: Mapping[str, Images]) -> WeightedImages:
    """Real images and as many synthetic ones as raise each class to the largest, all equally often.

    Where samples run short each is drawn more often, so that the classes stay equal.
    """
    real = class_balanced(train.images, train.targets(train.classes))
    largest = max(train.counts().values())
    shares = {label: 1 - count / largest for label, count in train.counts().items()}
    return with_synthetic_shares(real, train.classes, synthetic, shares)


def half_synthetic(train: ImageSet, synthetic: Mapping[str, Images]) -> WeightedImages:
    """Classes balanced; in the minority classes half of what is drawn is synthetic."""
    real = class_balanced(train.images, train.targets(train.classes))
    return with_synthetic_shares(
        real, train.classes, synthetic, dict.fromkeys(minority_classes(train.counts()), SYNTHETIC_SHARE)
    )


def synthetic_only(train: ImageSet, synthetic: Mapping[str, Images]) -> WeightedImages:
    """Classes balanced; a class with synthetic images draws nothing else, one without keeps its real ones."""
    real = class_balanced(train.images, train.targets(train.classes))
    return with_synthetic_shares(real, train.classes, synthetic, dict.fromkeys(train.classes, 1.0))


def with_synthetic_shares(
    real: WeightedImages, classes: list[str], synthetic: Mapping[str, Images], shares: Mapping[str, float]
) -> WeightedImages:
    """Give each class's synthetic images its share of the class's sampling weight; without samples nothing changes."""
    images, targets, sampling_weights = [real.images], [real.targets], [real.sampling_weights.copy()]
    for label, share in shares.items():
        samples = synthetic.get(label)
        if samples is None or len(samples) == 0 or share == 0:
            continue
        index = classes.index(label)
        of_class = real.targets == index
        total = real.sampling_weights[of_class].sum()
        sampling_weights[0][of_class] *= 1 - share
        images.append(samples)
        targets.append(np.full(len(samples), index, dtype=np.int64))
        sampling_weights.append(np.full(len(samples), total * share / len(samples)))
    return WeightedImages(np.concatenate(images), np.concatenate(targets), np.concatenate(sampling_weights))


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
    data = arm_data(arm, train, Samples(raw=kept, filtered=kept))
    return DeliveredImages(
        data.images, data.targets, (data.sampling_weights * len(data.sampling_weights)).round(WEIGHT_DECIMALS)
    )


OWN_TRAINING_ARMS: tuple[Arm, ...] = (
    "class_weights",
    "gan_pretrain",
    "pretrained",
    "as_delivered",
)  # of learning from images


def identical_arms(
    arms: Sequence[Arm], sets: Sequence[ImageSet], samples: Sequence[Samples], base_augmentation: BaseAugmentation
) -> dict[Arm, Arm]:
    """Each arm that comes to the same as an earlier one in every repeat, and that one.

    sets, samples: the training and the made images of each repeat.
    """
    first: dict[tuple[object, ...], Arm] = {}
    identical: dict[Arm, Arm] = {}
    for arm in arms:
        sampling_weights = [] if arm in OWN_TRAINING_ARMS else _sampling_weights(arm, sets, samples)
        if not sampling_weights:
            continue
        key = (augmentation_of(arm, base_augmentation), *sampling_weights)
        if key in first:
            identical[arm] = first[key]
        else:
            first[key] = arm
    return identical


def _sampling_weights(arm: Arm, sets: Sequence[ImageSet], samples: Sequence[Samples]) -> list[bytes]:
    """How often each training image is drawn in each repeat; nothing where an arm draws others too."""
    sampling_weights = []
    for train, own in zip(sets, samples, strict=True):
        data = arm_data(arm, train, own)
        if len(data.images) > len(train):
            return []
        sampling_weights.append(data.sampling_weights.tobytes())
    return sampling_weights
