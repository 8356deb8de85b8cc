"""What `generate` and `evaluate` could not begin with, for `augment check`: they say so after GANs have trained.

Checks against leaks: the delivered generators were trained on the training images, and on nothing else, and no
repeat starts from a generator that has seen what it holds out.

However little a GAN learned of test images, these find it; what samples themselves tell is for `nearness_rows` to find.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import cross_val_predict
from sklearn.neighbors import KNeighborsClassifier

from augment.core.errors import AugmentError, DataError
from augment.data.entries import Blocker, Entry
from augment.data.imageset import ImageSet
from augment.data.prepare import POOL, image_set
from augment.data.split.groups import group_folds
from augment.data.split.split import nearest
from augment.evaluation.experiment.external import read_external
from augment.evaluation.experiment.protocol import Splits, VetoMode, build_protocol
from augment.evaluation.experiment.settings import check_held_out, check_installed, check_primary
from augment.evaluation.statistics.bootstrap import groups_per_class, one_group_se
from augment.evaluation.statistics.power_model import (
    MEASURED_COMPONENTS,
    expected_recalls,
    expected_smallest_gain,
    without_arm_differences,
)
from augment.gan.generators import SHARED, GeneratorSet
from augment.gan.settings import has_pinned_start
from augment.measure.features import pixels
from augment.params import Evaluate, Params

NEIGHBOUR_FOLDS = 5


def evaluate_blockers(shape: tuple[int, int, int], images: Sequence[Entry], params: Params) -> list[Blocker]:
    """shape: (C, H, W) of the images, which have been split."""
    train, val, test, pool = (
        image_set([image for image in images if image.split == side], shape[0], shape[1:])
        for side in ("train", "val", "test", POOL)
    )
    chosen, classes = params.evaluate, train.classes
    normal, base, external = chosen.normal, Path(params.train.base), Path(chosen.external)
    blockers: list[Blocker] = []

    def require(question: Callable[[], object]) -> None:
        try:
            question()
        except AugmentError as error:
            blockers.extend(Blocker("params.yaml", "evaluate", line) for line in str(error).splitlines())

    repeats = [Splits(train, val, test)]

    def plan_repeats() -> None:
        seeds, veto_mode = chosen.seeds, chosen.gate
        repeats[:] = build_protocol(
            repeats[0], pool, chosen.protocol, seeds, chosen.repeats, params.seed, veto_mode
        ).unique_splits

    def check_filters() -> None:
        for splits in repeats:
            check_held_out(splits, params)

    def check_metric() -> None:
        for splits in repeats:
            check_primary(splits, chosen)

    require(plan_repeats)
    require(check_filters)
    if normal is not None and normal not in classes:
        message = f"evaluate.normal: there is no class {normal!r}; {nearest(normal, classes)}"
        blockers.append(Blocker("params.yaml", "unknown_class", message))
    else:
        require(check_metric)
    require(lambda: check_installed(chosen))
    if base.is_dir():  # DVC tells of folders that are not there
        require(lambda: veto_mode_for(has_pinned_start(params.train), chosen))
    if external.is_dir():
        require(lambda: read_external(external, params.ingest, classes, shape))
    return blockers


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


def check_trained_on(generators: GeneratorSet, train: ImageSet) -> None:
    """Raises `DataError` when a generator's manifest says that it was trained on other images than these.

    A generator whose manifest says nothing passes; the page tells of it.
    """
    expected = {label: train.of_class(label).fingerprint() for label in generators}
    recorded = {label: one.training for label, one in generators.items()}
    if generators.shared is not None:
        expected[SHARED], recorded[SHARED] = train.fingerprint(), generators.shared.training
    trained_on_others = [
        name
        for name, fingerprint in expected.items()
        if recorded[name].get("images_sha256", fingerprint) != fingerprint
    ]
    if trained_on_others:
        raise DataError(
            f"leak: models: the generators of {', '.join(map(repr, trained_on_others))} were trained on other images "
            f"than those in "
            "data/prepared/train (training.images_sha256 of their manifest.json), which may be test images. "
            "Remove the folder models and run `dvc repro`."
        )


def expected_power(
    train: ImageSet,
    test: ImageSet,
    rivals: Sequence[str],
    seeds: int,
    ratio: float | None = None,
    augmented: bool = True,
) -> tuple[float | None, NDArray[np.int64]]:
    """The smallest gain that test will show (None: no gain at all), and its groups of each class, int (classes,).

    Only the labels and groups of test are looked at, and never its images. ratio, seeds, augmented: as in
    `expected_smallest_gain`; train and test are those of one repeat. Without folds to cut no gain is expected.
    """
    targets, train_targets = test.targets(train.classes), train.targets(train.classes)
    groups, neighbour = groups_per_class(targets, test.groups), neighbour_recalls(train)
    if neighbour is None:
        return None, groups
    recalls = expected_recalls(neighbour, np.bincount(train_targets))[np.unique(targets)]
    # One fixed test set speaks of its own images.
    components = without_arm_differences(MEASURED_COMPONENTS) if ratio == 0 else MEASURED_COMPONENTS
    moved_by_group = one_group_se(targets, test.groups)
    gain = expected_smallest_gain(recalls, groups, rivals, seeds, moved_by_group, components, ratio, augmented)
    return gain, groups


def neighbour_recalls(train: ImageSet) -> NDArray[np.float64] | None:
    """Share of each class's images whose nearest neighbour has their label, float (classes,); None without folds.

    The neighbour comes from the other four of five folds cut by group; distances are those of box-reduced pixels.
    """
    targets = train.targets(train.classes)
    folds = min(NEIGHBOUR_FOLDS, len(np.unique(train.groups)), int(np.bincount(targets).max()))
    if folds < 2:
        return None
    cut = group_folds(targets, train.groups, folds, 0)
    predicted = cross_val_predict(KNeighborsClassifier(1), pixels(train.images), targets, cv=cut)
    return np.bincount(targets, predicted == targets) / np.bincount(targets)
