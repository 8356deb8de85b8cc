"""Intervals for one fixed split and paired seeds.

Two things vary: which images happened to be in the test set, and which seed the training had. The
first is measured by resampling test groups, the second by the spread over seeds; see docs/evaluation.md.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Bool = NDArray[np.bool_]
Float = NDArray[np.float64]
Int = NDArray[np.int64]
Scores = NDArray[Any]  # bool or float

SMALL_CLASS = 5  # below this many groups a class cannot show its own spread
MOST_SEEDS = 10_000


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


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds with its two sources of error; figures as fractions of 1.

    test_se: standard error from the choice of test groups; seed_sd: spread of the seeds' values
    seed_se: standard error from the seeds, without what test_se already holds
    """

    mean: float
    test_se: float
    seed_se: float
    seed_sd: float
    seeds: int
    groups: int

    def half_width(self, confidence: float = 0.95) -> float:
        """sqrt((t_{groups-1} test_se)^2 + (t_{seeds-1} seed_se)^2)."""
        test = _t_quantile(confidence, self.groups - 1) * self.test_se
        return math.hypot(test, _t_quantile(confidence, self.seeds - 1) * self.seed_se)

    def interval(self, confidence: float = 0.95, least: float = -1.0) -> tuple[float, float]:
        """(low, high), cut at `least` and 1: a difference cannot leave [-1, 1], a share not [0, 1]."""
        half = self.half_width(confidence)
        return max(least, self.mean - half), min(1.0, self.mean + half)


def class_weights(targets: Int) -> Float:
    """Weights float (N,) that sum to 1, each class holding an equal share."""
    classes, position, counts = np.unique(targets, return_inverse=True, return_counts=True)
    weights: Float = 1.0 / (len(classes) * counts[position])
    return weights


def balanced_accuracy(correct: Scores, targets: Int) -> Float:
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
    names, member = np.unique(groups, return_inverse=True)
    counts = np.zeros((len(names), position.max() + 1), dtype=np.int64)  # (groups, classes)
    np.add.at(counts, (member, position), 1)
    stratum = _strata(np.bincount(counts.argmax(axis=1), minlength=counts.shape[1]))
    of_image, of_group = stratum[position], stratum[counts.argmax(axis=1)]
    times = _multiplicities(of_group, draws, rng)
    drawn = times[:, member] * weights
    for which in np.unique(of_image):
        columns = of_image == which
        drawn[:, columns] *= weights[columns].sum() / drawn[:, columns].sum(axis=1, keepdims=True)
    groups_of = (counts > 0).sum(axis=0)  # (classes,)
    one_pair = math.sqrt((1 / groups_of).sum() / len(names)) / len(groups_of)
    return Resamples(weights, drawn, one_pair, len(names))


def estimate(scores: Scores, resamples: Resamples) -> Estimate:
    """Mean, test error and seed spread of per-image scores.

    scores: (S, N) in [-1, 1], S >= 2 paired seeds: right or wrong for one arm, the difference of two
    arms for a comparison.
    Test error: the spread between draws of the mean over seeds, and in quadrature one group somewhere
    in the set, since a small set without any disagreement is no proof of equality (the pseudo-pair of
    Agresti & Min 2005).
    Seed error: sd / sqrt(S) of the seeds' values. Part of their variance is chance of single images,
    which the draws count already; it is estimated from how far seeds drift apart between draws and
    taken off, but never more than half, because few seeds estimate it badly.
    Raises ValueError with fewer than 2 seeds.
    """
    if len(scores) < 2:
        raise ValueError(f"{len(scores)} seeds: an interval needs at least 2")
    seeds = len(scores)
    values = scores @ resamples.plain  # (S,)
    drawn = scores @ resamples.draws.T  # (S, B)
    spread = drawn.mean(axis=0).std(ddof=1)
    shared = (drawn - drawn.mean(axis=0)).var(axis=1, ddof=1).sum() / (seeds - 1)
    variance = values.var(ddof=1)
    return Estimate(
        mean=float(values.mean()),
        test_se=math.hypot(float(spread), resamples.one_pair),
        seed_se=math.sqrt(max(variance - shared, variance / 2) / seeds),
        seed_sd=math.sqrt(variance),
        seeds=seeds,
        groups=resamples.groups,
    )


def seeds_to_decide(found: Estimate, confidence: float = 0.95) -> int | None:
    """Fewest seeds with which the interval would exclude 0, everything else unchanged.

    None when no number up to 10 000 would: then test images are the limit, not repeats.
    """
    test = _t_quantile(confidence, found.groups - 1) * found.test_se
    seeds = np.arange(2, MOST_SEEDS + 1)
    seed = stats.t.ppf((1 + confidence) / 2, seeds - 1) * found.seed_se * np.sqrt(found.seeds / seeds)
    enough = np.flatnonzero(np.hypot(test, seed) < abs(found.mean))
    return int(seeds[enough[0]]) if len(enough) else None


def growth_to_decide(found: Estimate, confidence: float = 0.95) -> float | None:
    """About how many times more test images would exclude 0 with the same mean and seeds.

    Where the seeds alone are too noisy for that, half of the error is granted to each. None for a mean of 0.
    """
    if found.mean == 0:
        return None
    test = stats.norm.ppf((1 + confidence) / 2) * found.test_se
    seed = _t_quantile(confidence, found.seeds - 1) * found.seed_se
    room = max(found.mean**2 - seed**2, found.mean**2 / 2)
    return max(1.0, float(test**2 / room))


def wilson(successes: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a share (Wilson 1927); (0, 1) for n = 0."""
    if n == 0:
        return 0.0, 1.0
    z = float(stats.norm.ppf((1 + confidence) / 2))
    share, widen = successes / n, 1 + z * z / n
    centre = (share + z * z / (2 * n)) / widen
    half = z / widen * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


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


def _t_quantile(confidence: float, freedom: int) -> float:
    """Two-sided quantile of Student's t; infinite without a degree of freedom."""
    return float(stats.t.ppf((1 + confidence) / 2, freedom)) if freedom > 0 else math.inf
