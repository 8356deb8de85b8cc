"""The family `probe`: multinomial logistic regression on what a frozen backbone sees.

How strongly it is penalised is found by folds of groups within the training images, of real images alone: GAN images
have seen all of them, so folds would favour them. Every arm of a training set has that strength.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment.core.engine import SharedArray
from augment.core.seeds import derive_seed
from augment.data.imageset import ImageSet
from augment.data.split.groups import group_folds
from augment.evaluation.arms.seen import Rows, SeenImages
from augment.measure.logistic import LogisticModel, fit_logistic, logistic_probabilities
from augment.measure.sampling import class_balanced

STRENGTHS = (3e-4, 1e-3, 3e-3, 1e-2, 3e-2)  # scikit-learn's C, all rows together weighing as the real images
FOLDS = 3
VIEWS_OF_FOLDS = 4  # of each image: enough to choose by
Features = NDArray[np.float32]


@dataclass(frozen=True)
class StrengthChoice:
    """features: all that was seen; rows and owners: views of training images; plain: these as they are."""

    features: SharedArray
    rows: Rows
    owners: Rows
    plain: Rows
    targets: NDArray[np.int64]
    groups: NDArray[np.str_]
    seed: int


def strength_choice(train: ImageSet, seen: SeenImages, seed: int) -> StrengthChoice:
    """What `choose_strength` needs of a training set: the first views of each image."""
    rows, owners = seen.views(train.images)
    first = np.concatenate([np.arange(count) for count in np.bincount(owners, minlength=len(train))]) < VIEWS_OF_FOLDS
    return StrengthChoice(
        seen.features, rows[first], owners[first], seen.plain(train.images), train.targets(train.classes), train.groups,
        derive_seed(seed, "strength"),
    )  # fmt: skip


def choose_strength(choice: StrengthChoice) -> float:
    """The strength with the lowest class-balanced log loss on the held-out images as they are; the middle one where
    groups or classes are too few for folds."""
    features, targets = choice.features.array, choice.targets
    folds = min(FOLDS, len(np.unique(choice.groups)), int(np.bincount(targets).max()))
    if folds < 2:
        return STRENGTHS[len(STRENGTHS) // 2]
    losses = np.zeros((len(STRENGTHS), len(targets)))
    for inside, outside in group_folds(targets, choice.groups, folds, choice.seed % 2**32):
        kept = np.isin(choice.owners, inside)
        rows, owners = choice.rows[kept], choice.owners[kept]
        weights = balanced_weights(targets[owners], len(inside))
        for number, strength in enumerate(STRENGTHS):
            model = fit_logistic(features[rows], targets[owners], weights, strength)
            scores = logistic_probabilities(model, features[choice.plain[outside]], int(targets.max()) + 1)
            losses[number, outside] = -np.log(scores[np.arange(len(outside)), targets[outside]].clip(1e-6))
    return STRENGTHS[int((losses * balanced_weights(targets, 1)).sum(axis=1).argmin())]


def balanced_weights(targets: NDArray[np.int64], total: float) -> NDArray[np.float64]:
    """Weights (N,) that sum to `total`, classes weighing alike."""
    return class_balanced(np.empty((0, 1, 1, 1), np.uint8), targets).sampling_weights * total


def fit_probe(
    features: Features, targets: NDArray[np.int64], weights: NDArray[np.float64], strength: float, images: int
) -> LogisticModel:
    """features, targets, weights: of all rows that it learns from; images: real ones, of however many rows."""
    return fit_logistic(features, targets, weights * images / weights.sum(), strength)


def probe_scores(
    model: LogisticModel, features: Features, frequencies: NDArray[Any] | None, classes: int
) -> NDArray[np.float64]:
    """Class probabilities float64 (N, classes).

    frequencies: (classes,) to divide them by, for a probe that learned from classes as frequent as they are (Menon et
    al. 2021, equation 9, with tau 1); None: as they are.
    """
    scores = logistic_probabilities(model, features, classes)
    if frequencies is None:
        return scores
    corrected = scores / frequencies
    return np.asarray(corrected / corrected.sum(axis=1, keepdims=True))
