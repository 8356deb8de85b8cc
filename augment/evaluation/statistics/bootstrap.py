"""Bootstrap of one fixed test set: its groups are drawn again, within their class."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Int = NDArray[np.int64]

MIN_CLASS_GROUPS = 5  # below this many groups a class cannot show its own spread


@dataclass(frozen=True)
class Resamples:
    """Draws of one test set, shared by all arms and seeds. A score of a draw is `scores @ draws.T`.

    weights: (N,) weights that make a mean over images balanced accuracy: 1 / (classes * class size)
    draws: (B, N) the same after resampling; every row sums to 1
    groups: number of independent units; one_group_se: as of `one_group_se`
    """

    weights: Float
    draws: Float
    one_group_se: float
    groups: int


def balanced_weights(targets: Int) -> Float:
    """Weights float (N,) that sum to 1, each class holding an equal share."""
    classes, position, counts = np.unique(targets, return_inverse=True, return_counts=True)
    return np.asarray(1.0 / (len(classes) * counts[position]))


def balanced_accuracy(correct: NDArray[Any], targets: Int) -> Float:
    """Mean of the recalls of the classes present: (..., N) right or wrong -> (...)."""
    return np.asarray(correct @ balanced_weights(targets))


def resample(targets: Int, groups: NDArray[Any], draws: int, rng: np.random.Generator) -> Resamples:
    """Bootstrap the groups of a test set, stratified by class.

    targets: int (N,); groups: (N,), images of one group are drawn together. A group belongs to the stratum of its most
    frequent class (ties: the lowest). Of n groups in a stratum n - 1 are drawn with replacement, which makes the
    variance of a mean unbiased (Rao & Wu 1988). Classes with fewer than 5 groups form one stratum together, since a
    class with one image would otherwise seem to have no spread: there a class can be absent from a draw, but the
    stratum never is. Draws are reweighted so that each stratum keeps its share of the classes.
    """
    weights = balanced_weights(targets)
    _, position = np.unique(targets, return_inverse=True)
    counts = _group_class_counts(position, groups)
    stratum = _strata(np.bincount(counts.argmax(axis=1), minlength=counts.shape[1]))
    stratum_of_image, stratum_of_group = stratum[position], stratum[counts.argmax(axis=1)]
    times = _multiplicities(stratum_of_group, draws, rng)
    weights_drawn = times[:, np.unique(groups, return_inverse=True)[1]] * weights
    for which in np.unique(stratum_of_image):
        columns = stratum_of_image == which
        weights_drawn[:, columns] *= weights[columns].sum() / weights_drawn[:, columns].sum(axis=1, keepdims=True)
    return Resamples(weights, weights_drawn, one_group_se(targets, groups), len(counts))


def groups_per_class(targets: Int, groups: NDArray[Any]) -> Int:
    """Independent groups of each class present, int (classes,), in sorted order of the classes."""
    return np.asarray((_group_class_counts(np.unique(targets, return_inverse=True)[1], groups) > 0).sum(axis=0))


def small_classes(targets: Int, groups: NDArray[Any]) -> int:
    """Classes with fewer than `MIN_CLASS_GROUPS` groups."""
    return int((groups_per_class(targets, groups) < MIN_CLASS_GROUPS).sum())


def one_group_se(targets: Int, groups: NDArray[Any]) -> float:
    """Root mean square of what one group of the set moves balanced accuracy by."""
    counts = groups_per_class(targets, groups)
    return math.sqrt((1 / counts).sum() / len(np.unique(groups))) / len(counts)


def _group_class_counts(position: Int, groups: NDArray[Any]) -> Int:
    """Images of each class in each group, int (groups, classes)."""
    names, member = np.unique(groups, return_inverse=True)
    counts = np.zeros((len(names), position.max() + 1), dtype=np.int64)
    np.add.at(counts, (member, position), 1)
    return counts


def _strata(groups: Int) -> Int:
    """The stratum of each class from its number of groups: its own, or the common one of small classes. A common
    stratum that is itself too small takes in the next smallest classes."""
    order, stratum = np.argsort(groups, kind="stable"), np.arange(len(groups))
    small = int((groups < MIN_CLASS_GROUPS).sum())
    while 0 < small < len(groups) and groups[order[:small]].sum() < MIN_CLASS_GROUPS:
        small += 1
    stratum[order[:small]] = order[0]
    return stratum


def _multiplicities(stratum_of_group: Int, draws: int, rng: np.random.Generator) -> Float:
    """How often each group is drawn, (B, G); a lone group in all is kept as it is."""
    times = np.ones((draws, len(stratum_of_group)))
    for which in np.unique(stratum_of_group):
        members = np.flatnonzero(stratum_of_group == which)
        if (n := len(members)) > 1:
            times[:, members] = rng.multinomial(n - 1, np.full(n, 1 / n), size=draws)
    return times
