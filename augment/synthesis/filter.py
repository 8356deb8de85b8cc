"""The class filter: do classifiers of the real images take a sample for its class, as surely as unseen real ones?

The training set is cut into folds by group, and one classifier is trained without each. The threshold of a class is
the score that the wanted share of its real images reaches, each by the classifier that has not seen it; a sample's
score is the mean of all classifiers, none of which has seen it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augment.core.engine import Engine
from augment.core.errors import DataError
from augment.core.seeds import derive_seed
from augment.data.imageset import ImageSet
from augment.data.split.groups import group_folds
from augment.measure.augmentations import classical_augmentation
from augment.measure.classifiers import FitSettings, SmallCnn, fit_classifier, probabilities, weighted_batches
from augment.measure.sampling import class_balanced
from augment.params import Params

Positions = NDArray[np.int64]


@dataclass(frozen=True)
class FilterSettings:
    """How the filter is trained and how much it lets pass."""

    folds: int
    accept: float  # share of held-out real images of a class that pass
    fit: FitSettings
    batch_size: int
    flips: str


def filter_settings(params: Params) -> FilterSettings:
    """The filter's classifiers learn as the evaluation's do, for fewer steps."""
    return FilterSettings(
        params.generate.folds,
        params.generate.accept,
        FitSettings(params.generate.filter_steps, params.evaluate.learning_rate),
        params.evaluate.batch_size,
        params.ingest.flips,
    )


@dataclass(frozen=True)
class ClassFilter:
    """Classifiers of all folds, and a threshold per class (0 where no image could be held out)."""

    networks: list[SmallCnn]
    thresholds: NDArray[np.float64]  # (classes,)

    def scores(self, images: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Mean probability over the folds, float64 (N, classes)."""
        mean: NDArray[np.float64] = np.mean([probabilities(network, images) for network in self.networks], axis=0)
        return mean


@dataclass(frozen=True)
class _Fold:
    train: ImageSet
    held_out: ImageSet
    classes: list[str]
    settings: FilterSettings
    seed: int


def fit_filters(
    sets: Sequence[ImageSet], settings: FilterSettings, seeds: Sequence[int], engine: Engine, name: str = "class filter"
) -> list[ClassFilter]:
    """One filter for each seed, from its training images alone; `sets` follows `seeds`.

    name: what progress is shown under. Raises `DataError` when all images are of one group, or no class has two.
    """
    folds_of_sets = [_folds(train, settings, seed) for train, seed in zip(sets, seeds, strict=True)]
    fitted = iter(engine.gather(_fit_fold, [fold for folds in folds_of_sets for fold in folds], name))
    return [_join_folds([next(fitted) for _ in folds], folds, settings.accept) for folds in folds_of_sets]


def _folds(train: ImageSet, settings: FilterSettings, seed: int) -> list[_Fold]:
    positions = fold_positions(train.targets(train.classes), train.groups, settings.folds, seed)
    return [
        _Fold(train.take(inside), train.take(outside), train.classes, settings, derive_seed(seed, "filter", number))
        for number, (inside, outside) in enumerate(positions)
    ]


def fold_positions(
    targets: Positions, groups: NDArray[np.str_], folds: int, seed: int
) -> list[tuple[Positions, Positions]]:
    """Positions inside and outside of each fold; fewer folds than wanted where groups or classes are few.

    Raises `DataError` as `fit_filters` does.
    """
    max_folds = min(len(np.unique(groups)), int(np.bincount(targets).max()))
    if max_folds < 2:
        raise DataError(
            f"the class filter holds out a part of the training images, but there are only {len(np.unique(groups))} "
            f"groups and at most {np.bincount(targets).max()} images of a class; at least 2 of each are needed. "
            "Add images, make groups smaller (ingest.group_pattern, meta.csv), or lower ingest.test_fraction or "
            "ingest.val_fraction."
        )
    return group_folds(targets, groups, min(folds, max_folds), derive_seed(seed, "folds") % 2**32)


def _fit_fold(fold: _Fold) -> tuple[SmallCnn, NDArray[np.float64]]:
    """The fold's classifier, and its probability of the own class for each held-out image."""
    data = class_balanced(fold.train.images, fold.train.targets(fold.classes))
    settings = fold.settings
    _, channels, height, width = fold.train.images.shape
    network = fit_classifier(
        weighted_batches(data, settings.batch_size),
        (channels, height, width),
        len(fold.classes),
        settings.fit,
        classical_augmentation(settings.flips),
        fold.seed,
    )
    targets = fold.held_out.targets(fold.classes)
    return network, probabilities(network, fold.held_out.images)[np.arange(len(targets)), targets]


def _join_folds(fitted: list[tuple[SmallCnn, NDArray[np.float64]]], folds: list[_Fold], accept: float) -> ClassFilter:
    classes = folds[0].classes
    scores_of_own_class = np.concatenate([scores for _, scores in fitted])
    targets = np.concatenate([fold.held_out.targets(classes) for fold in folds])
    thresholds = np.zeros(len(classes))
    for index in range(len(classes)):
        scores_of_class = scores_of_own_class[targets == index]
        if len(scores_of_class):
            # "lower": the threshold is a score that was seen, so at least this share passes.
            thresholds[index] = np.quantile(scores_of_class, 1 - accept, method="lower")
    return ClassFilter([network for network, _ in fitted], thresholds)
