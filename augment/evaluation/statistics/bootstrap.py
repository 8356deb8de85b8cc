"""Bootstrap of one fixed test set: its groups are drawn again, within their class."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Int = NDArray[np.int64]

SMALL_CLASS = 5  # below this many groups a class cannot show its own spread


@dataclass(frozen=True)
class Resamples:
    """Draws of one test set, shared by all arms and seeds. A score of a draw is `scores @ draws.T`.

    plain: (N,) weights that make a mean over images balanced accuracy: 1 / (classes * class size)
    draws: (B, N) the same after resampling; every row sums to 1
    one_pair: root mean square of what one group of the set moves balanced accuracy by
    groups: number of independent units
    """

    plain: Float
    draws: Float
    one_pair: float
    groups: int


def class_weights(targets: Int) -> Float:
    """Weights float (N,) that sum to 1, each class holding an equal share."""
    classes, position, counts = np.unique(targets, return_inverse=True, return_counts=True)
    weights: Float = 1.0 / (len(classes) * counts[position])
    return weights


def balanced_accuracy(correct: NDArray[Any], targets: Int) -> Float:
    """Mean of the recalls of the classes present: (..., N) right or wrong -> (...)."""
    return np.asarray(correct @ class_weights(targets))


def resample(targets: Int, groups: NDArray[Any], draws: int, rng: np.random.Generator) -> Resamples:
    """Bootstrap the groups of a test set, stratified by class.

    targets: int (N,); groups: (N,), images of one group are drawn together. A group belongs to the
    stratum of its most frequent class (ties: the lowest). Of n groups in a stratum n - 1 are drawn
    with replacement, which makes the variance of a mean unbiased (Rao & Wu 1988). Classes with fewer
    than 5 groups form one stratum together, since a class with one image would otherwise seem to have
    no spread: there a class can be absent from a draw, but the stratum never is. Draws are reweighted
    so that each stratum keeps its share of the classes.
    """
    weights = class_weights(targets)
    _, position = np.unique(targets, return_inverse=True)
    counts = _images_of(position, groups)
    stratum = _strata(np.bincount(counts.argmax(axis=1), minlength=counts.shape[1]))
    of_image, of_group = stratum[position], stratum[counts.argmax(axis=1)]
    times = _multiplicities(of_group, draws, rng)
    drawn = times[:, np.unique(groups, return_inverse=True)[1]] * weights
    for which in np.unique(of_image):
        columns = of_image == which
        drawn[:, columns] *= weights[columns].sum() / drawn[:, columns].sum(axis=1, keepdims=True)
    return Resamples(weights, drawn, one_pair(targets, groups), len(counts))


def groups_per_class(targets: Int, groups: NDArray[Any]) -> Int:
    """Independent groups of each class present, int (classes,), in sorted order of the classes."""
    found: Int = (_images_of(np.unique(targets, return_inverse=True)[1], groups) > 0).sum(axis=0)
    return found


def one_pair(targets: Int, groups: NDArray[Any]) -> float:
    """Root mean square of what one group of the set moves balanced accuracy by."""
    own = groups_per_class(targets, groups)
    return math.sqrt((1 / own).sum() / len(np.unique(groups))) / len(own)


def _images_of(position: Int, groups: NDArray[Any]) -> Int:
    """Images of each class in each group, int (groups, classes)."""
    names, member = np.unique(groups, return_inverse=True)
    counts = np.zeros((len(names), position.max() + 1), dtype=np.int64)
    np.add.at(counts, (member, position), 1)
    return counts


def _strata(own: Int) -> Int:
    """The stratum of each class from its number of groups: its own, or the common one of small classes.

    A common stratum that is itself too small takes in the next smallest classes.
    """
    order = np.argsort(own, kind="stable")
    small = int((own < SMALL_CLASS).sum())
    while 0 < small < len(own) and own[order[:small]].sum() < SMALL_CLASS:
        small += 1
    stratum = np.arange(len(own))
    stratum[order[:small]] = order[0] if small else 0
    return stratum


def _multiplicities(of_group: Int, draws: int, rng: np.random.Generator) -> Float:
    """How often each group is drawn, (B, G); a lone group in all is kept as it is."""
    times = np.ones((draws, len(of_group)))
    for which in np.unique(of_group):
        members = np.flatnonzero(of_group == which)
        n = len(members)
        if n > 1:
            times[:, members] = rng.multinomial(n - 1, np.full(n, 1 / n), size=draws)
    return times
