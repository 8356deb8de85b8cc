"""Estimates with their intervals and p-values, for one fixed split and for repeated splits.

Two things vary on one split: which images happened to be in the test set, and which seed the training
had. The first is measured by resampling test groups (`bootstrap`), the second by the spread over
seeds. Where the training set is drawn anew, only its repetitions count. See docs/protocol.md.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from augment.core.intervals import wilson_interval

Float = NDArray[np.float64]

MIN_P_VALUE = 1e-9  # no smaller p-value is claimed: the normal approximation ends long before


@dataclass(frozen=True)
class Estimate:
    """A mean over seeds with its two sources of error; as fractions of 1.

    test_se: standard error from the choice of test groups; seed_sd: spread of the seeds' values
    seed_se: standard error from the seeds, without what test_se already holds
    chance_sd: what single images, right by chance in one seed, give to seed_sd
    """

    mean: float
    test_se: float
    seed_se: float
    seed_sd: float
    seeds: int
    groups: int
    chance_sd: float = 0.0

    def half_width(self, confidence: float = 0.95) -> float:
        """sqrt((t_{groups-1} test_se)^2 + (t_{seeds-1} seed_se)^2)."""
        test = t_quantile(confidence, self.groups - 1) * self.test_se if self.test_se else 0.0
        return math.hypot(test, t_quantile(confidence, self.seeds - 1) * self.seed_se if self.seed_se else 0.0)

    def interval(self, confidence: float = 0.95, minimum: float = -1.0, maximum: float = 1.0) -> tuple[float, float]:
        """(low, high), cut at `minimum` and `maximum`: a difference cannot leave [-1, 1], a share not [0, 1]."""
        half = self.half_width(confidence)
        return max(minimum, self.mean - half), min(maximum, self.mean + half)

    @property
    def p_value(self) -> float:
        """Two-sided p-value of a mean of 0: the alpha at which the interval 1 - alpha just reaches 0."""
        size = abs(self.mean)
        if self.half_width(1 - MIN_P_VALUE) <= size:
            return MIN_P_VALUE if size else 1.0
        if self.half_width(MIN_P_VALUE) >= size:
            return 1.0
        return float(optimize.brentq(lambda alpha: self.half_width(1 - alpha) - size, MIN_P_VALUE, 1 - MIN_P_VALUE))


def estimate(values: Float, bootstrap: Float, one_group_se: float, groups: int) -> Estimate:
    """Mean, test error and seed spread of a metric.

    values: (S,) the metric of S >= 2 paired seeds; bootstrap: (S, B) the same on each draw of the test
    groups (`bootstrap.resample`); one_group_se: what one group can move it by; groups: their number.
    Test error: the spread between draws of the mean over seeds, and in quadrature one group somewhere
    in the set, since a small set without any disagreement is no proof of equality (the pseudo-pair of
    Agresti & Min 2005).
    Seed error: sd / sqrt(S) of the seeds' values. Part of their variance is chance of single images,
    which the draws count already; it is estimated from how far seeds drift apart between draws and
    taken off, but never more than half, because few seeds estimate it badly.
    Raises ValueError with fewer than 2 seeds.
    """
    seeds = len(values)
    if seeds < 2:
        raise ValueError(f"{seeds} seeds: an interval needs at least 2")
    test_sd = bootstrap.mean(axis=0).std(ddof=1)
    chance_variance = (bootstrap - bootstrap.mean(axis=0)).var(axis=1, ddof=1).sum() / (seeds - 1)
    variance = values.var(ddof=1)
    return Estimate(
        mean=float(values.mean()),
        test_se=math.hypot(float(test_sd), one_group_se),
        seed_se=math.sqrt(max(variance - chance_variance, variance / 2) / seeds),
        seed_sd=math.sqrt(variance),
        seeds=seeds,
        groups=groups,
        chance_sd=math.sqrt(chance_variance),
    )


def paired_t(differences: Float) -> Estimate:
    """Student's paired t over repeats that share one test set, whose choice is not in it.

    differences: (R,), R >= 2, one way minus another in each.
    """
    return corrected_t(differences, 0.0)


def corrected_t(differences: Float, ratio: float, one_group_se: float = 0.0) -> Estimate:
    """The corrected resampled t-test for folds whose training sets overlap (Nadeau & Bengio 2003).

    differences: (J,), J >= 2, one arm minus another in each fold of each repetition; ratio: test images over training
    images of a fold (5 folds: 1/4); one_group_se: what one group of a fold can move its difference by. The variance of
    the mean is taken as (1 / J + ratio) s^2 with J - 1 degrees of freedom, and s as no less than `one_group_se`: folds
    that agree to the image are no proof that others would. Raises ValueError with fewer than 2 folds.
    """
    folds = len(differences)
    if folds < 2:
        raise ValueError(f"{folds} differences: a t-test needs at least 2")
    sd = float(differences.std(ddof=1))
    error = math.sqrt(1 / folds + ratio) * max(sd, one_group_se)
    return Estimate(float(differences.mean()), 0.0, error, sd, folds, groups=folds)


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values adjusted for their number, in order (Holm 1979): an error of alpha for all claims at most alpha."""
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    adjusted = np.minimum(1.0, np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)))
    return list(map(float, adjusted[np.argsort(order)]))


def wilson(successes: float, n: int) -> tuple[float, float]:
    """Two-sided 95 % Wilson interval of a share, as in `wilson_interval`."""
    return wilson_interval(successes, n, float(stats.norm.ppf(0.975)))


def t_quantile(confidence: float, degrees_of_freedom: int) -> float:
    """Two-sided quantile of Student's t; infinite without a degree of freedom."""
    return float(stats.t.ppf((1 + confidence) / 2, degrees_of_freedom)) if degrees_of_freedom > 0 else math.inf
