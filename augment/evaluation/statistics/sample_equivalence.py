"""What the synthetic images are worth in real ones: where the learning curve of real images reaches them.

The error of the primary metric is taken as a power law of the number n of training images, log(error) = a + b log(n)
by least squares over the measured sizes. The sample equivalence is the n at which the curve has the GAN arm's error.
Its interval holds every n at which a test of equal errors does not reject (Fieller 1954), with the same errors from
test groups and seeds as any other comparison: at each n the curve is a weighted sum of what was measured.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq

from augment.evaluation.statistics.estimates import Estimate, Float
from augment.evaluation.statistics.metric_table import MetricTable

MAX_EXTRAPOLATION = 4.0  # none is looked for beyond so many times the largest measured size
TOLERANCE = 1e-9


@dataclass(frozen=True)
class SampleEquivalence:
    """How many real training images do as well as the real and the synthetic ones together.

    images: real images that there are; min_measured, max_measured: the smallest and the largest size that was measured
    curve_rises: with more real images the error surely falls; without that nothing below means anything
    equivalent, low, high: images in all, with a 95 % interval; at `min_measured` maybe fewer, at `max_searched` more
    """

    images: float
    min_measured: float
    max_measured: float
    curve_rises: bool
    equivalent: float
    low: float
    high: float

    @property
    def max_searched(self) -> float:
        return MAX_EXTRAPOLATION * self.max_measured


def sample_equivalence(
    table: MetricTable, candidate: str, curve: Mapping[str, float], images: float
) -> SampleEquivalence:
    """How many real images do as well as `candidate`. curve: arm -> training images, of two measured sizes or more."""
    logs, sizes = _log_errors(table, candidate), np.array(list(curve.values()))
    min_measured, max_measured = float(sizes.min()), float(sizes.max())
    line = _line_weights(sizes)
    slope = _weighted_estimate(logs, dict(zip(curve, line[1].tolist(), strict=True)))
    max_searched = MAX_EXTRAPOLATION * max_measured

    def lead(size: float) -> Estimate:
        """The candidate's log error minus the curve's; it grows with the size where the error surely falls."""
        minus_curve = -(np.array([1.0, np.log(size)]) @ line)
        return _weighted_estimate(logs, {candidate: 1.0, **dict(zip(curve, minus_curve.tolist(), strict=True))})

    return SampleEquivalence(
        images=images,
        min_measured=min_measured,
        max_measured=max_measured,
        curve_rises=slope.interval()[1] < -TOLERANCE,
        equivalent=_crossing(lambda size: lead(size).mean, min_measured, max_searched),
        low=_crossing(lambda size: lead(size).interval()[1], min_measured, max_searched),
        high=_crossing(lambda size: lead(size).interval()[0], min_measured, max_searched),
    )


def power_law(sizes: Float, errors: Float, at: float) -> float:
    """The error at a size, by least squares on logarithms; an error that would grow with the size stays as it is.
    sizes, errors: (K,), all above 0."""
    level, slope = _line_weights(sizes) @ np.log(errors)
    if slope >= 0:
        return float(np.exp(np.log(errors).mean()))
    return float(np.exp(level + slope * np.log(at)))


def _line_weights(sizes: Float) -> Float:
    """(2, K): weights of K values whose sums are level and slope of their line over log(size)."""
    return np.asarray(np.linalg.pinv(np.stack([np.ones(len(sizes)), np.log(sizes)], axis=1)))


def _log_errors(table: MetricTable, candidate: str) -> MetricTable:
    """Logarithms of 1 - metric; where none is wrong, half an image is."""
    min_error = 0.5 / table.images

    def log_error(metric: Float) -> Float:
        return np.asarray(np.log(np.maximum(min_error, 1 - metric)))

    values, bootstrap = ({arm: log_error(own) for arm, own in each.items()} for each in (table.values, table.bootstrap))
    one_group_se = table.one_group_se / max(min_error, 1 - table.mean(candidate))
    thresholds = {
        arm: log_error(table.values[arm][:, None] + changes) - values[arm][:, None]  # (S, G)
        for arm, changes in table.thresholds.items()
    }
    return replace(table, values=values, bootstrap=bootstrap, one_group_se=one_group_se, thresholds=thresholds)


def _weighted_estimate(table: MetricTable, weights: Mapping[str, float]) -> Estimate:
    """The estimate of a weighted sum of arms, paired by seed and by draw."""

    values, bootstrap, thresholds = (
        {"": np.sum([weight * by_arm[arm] for arm, weight in weights.items()], axis=0)} if by_arm else {}
        for by_arm in (table.values, table.bootstrap, table.thresholds)
    )
    one_group_se = table.one_group_se * max(map(abs, weights.values()))
    sums = replace(table, values=values, bootstrap=bootstrap, one_group_se=one_group_se, thresholds=thresholds)
    return sums.estimate("")


def _crossing(rising: Callable[[float], float], lower: float, upper: float) -> float:
    """The size at which a rising function reaches 0; an end where it does so beyond it."""
    if rising(lower) >= 0:
        return lower
    if rising(upper) < 0:
        return upper
    return float(np.exp(brentq(lambda log: rising(float(np.exp(log))), np.log(lower), np.log(upper), xtol=1e-4)))
