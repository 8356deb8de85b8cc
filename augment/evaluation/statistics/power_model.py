"""What is expected of a comparison before it has run: how well classifiers will do, and how much they will disagree.

A classifier is right on an image where a normal variable, the sum of five independent parts, stays below a
threshold that its class sets (a probit model with crossed effects). How large the parts are was measured on
real runs (docs/validation.md); they hardly differ between sets. What does differ is how hard the classes are, and
that is guessed from the nearest neighbours within the training images.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier

from augment.data.imageset import ImageSet
from augment.evaluation.statistics.bootstrap import groups_per_class, one_pair
from augment.evaluation.statistics.power import Spread, smallest_gain
from augment.measure.features import pixels

Float = NDArray[np.float64]
Int = NDArray[np.int64]


@dataclass(frozen=True)
class Parts:
    """Shares of the variance: common to all classifiers, to those that augment or do not, of one arm, of one seed
    (all arms of a repeat share it); what is missing to 1 is chance. shift: standard deviation, in the same units, of
    each class's threshold between the seeds of an arm."""

    common: float
    kind: float
    arm: float
    seed: float
    shift: float


MEASURED = Parts(common=0.82, kind=0.09, arm=0.015, seed=0.04, shift=0.1)
PLAIN = ("none", "oversample")  # arms that show images as they are
STEP, SLOPE = 0.48, 0.76  # from a neighbour's recall to a classifier's, both as normal quantiles
_FOLDS = 5
_STRENGTH = 4  # a class's own recall counts as its images, the mean of all classes as this many
_LEAST = 0.02  # no class is expected to be all right or all wrong
_FARTHEST = 6.0  # a threshold moved so far leaves no class anything to gain
_GRID = np.linspace(-8, 8, 401)
_DENSITY = np.exp(-(_GRID**2) / 2) / np.exp(-(_GRID**2) / 2).sum()


def expectation(
    train: ImageSet,
    test: ImageSet,
    rivals: Sequence[str],
    seeds: int,
    ratio: float | None = None,
    augmented: bool = True,
) -> tuple[float | None, Int]:
    """The smallest gain that test will show (None: no gain at all), and its groups of each class, int (classes,).

    Only the labels and groups of test are looked at, and never its images. ratio, seeds, augmented: as in
    `expected_smallest_gain`; train and test are those of one repeat.
    """
    targets = test.targets(train.classes)
    groups = groups_per_class(targets, test.groups)
    recalls = expected_recalls(train)
    if recalls is None:
        return None, groups
    expected = recalls[np.unique(targets)]
    parts = exchangeable(MEASURED) if ratio == 0 else MEASURED  # one fixed test set speaks of its own images
    moved = one_pair(targets, test.groups)
    return expected_smallest_gain(expected, groups, rivals, seeds, moved, parts, ratio, augmented), groups


def expected_recalls(train: ImageSet) -> Float | None:
    """Recall that a classifier will about have on each class, float (classes,), from the training images alone.

    The recalls of a nearest neighbour, drawn to their mean, and moved to what trained classifiers had in the
    calibration. None where no fold can be cut.
    """
    recalls = neighbour_recalls(train)
    if recalls is None:
        return None
    counts = np.array([train.counts()[label] for label in train.classes])
    drawn = (recalls * counts + _STRENGTH * recalls.mean()) / (counts + _STRENGTH)
    moved: Float = ndtr(STEP + SLOPE * ndtri(drawn.clip(_LEAST, 1 - _LEAST)))
    return moved.clip(_LEAST, 1 - _LEAST)


def neighbour_recalls(train: ImageSet) -> Float | None:
    """Share of each class's images whose nearest neighbour has their label, float (classes,).

    The neighbour comes from the other four of five folds cut by group; distances are those of box-reduced pixels.
    """
    targets = train.targets(train.classes)
    folds = min(_FOLDS, len(np.unique(train.groups)), int(np.bincount(targets).max()))
    if folds < 2:
        return None
    cut = StratifiedGroupKFold(folds, shuffle=True, random_state=0)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        features = pixels(train.images)
        found = cross_val_predict(KNeighborsClassifier(1), features, targets, groups=train.groups, cv=cut)
    return np.bincount(targets, found == targets) / np.bincount(targets)


def expected_smallest_gain(
    recalls: Float,
    groups: NDArray[Any],
    rivals: Sequence[str],
    seeds: int,
    moved_by_one: float,
    parts: Parts = MEASURED,
    ratio: float | None = None,
    augmented: bool = True,
) -> float | None:
    """The smallest gain that `smallest_gain` will show if all rivals are equally good; None where none can be.

    recalls, groups: (classes,) of every class in test, as expected and counted; moved_by_one: what one group moves
    the figure by. The gain is planted by moving every class's threshold alike, so a class near 1 gains less.
    ratio: None for one split and paired seeds; for repeated training sets that of `corrected_t`, 0 for disjoint
    sets; seeds then counts the repeats, and groups those of one repeat. augmented: the candidate learns from augmented
    images, unlike `PLAIN` rivals.
    """
    quantiles = ndtri(recalls)

    def gain(step: float) -> float:
        return float((ndtr(quantiles + step) - recalls).mean())

    def missing(step: float) -> float:
        unlike = [augmented and rival in PLAIN for rival in rivals]
        spreads = [expected_spread(quantiles + step, quantiles, groups, plain, parts) for plain in unlike]
        if ratio is not None:
            spreads = [spread.between_training_sets() for spread in spreads]
        return smallest_gain(spreads, seeds, int(groups.sum()), moved_by_one, ratio) - gain(step)

    return gain(float(brentq(missing, 0.0, _FARTHEST, xtol=1e-3))) if missing(_FARTHEST) < 0 else None


def expected_spread(candidate: Float, rival: Float, groups: NDArray[Any], plain: bool, parts: Parts) -> Spread:
    """Spread of the mean recall's difference between a candidate and a rival.

    plain: the candidate learns from augmented images and the rival from images as they are; else both do alike.
    candidate, rival: (classes,) thresholds, the normal quantiles of their recalls; groups: (classes,) in test.
    """
    shared = parts.common + (0.0 if plain else parts.kind)
    itself = parts.common + parts.kind + parts.arm
    gain = ndtr(candidate) - ndtr(rival)
    once = ndtr(candidate) + ndtr(rival) - 2 * both_right(candidate, rival, shared + parts.seed) - gain**2
    lasting = both_right(candidate, candidate, itself) + both_right(rival, rival, itself)
    lasting -= 2 * both_right(candidate, rival, shared) + gain**2
    weights = 1 / (len(groups) ** 2 * groups)
    slopes = np.exp(-(candidate**2)) + np.exp(-(rival**2))
    return Spread(
        image=float((lasting * weights).sum()),
        chance=float(((once - lasting) * weights).sum()),
        seed=float(slopes.sum()) / (2 * np.pi) * parts.shift**2 / len(groups) ** 2,
    )


def exchangeable(parts: Parts) -> Parts:
    """The same without differences between arms that last: equal arms are equal on every image."""
    return replace(parts, common=parts.common + parts.kind + parts.arm, kind=0.0, arm=0.0)


def both_right(first: Float, second: Float, correlation: float) -> Float:
    """P(x < first and y < second) of standard normal x, y with this correlation in [0, 1); elementwise."""
    common, own = np.sqrt(correlation) * _GRID, np.sqrt(1 - correlation)
    both: Float = ndtr((first[..., None] - common) / own) * ndtr((second[..., None] - common) / own) @ _DENSITY
    return both
