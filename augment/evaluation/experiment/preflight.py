"""Before an experiment: what would stop it, and what it can show, asked before anything is trained.

Checks against leaks are among it: the delivered generators were trained on the training images, and on nothing else,
and no repeat starts from a generator that has seen what it holds out. However little a GAN learned of test images,
these find it; what samples themselves tell is for `nearness_rows` to find.
"""

import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import cross_val_predict
from sklearn.neighbors import KNeighborsClassifier

from augment.core.errors import AugmentError, DataError, ParamsError
from augment.data.decoding.depth import scale_of
from augment.data.entries import Blocker, Entry
from augment.data.imageset import ImageSet
from augment.data.prepare import POOL, image_set
from augment.data.split.groups import group_folds
from augment.data.split.labelled import LabelledSet
from augment.data.split.pool import SetType
from augment.data.split.split import nearest
from augment.evaluation.experiment.external import check_apart, read_external
from augment.evaluation.experiment.protocol import Protocol, Splits, check_primary, primary_metric
from augment.evaluation.experiment.settings import ExperimentSettings, arms_for, seen_size_of
from augment.evaluation.experiment.training_sets import prepared_protocol, veto_mode_for
from augment.evaluation.statistics.bootstrap import groups_per_class, one_group_se
from augment.evaluation.statistics.power_model import (
    MEASURED_COMPONENTS,
    expected_recalls,
    expected_smallest_gain,
    without_arm_differences,
)
from augment.gan.bundle_files import SHARED
from augment.gan.generators import GeneratorSet
from augment.gan.settings import has_pinned_start
from augment.measure.backbone.backbone import check_backbone
from augment.measure.backbone.lite0 import require_weights
from augment.measure.features import pixels
from augment.measure.metrics import Features
from augment.params import Evaluate, Params
from augment.params.arms import BACKBONE_ARMS, ROW_OF, Arm, arm_kinds, augmentation_of
from augment.synthesis.filter import fold_positions

NEIGHBOUR_FOLDS = 5


def experiment_blockers(shape: tuple[int, int, int], images: Sequence[Entry], params: Params) -> list[Blocker]:
    """shape: (C, H, W) of the images, which have been split."""
    train, val, test, pool = (
        image_set([image for image in images if image.split == side], shape) for side in ("train", "val", "test", POOL)
    )
    chosen, classes = params.evaluate, train.classes
    metric, base, external = primary_metric(params), Path(params.train.base), Path(chosen.external)
    blockers: list[Blocker] = []

    def require(question: Callable[[], object]) -> None:
        blockers.extend(blockers_of(question))

    repeats = [Splits(train, val, test)]

    def plan_repeats() -> None:
        repeats[:] = prepared_protocol(repeats[0], pool, params, pinned=False).unique_splits

    require(plan_repeats)
    require(lambda: list(map(partial(check_held_out, params=params), repeats)))
    if chosen.normal is not None and chosen.normal not in classes:
        blockers.append(unknown_normal(chosen.normal, classes))
    else:
        require(lambda: list(map(partial(check_primary, metric=metric), repeats)))
    require(lambda: check_arms(chosen, (shape[0], *seen_size_of(images, shape[1:], params))))
    if base.is_dir():  # DVC tells of folders that are not there
        require(lambda: veto_mode_for(has_pinned_start(params.train), chosen))
    if external.is_dir():
        scale = partial(scale_of, [entry.deep for entry in images])
        require(lambda: read_external(external, params.ingest, classes, shape, scale))
    return blockers


def blockers_of(question: Callable[[], object]) -> list[Blocker]:
    """What stops a run where this raises `AugmentError`, each line in the words of a blocker; nothing else."""
    try:
        question()
    except AugmentError as error:
        lines = (line.removeprefix("params.yaml: ").removeprefix("evaluate: ") for line in str(error).splitlines())
        return [Blocker("params.yaml", "evaluate", line) for line in lines]
    return []


def unknown_normal(normal: str, classes: list[str]) -> Blocker:
    return Blocker("params.yaml", "unknown_class", _no_such_class(normal, classes))


def check_experiment(
    protocol: Protocol, external: ImageSet | None, params: Params, shape: tuple[int, int, int]
) -> None:
    """Stop before anything is trained; shape: (C, H, W) of what backbones are shown. Raises `DataError` and
    `ParamsError` as the checks of its parts do."""
    if external is not None:
        check_apart(external, [side for splits in protocol.unique_splits for side in (splits.train, splits.val)])
    normal, classes = params.evaluate.normal, protocol.first_splits.train.classes
    if normal is not None and normal not in classes:
        raise ParamsError(f"params.yaml: {_no_such_class(normal, classes)}")
    for splits in protocol.unique_splits:
        check_primary(splits, primary_metric(params))
        check_held_out(splits, params)
    check_arms(params.evaluate, shape)


def _no_such_class(normal: str, classes: list[str]) -> str:
    return f"evaluate.normal: there is no class {normal!r}; {nearest(normal, classes)}"


def check_held_out(splits: Splits, params: Params) -> None:
    """Stop before anything is trained when the class filter could hold nothing out of these training images."""
    fold_positions(splits.train.targets(splits.train.classes), splits.train.groups, params.generate.folds, params.seed)


def check_arms(chosen: Evaluate, shape: tuple[int, ...]) -> None:
    """Stop before anything is trained when an arm or a classifier cannot run on images (C, H, W), or is not installed.

    Raises `ParamsError`.
    """
    channels, height, width = shape
    arms = arms_for(chosen, height, width)
    smote = [arm for arm in arms if ROW_OF[arm].source == "smote"]
    if smote and importlib.util.find_spec("imblearn") is None:
        raise ParamsError(
            f"params.yaml: evaluate.arms: {', '.join(smote)} need imbalanced-learn: "
            "pip install 'gan-augment[imblearn]', or leave them out"
        )
    if not {*BACKBONE_ARMS}.isdisjoint(arms):
        check_backbone(chosen.backbone, (channels, height, width))
    if chosen.second_classifier == "imagenet":
        require_weights("params.yaml: evaluate.second_classifier: imagenet")


def check_trained_on(generators: GeneratorSet, train: ImageSet) -> None:
    """Raises `DataError` when a generator's manifest says that it was trained on other images than these.

    A generator whose manifest says nothing passes; the page tells of it.
    """
    expected = {label: train.of_class(label).fingerprint() for label in generators}
    recorded = {label: one.training for label, one in generators.items()}
    if generators.shared is not None:
        expected[SHARED], recorded[SHARED] = train.fingerprint(), generators.shared.training
    others = [name for name, own in expected.items() if recorded[name].get("images_sha256", own) != own]
    if others:
        raise DataError(
            f"leak: models: the generators of {', '.join(map(repr, others))} were trained on other images than those "
            "in data/prepared/train (training.images_sha256 of their manifest.json), which may be test images. "
            "Move the folder models away and run `dvc repro`."
        )


@dataclass(frozen=True)
class GainModel:
    """What the smallest gain that test will show rests on.

    recalls: (classes,) of every class in test, as expected; None without folds to cut. groups: int (classes,) in the
    test of one repeat; one_group_se: what one of them moves the figure by. rivals, seeds, ratio, augmented, base: as
    in `expected_smallest_gain`.
    """

    recalls: NDArray[np.float64] | None
    groups: NDArray[np.int64]
    one_group_se: float
    rivals: tuple[Arm, ...]
    seeds: int
    ratio: float | None
    augmented: bool
    base: Arm | None = "classical"

    def smallest(self, growth: float = 1) -> float | None:
        """The smallest gain with so many times as many test images; None: no gain at all."""
        if self.recalls is None:
            return None
        # One fixed test set speaks of its own images.
        components = without_arm_differences(MEASURED_COMPONENTS) if self.ratio == 0 else MEASURED_COMPONENTS
        return expected_smallest_gain(
            self.recalls, self.groups * growth, self.rivals, self.seeds, self.one_group_se / growth, components,
            self.ratio, self.augmented, self.base,
        )  # fmt: skip

    def tested_on(self, targets: NDArray[np.int64], groups: NDArray[np.str_]) -> "GainModel":
        """The same with these test images, of the same classes."""
        return replace(self, groups=groups_per_class(targets, groups), one_group_se=one_group_se(targets, groups))


def gain_model(protocol: Protocol, settings: ExperimentSettings, params: Params) -> GainModel:
    """Of the repeats of an experiment, before it has run."""
    first, rivals = protocol.first_splits, _rivals(settings.arms, params)
    augmented = settings.base is not None and augmentation_of(settings.base, None) is not None
    model = power_of(first.train, judged_images(first, params), rivals, len(protocol.seeds), protocol.ratio, augmented)
    return replace(model, base=settings.base)


def _rivals(arms: Sequence[Arm], params: Params) -> list[Arm]:
    return [arm for arm, kind in arm_kinds(arms, params.evaluate.classifier).items() if kind in ("real", "control")]


def judged_images(splits: Splits[SetType], params: Params) -> SetType:
    """The test images that the primary metric is of."""
    normal = primary_metric(params).normal
    return splits.test if normal is None else splits.test.take(splits.test.labels != normal)


def power_of(
    train: LabelledSet, test: LabelledSet, rivals: Sequence[Arm], seeds: int, ratio: float | None, augmented: bool,
    features: Features | None = None,
) -> GainModel:  # fmt: skip
    """Only the labels and groups of test are looked at, and never its images; train and test are those of one
    repeat. features: of train, as `neighbour_recalls` takes them."""
    targets, neighbour = test.targets(train.classes), neighbour_recalls(train, features)
    recalls = None
    if neighbour is not None:
        recalls = expected_recalls(neighbour, np.bincount(train.targets(train.classes)))[np.unique(targets)]
    unset = GainModel(recalls, np.zeros(0, np.int64), 0.0, tuple(rivals), seeds, ratio, augmented)
    return unset.tested_on(targets, test.groups)


def expected_gain(
    protocol: Protocol, settings: ExperimentSettings, params: Params
) -> tuple[float | None, NDArray[np.int64]]:
    """The smallest gain that test is expected to show, None for none, and the groups of each class in it."""
    model = gain_model(protocol, settings, params)
    return model.smallest(), model.groups


def neighbour_recalls(train: LabelledSet, features: Features | None = None) -> NDArray[np.float64] | None:
    """Share of each class's images whose nearest neighbour has their label, float (classes,); None without folds.

    The neighbour comes from the other four of five folds cut by group; distances are those of `features` (N, D), None
    for box-reduced pixels of images.
    """
    targets = train.targets(train.classes)
    folds = min(NEIGHBOUR_FOLDS, len(np.unique(train.groups)), int(np.bincount(targets).max()))
    if folds < 2:
        return None
    cut = group_folds(targets, train.groups, folds, 0)
    if features is None:
        assert isinstance(train, ImageSet)
        features = pixels(train.images)
    predicted = cross_val_predict(KNeighborsClassifier(1), features, targets, cv=cut)
    return np.bincount(targets, predicted == targets) / np.bincount(targets)
