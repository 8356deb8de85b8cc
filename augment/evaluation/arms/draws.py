"""What an arm draws: a weighted image set, by its row in the table of arms (augment/params/arms.py).

What is delivered to train on comes from here too: the one function behind data/augmented and behind the arm that
tests it.
"""

from collections.abc import Mapping, Sequence, Sized
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from augment.data.imageset import ImageSet
from augment.data.split.labelled import minority_classes
from augment.measure.sampling import WeightedImages, class_balanced, uniform
from augment.params.arm_row import Source, Use
from augment.params.arms import DELIVERED_ARM, ROW_OF, Arm, augmentation_of, family_of
from augment.synthesis.transplant.carrying import Translated

Images = NDArray[np.uint8]
Origins = Mapping[Source, Mapping[str, NDArray[np.int64]]]
Translations = Mapping[Source, Mapping[str, Translated]]
SYNTHETIC_SHARE = 0.5  # of what an arm of use `half` draws of a minority class
WEIGHT_DECIMALS = 6  # of a weight, as written


@dataclass(frozen=True)
class Samples:
    """Made images of one repeat: source -> label -> uint8 (n, C, H, W).

    origins: of a GAN's images, in the same form: which training image of the class each varies, -1 for none; int64 (n,)
    translated: of classes whose defects are carried onto other images, in the same form: how each is made
    delivered: all images of the arm that trains on what is delivered; matched: classes without samples have their own
    images among the made ones of these
    An arm whose images are not given draws real ones in their place.
    """

    made: Mapping[Source, Mapping[str, Images]] = field(default_factory=dict)
    delivered: WeightedImages | None = None
    origins: Origins = field(default_factory=dict)
    translated: Translations = field(default_factory=dict)
    matched: bool = False

    def of_arm(self, arm: Arm) -> Mapping[str, Images]:
        """The made images that an arm draws from, by label; none where it draws none."""
        source = ROW_OF[arm].source
        return self.made.get(source, {}) if source else {}


def edits_alone(samples: Samples) -> Samples:
    """Without the GANs' samples that vary no training image, in classes that have others: at the size of originals
    these are blurred, and teach less than real images alone (benchmarks/LOG.md)."""
    made, origins = dict(samples.made), dict(samples.origins)
    for source in samples.made.keys() & samples.origins.keys():
        of_label = samples.origins[source]
        kept = {label: origin >= 0 if (origin >= 0).any() else origin < 0 for label, origin in of_label.items()}
        made[source] = {label: samples.made[source][label][rows] for label, rows in kept.items()}
        origins[source] = {label: of_label[label][rows] for label, rows in kept.items()}
    return replace(samples, made=made, origins=origins)


def arm_data(arm: Arm, train: ImageSet, samples: Samples) -> WeightedImages:
    """What an arm draws from, and how often; `balanced_weights` puts the sampling weights into the loss instead."""
    use = ROW_OF[arm].use
    if use == "delivered" and samples.delivered is not None:
        return samples.delivered
    if use in ("uniform", "adjusted"):
        return uniform(train.images, train.targets(train.classes))
    return with_made_images(use, train, samples.of_arm(arm))


def samples_of_arm(arm: Arm, samples: Samples, per_class: int | None = None) -> Samples:
    """What an arm draws, at most `per_class` of a class, and nothing else, since it travels to another process."""
    source = ROW_OF[arm].source
    images = {label: images_of_label[:per_class] for label, images_of_label in samples.of_arm(arm).items()}
    return Samples({source: images} if source else {}, samples.delivered if arm == DELIVERED_ARM else None)


def with_made_images(use: Use, train: ImageSet, made: Mapping[str, Images]) -> WeightedImages:
    """Classes balanced, and of each the share that the use gives to made images, uint8 (n, C, H, W) by label.

    Real images and made ones are each drawn equally often within their class. A class without made images keeps its
    real ones; where those of `fill` run short each is drawn more often, so that the classes stay equal.
    """
    real, counts = class_balanced(train.images, train.targets(train.classes)), train.counts()
    shares_of_use: Mapping[Use, Mapping[str, float]] = {
        "fill": {label: 1 - count / max(counts.values()) for label, count in counts.items()},
        "half": dict.fromkeys(minority_classes(counts), SYNTHETIC_SHARE),
        "only": dict.fromkeys(counts, 1.0),
    }
    shares = shares_of_use.get(use)
    return with_synthetic_shares(real, train.classes, made, shares) if shares else real


def with_matched_images(train: ImageSet, samples: Mapping[str, Images]) -> WeightedImages:
    """Half of what every class draws is samples or, where a class gets none, its own images, to be changed as samples
    of other classes are: else a classifier learns that whatever is changed is of these classes.

    Classes are balanced; samples: of the minority classes, uint8 (n, C, H, W) by label.
    """
    counts = train.counts()
    sampled = {label: samples[label] for label in sampled_classes(counts, samples)}
    own = {label: train.of_class(label).images for label in train.classes if label not in sampled}
    real = class_balanced(train.images, train.targets(train.classes))
    if not sampled:
        return real
    return with_synthetic_shares(real, train.classes, sampled | own, dict.fromkeys(counts, SYNTHETIC_SHARE))


def sampled_classes(counts: Mapping[str, int], samples: Mapping[str, Sized]) -> list[str]:
    """The minority classes that have samples."""
    return [label for label in minority_classes(counts) if len(samples.get(label, ()))]


def is_matched(arm: Arm, base: Arm | None, larger: bool) -> bool:
    """Whether an arm draws as `with_matched_images` says; larger: backbones see images larger than GANs work at."""
    return larger and ROW_OF[arm].matched and family_of(arm, base) != "scratch"


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


def delivered_images(
    arm: Arm, train: ImageSet, kept: Mapping[str, Images], matched: bool = False
) -> tuple[WeightedImages, NDArray[np.float64]]:
    """What an arm leaves in files, as a plain weighted sampler draws it, and its weights in manifest.csv: float64
    (N,), rounded, 1 on average.

    The training images come first, in their order, then the synthetic ones, class by class. kept: label -> uint8
    (n, C, H, W), the samples that passed the filter; matched: as `with_matched_images` has it. Files cannot hold
    everything an arm does: augmentation stays behind, and so do images that only the evaluation makes (SMOTE, blends).
    """
    data = (
        with_matched_images(train, kept) if matched else arm_data(arm, train, Samples({"raw": kept, "filtered": kept}))
    )
    weights = (data.sampling_weights * len(data.sampling_weights)).round(WEIGHT_DECIMALS)
    return replace(data, sampling_weights=weights / weights.sum()), weights


def identical_arms(
    arms: Sequence[Arm], sets: Sequence[ImageSet], samples: Sequence[Samples], base: Arm | None
) -> dict[Arm, Arm]:
    """Each arm that comes to the same as an earlier one in every repeat, and that one.

    Where classes are equally large nothing is left to balance or to fill up. Such an arm draws the very images of
    another, equally often and augmented alike, with the same seeds: its classifiers would be the same to the last bit,
    and are not trained again. sets, samples: the training and the made images of each repeat; base: the arm that others
    build on.
    """
    first: dict[tuple[object, ...], Arm] = {}
    identical: dict[Arm, Arm] = {}
    for arm in arms:
        sampling_weights = _sampling_weights(arm, sets, samples) if ROW_OF[arm].trains_plainly else []
        if sampling_weights:
            earlier = first.setdefault((family_of(arm, base), augmentation_of(arm, base), *sampling_weights), arm)
            if earlier != arm:
                identical[arm] = earlier
    return identical


def _sampling_weights(arm: Arm, sets: Sequence[ImageSet], samples: Sequence[Samples]) -> list[bytes]:
    """How often each training image is drawn in each repeat; nothing where an arm draws others too."""
    sampling_weights = []
    for train, made in zip(sets, samples, strict=True):
        data = arm_data(arm, train, made)
        if len(data.images) > len(train):
            return []
        sampling_weights.append(data.sampling_weights.tobytes())
    return sampling_weights
