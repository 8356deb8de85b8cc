"""How the training sets of repeats are drawn out of the prepared images, one function for each scheme."""

from collections import Counter
from collections.abc import Sequence
from typing import Literal

import numpy as np

from augment.core.errors import DataError
from augment.core.seeds import derive_seed
from augment.data.split.groups import check_sides, group_folds
from augment.data.split.labelled import LabelledSet
from augment.data.split.pool import FOLDS, SetType, check_repeats, draw_part, join, shortages
from augment.evaluation.experiment.protocol import Protocol, Replicate, Splits
from augment.evaluation.statistics.bootstrap import groups_per_class
from augment.params import Evaluate, Params

VetoMode = Literal["auto", "val", "rotate"]

FOLD_REPETITIONS = 5  # of the folds
MIN_VAL_GROUPS = 10  # groups of a class; with fewer val is rotated where `gate` is auto
MIN_TRAIN_IMAGES = 2  # images of a class that a repeat trains on


def veto_mode_for(pinned: bool, settings: Evaluate) -> VetoMode:
    """How val is used (`evaluate.gate`) in an experiment whose GANs start from a generator pinned by `train.base`, or
    do not.

    Such a generator may have seen every image of the delivered train, so each repeat keeps the delivered sides.
    Raises `DataError` where the settings ask for others.
    """
    if not pinned:
        return settings.gate
    if settings.protocol == "repeated" or settings.gate == "rotate":
        asked = "evaluate.protocol: repeated" if settings.protocol == "repeated" else "evaluate.gate: rotate"
        raise DataError(
            f"leak: train.base: {asked} lets repeats hold out images that the pinned generator may have been trained "
            "on. Empty that folder but for its README, or set `evaluate.protocol: holdout` and `evaluate.gate: val`."
        )
    return "val"


def repeat_seeds(seed: int, repeats: int) -> list[int]:
    """The first repeat is the delivered one; the others have seeds of their own."""
    return [seed, *(derive_seed(seed, "repeat", number) for number in range(1, repeats))]


def prepared_protocol(splits: Splits[SetType], pool: SetType, params: Params, pinned: bool) -> Protocol[SetType]:
    """The repeats of prepared images that params.yaml asks for; pool: what the split left over.

    pinned: the GANs start from a generator in `train.base`. Repeats of `holdout` rotate val where the veto mode is
    `auto` and a class has few val groups. Raises `DataError` with numbers where `repeated` can cut neither sets nor
    folds, and as `check_sides` and `veto_mode_for` do.
    """
    seed, repeats, veto_mode = params.seed, params.evaluate.repeats, veto_mode_for(pinned, params.evaluate)
    if params.evaluate.protocol == "holdout":
        rotate = len(splits.val) > 0 and (veto_mode == "rotate" or (veto_mode == "auto" and has_small_val(splits)))
        built = (rotated_val if rotate else paired_seeds)(splits, repeat_seeds(seed, params.evaluate.seeds))
    else:
        pool_counts = pool.counts()
        check_repeats(splits.train.counts(), splits.val.counts(), splits.test.counts(), pool_counts, repeats)
        short = shortages(_class_counts(splits.train, splits.val), pool_counts, repeats)
        built = repeated_folds(splits, seed) if short else disjoint_subsets(splits, pool, repeat_seeds(seed, repeats))
    for splits_once in built.unique_splits:
        check_sides(splits_once.sides())
    return built


def paired_seeds(splits: Splits[SetType], seeds: Sequence[int]) -> Protocol[SetType]:
    """Paired seeds on one split."""
    return Protocol("split", [Replicate(seed, splits) for seed in seeds], None, True)


def has_small_val(splits: Splits[LabelledSet]) -> bool:
    """Some class has so few val groups that they can hardly veto anything."""
    groups = [len(set(splits.val.of_class(label).groups.tolist())) for label in splits.train.classes]
    return min(groups) < MIN_VAL_GROUPS


def rotated_val(splits: Splits[SetType], seeds: Sequence[int]) -> Protocol[SetType]:
    """Paired seeds with one test; the first keeps the delivered train and val, the others hold out other groups as val.

    The parts are disjoint and about as large as the delivered val, until there are no groups left; then they are drawn
    anew.
    """
    images, want = join(splits.train, splits.val), splits.val.counts()
    class_counts, held_out_groups, replicates = images.counts(), splits.val.groups, [Replicate(seeds[0], splits)]
    for number, seed in enumerate(seeds[1:], start=1):
        free = ~np.isin(images.groups, held_out_groups)
        counts = images.take(free).counts()
        if any(counts.get(label, 0) < count for label, count in want.items()):
            held_out_groups, free, counts = held_out_groups[:0], np.ones(len(images), dtype=bool), class_counts
        leave = {label: max(0, MIN_TRAIN_IMAGES - class_counts[label] + counts[label]) for label in counts}
        drawn = draw_part(images.take(free), want, leave, seeds[0], f"rotation {number}")
        mask = np.isin(images.groups, images.groups[free][drawn])
        held_out_groups = np.union1d(held_out_groups, images.groups[mask])
        replicates.append(Replicate(seed, Splits(images.take(~mask), images.take(mask), splits.test)))
    return Protocol("rotated", replicates, None, True)


def disjoint_subsets(splits: Splits[SetType], pool: SetType, seeds: Sequence[int]) -> Protocol[SetType]:
    """The delivered training set, and as many disjoint ones of the pool as there are further seeds; one test set.

    Each has as many images of every class in train and in val as the delivered one, up to what whole groups add up
    to. Raises `DataError` when groups are so large that a class of a set gets too few.
    """
    root, left, replicates = seeds[0], pool, [Replicate(seeds[0], splits)]
    for number, seed in enumerate(seeds[1:], start=1):
        drawn = draw_part(left, _class_counts(splits.train, splits.val), {}, root, f"subset {number}")
        subset, left = left.take(drawn), left.take(~drawn)
        leave = dict.fromkeys(subset.classes, MIN_TRAIN_IMAGES)
        held_out = draw_part(subset, splits.val.counts(), leave, root, f"val {number}")
        train, val = subset.take(~held_out), subset.take(held_out)
        _check_size(splits, train, number, len(seeds))
        replicates.append(Replicate(seed, Splits(train, val, splits.test)))
    return Protocol("subsets", replicates, 0.0, True)


def repeated_folds(splits: Splits[SetType], seed: int) -> Protocol[SetType]:
    """Five times five folds of all images; each fold's other images give train, and val in the delivered share.

    Raises `DataError` for a class with fewer groups than folds, or one that a fold leaves too few images to train on.
    """
    images = join(splits.train, splits.val, splits.test)
    targets = images.targets(images.classes)
    groups_of_class = dict(zip(images.classes, groups_per_class(targets, images.groups).tolist(), strict=True))
    few = [f"class {label!r} has {groups}" for label, groups in groups_of_class.items() if groups < FOLDS]
    if few:
        raise DataError(
            f"evaluate.protocol repeated: {FOLDS} folds need at least {FOLDS} independent images or groups of every "
            f"class; {'; '.join(few)}. Add images, or set `evaluate.protocol: holdout`."
        )
    replicates: list[Replicate[SetType]] = []
    seeds = repeat_seeds(seed, FOLDS * FOLD_REPETITIONS)
    for repetition in range(FOLD_REPETITIONS):
        fold_seed = derive_seed(seed, "evaluate folds", repetition) % 2**32
        for inside, outside in group_folds(targets, images.groups, FOLDS, fold_seed):
            number = len(replicates)
            fold = _fold(splits, images.take(inside), images.take(outside), seed, number)
            replicates.append(Replicate(seeds[number], fold))
    ratio = float(np.mean([len(one.splits.test) / len(one.splits.train) for one in replicates]))
    return Protocol("folds", replicates, ratio, False)


def _fold(delivered: Splits[SetType], inside: SetType, test: SetType, seed: int, number: int) -> Splits[SetType]:
    """Cut val out of a fold's training images in each class's delivered share."""
    delivered_counts, val_counts = _class_counts(delivered.train, delivered.val), delivered.val.counts()
    counts = inside.counts()
    want = {label: round(counts[label] * val_counts.get(label, 0) / delivered_counts[label]) for label in counts}
    leave = {label: max(MIN_TRAIN_IMAGES, counts[label] - want[label]) for label in counts}
    mask = draw_part(inside, want, leave, seed, f"fold {number}")
    train = inside.take(~mask)
    few = [repr(label) for label in delivered.train.classes if train.counts().get(label, 0) < MIN_TRAIN_IMAGES]
    if few:
        raise DataError(
            f"evaluate.protocol repeated: one of the folds would leave fewer than {MIN_TRAIN_IMAGES} images of "
            f"{', '.join(few)} to train on, since few groups hold most of its images. Add images or make groups "
            "smaller, or set `evaluate.protocol: holdout`."
        )
    return Splits(train, inside.take(mask), test)


def _class_counts(train: LabelledSet, val: LabelledSet) -> Counter[str]:
    return Counter(train.counts()) + Counter(val.counts())


def _check_size(splits: Splits[LabelledSet], train: LabelledSet, number: int, repeats: int) -> None:
    """Groups cannot be divided, so a set may lack a few images, but never a tenth of a class."""
    counts = train.counts()
    few = [
        f"class {label!r}: {counts.get(label, 0)} of {count}"
        for label, count in splits.train.counts().items()
        if counts.get(label, 0) < max(MIN_TRAIN_IMAGES, 0.9 * count)
    ]
    if few:
        raise DataError(
            f"evaluate.protocol repeated: training set {number + 1} of {repeats} gets too few images of a class out of "
            f"whole groups of data/prepared/pool ({'; '.join(few)}). Lower evaluate.repeats or ingest.train_per_class, "
            "add images, or set `evaluate.protocol: holdout`."
        )
