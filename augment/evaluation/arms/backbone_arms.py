"""The arms whose classifier looks through a backbone: what each draws, in rows of what was seen, and its scores."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment.core.engine import Engine, SharedArray
from augment.core.files import sha256_json
from augment.core.seeds import derive_seed
from augment.data.imageset import ImageSet, UInt8
from augment.evaluation.arms import seen as seen_images
from augment.evaluation.arms.draws import (
    Samples,
    arm_data,
    edits_alone,
    with_made_images,
    with_matched_images,
)
from augment.evaluation.arms.enlarged import MadeFrom, enlarged
from augment.evaluation.arms.finetune import Rows, finetuned_scores, fit_finetuned
from augment.evaluation.arms.probe import STRENGTHS, choose_strength, fit_probe, probe_scores, strength_choice
from augment.evaluation.arms.seen import Look, SeenImages, see_made
from augment.measure.backbone.backbone import load_backbone
from augment.measure.classifiers import adjusted_loss
from augment.measure.sampling import WeightedImages
from augment.params.arms import DELIVERED_ARM, MADE_PER_CLASS, ROW_OF, Arm, augmentation_of, family_of
from augment.project.sealed import read_sealed, write_sealed


@dataclass(frozen=True)
class BackboneFit:
    """One classifier: an arm on a training set with a seed.

    real, made: what it draws, the rows of seen real images and the images that are still to be looked at
    made_from: what these become at the judged size, None where that is the working size
    scored: rows of the images that it is asked about
    """

    arm: Arm
    base: Arm | None
    seed: int
    look: Look
    seen: SharedArray  # features for a probe, activations for fine-tuning
    rows: NDArray[np.int64]
    real: tuple[NDArray[np.int64], NDArray[np.float64]]  # targets and weights of the rows
    made: WeightedImages
    scored: NDArray[np.int64]
    classes: int
    images: int  # real training images
    strength: float
    made_from: MadeFrom | None = None
    first_half: "BackboneFit | None" = None  # what the first half of the steps draws


def strengths_of(trains: Sequence[ImageSet], seen: SeenImages, seeds: Sequence[int], engine: Engine) -> list[float]:
    """The penalty that folds within each training set find best for a probe; kept in the work store."""
    keys = [
        sha256_json([seen.key, train.fingerprint(), seed, STRENGTHS])[:32]
        for train, seed in zip(trains, seeds, strict=True)
    ]
    kept = {key: read_sealed(seen_images.STORE / f"{key}.strength", key) for key in keys}
    missing = [at for at, key in enumerate(keys) if kept[key] is None]
    choices = [strength_choice(trains[at], seen, seeds[at]) for at in missing]
    for at, strength in zip(missing, engine.gather(choose_strength, choices, "probe" if missing else ""), strict=True):
        content = kept[keys[at]] = repr(float(strength)).encode()
        write_sealed(seen_images.STORE / f"{keys[at]}.strength", keys[at], content)
    return [float(kept[key] or 0) for key in keys]


def backbone_fit(
    arm: Arm, base: Arm | None, train: ImageSet, samples: Samples, scored: NDArray[np.int64], seen: SeenImages,
    look: Look, strength: float, seed: int,
) -> BackboneFit:  # fmt: skip
    """What an arm with a seed learns from, and what it is asked about."""
    samples = samples if look.judged is None else edits_alone(samples)
    made_from = _made_from(arm, train, samples, look, seed)
    data = _data(arm, train, samples, made_from)
    array = seen.features if family_of(arm, base) == "probe" else seen.activations
    of_data = partial(rows_of, train=train, seen=seen, augmented=augmentation_of(arm, base) is not None)
    rows, real, made = of_data(data)
    known = (len(train.classes), len(train), strength, made_from)
    fit = BackboneFit(arm, base, seed, look, array, rows, real, made, scored, *known)
    if ROW_OF[arm].use != "first":
        return fit
    rows, real, made = of_data(with_made_images("only", train, samples.of_arm(arm)))
    return replace(fit, first_half=replace(fit, rows=rows, real=real, made=made))


def _made_from(arm: Arm, train: ImageSet, samples: Samples, look: Look, seed: int) -> MadeFrom | None:
    """Where an arm's made images come from; those that are delivered passed the filter."""
    source = "filtered" if arm == DELIVERED_ARM else ROW_OF[arm].source
    if look.judged is None or source is None:
        return None
    matched = ROW_OF[arm].matched or samples.matched
    origins, translated = samples.origins.get(source, {}), samples.translated.get(source, {})
    return MadeFrom(source, train, look.judged, origins, look.flips, seed, matched, translated)


def _data(arm: Arm, train: ImageSet, samples: Samples, made_from: MadeFrom | None) -> WeightedImages:
    """What an arm draws; at the judged size of a matched arm, treated images of classes without samples too."""
    if made_from is not None and ROW_OF[arm].matched:
        return with_matched_images(train, samples.of_arm(arm))
    return arm_data(arm, train, samples)


def rows_of(
    data: WeightedImages, train: ImageSet, seen: SeenImages, augmented: bool
) -> tuple[NDArray[np.int64], tuple[NDArray[np.int64], NDArray[np.float64]], WeightedImages]:
    """An arm's data, whose first images are the training images, in rows of what was seen; the made ones are left."""
    count = len(train)
    plain = seen.plain(train.images)
    rows, owners = seen.views(train.images) if augmented else (plain, np.arange(count))
    weights = data.sampling_weights[:count][owners] / np.bincount(owners, minlength=count)[owners]
    made = WeightedImages(data.images[count:], data.targets[count:], data.sampling_weights[count:])
    return rows, (data.targets[:count][owners], weights), first_of_each_class(made)


def first_of_each_class(made: WeightedImages) -> WeightedImages:
    """At most `MADE_PER_CLASS` of a class, which weigh as all of them did."""
    kept = np.zeros(len(made.images), dtype=bool)
    weights = made.sampling_weights.copy()
    for target in np.unique(made.targets):
        of_class = np.flatnonzero(made.targets == target)
        kept[of_class[:MADE_PER_CLASS]] = True
        weights[of_class] *= weights[of_class].sum() / max(weights[of_class[:MADE_PER_CLASS]].sum(), 1e-300)
    return WeightedImages(made.images[kept], made.targets[kept], weights[kept])


def run_backbone_fit(fit: BackboneFit) -> NDArray[np.float64]:
    """Train and score: class probabilities float64 (N, classes) of the images that it is asked about."""
    adjusted = None
    if ROW_OF[fit.arm].use == "adjusted":
        adjusted = np.bincount(fit.real[0], fit.real[1], fit.classes)
    asked, seed = fit.seen.array[fit.scored], derive_seed(fit.seed, "arm")
    if family_of(fit.arm, fit.base) == "finetune":
        network = load_backbone(fit.look.backbone)
        assert network.last is not None
        first_half = _drawn(fit.first_half) if fit.first_half else None
        loss = None if adjusted is None else adjusted_loss(adjusted)
        drawn, bf16 = _drawn(fit), network.trains_in_bf16
        trained = fit_finetuned(drawn, network.last, fit.classes, seed, loss, first_half, bf16)
        return finetuned_scores(trained, asked)
    targets, weights = _targets_and_weights(fit)
    features = np.concatenate([fit.seen.array[fit.rows], _made(fit)])
    model = fit_probe(features, targets, weights, fit.strength, fit.images)
    return probe_scores(model, asked, adjusted, fit.classes)


def _made(fit: BackboneFit) -> NDArray[Any]:
    """The made images, looked at: of the kind that `seen` holds."""
    parts = [fit.seen.array[:0]]
    augmented = augmentation_of(fit.arm, fit.base) is not None
    for number, images in enumerate(_shown(fit)):
        seed = derive_seed(fit.seed, "made", fit.arm, *([number] if number else []))
        features, activations = see_made(images, fit.look, seed, augmented)
        parts.append(features if fit.seen.array.dtype == features.dtype else activations)
    return np.concatenate(parts)


def _targets_and_weights(fit: BackboneFit) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Of all rows that it learns from, real ones first."""
    targets, weights = zip(fit.real, (fit.made.targets, fit.made.sampling_weights), strict=True)
    return np.concatenate(targets), np.concatenate(weights)


def _shown(fit: BackboneFit) -> Iterable[UInt8]:
    """The made images as the backbone is shown them, in parts."""
    if not len(fit.made.images):
        return ()
    return [fit.made.images] if fit.made_from is None else enlarged(fit.made, fit.made_from)


def _drawn(fit: BackboneFit) -> Rows:
    return Rows(fit.seen.array, fit.rows, _made(fit), *_targets_and_weights(fit))
