"""What the synthetic images are worth in real ones: where the learning curve of real images reaches them.

The error of the deciding figure is taken as a power law of the number n of training images, log(error) = a + b log(n)
by least squares over the measured sizes. The worth is the n at which the curve has the GAN arm's error. Its interval
holds every n at which a test of equal errors does not reject (Fieller 1954), with the same errors from test groups and
seeds as any other comparison: at each n the curve is a weighted sum of what was measured.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from augment.evaluation.statistics.estimates import Estimate
from augment.evaluation.statistics.metric_table import Figures

Float = NDArray[np.float64]

FARTHEST = 4.0  # no worth is looked for beyond so many times the largest measured size
ROUNDING = 1e-9


@dataclass(frozen=True)
class Worth:
    """How many real training images do as well as the real and the synthetic ones together.

    images: real images that there are; least, measured: the smallest and the largest size that was measured
    rises: with more real images the error surely falls; without that nothing below means anything
    equal, low, high: images in all, with a 95 % interval; at `least` they may be fewer, at `most` more
    """

    images: float
    least: float
    measured: float
    rises: bool
    equal: float
    low: float
    high: float

    @property
    def most(self) -> float:
        """The largest number that is looked at."""
        return FARTHEST * self.measured


def worth(figures: Figures, candidate: str, curve: Mapping[str, float], images: float) -> Worth:
    """What `candidate` is worth. curve: names of the measured sizes among the figures' arms -> training images.

    Needs at least two sizes.
    """
    logs, sizes = _log_errors(figures, candidate), np.array(list(curve.values()))
    least, largest = float(sizes.min()), float(sizes.max())
    slope = _combined(logs, dict(zip(curve, _line(sizes)[1].tolist(), strict=True)))
    most = FARTHEST * largest

    def lead(size: float) -> Estimate:
        """The candidate's log error minus the curve's; it grows with the size where the error surely falls."""
        return _combined(logs, {candidate: 1.0, **_minus_curve(curve, sizes, size)})

    return Worth(
        images=images,
        least=least,
        measured=largest,
        rises=slope.interval()[1] < -ROUNDING,
        equal=_crossing(lambda size: lead(size).mean, least, most),
        low=_crossing(lambda size: lead(size).interval()[1], least, most),
        high=_crossing(lambda size: lead(size).interval()[0], least, most),
    )


def power_law(sizes: Float, errors: Float, at: float) -> float:
    """The error at a size, by least squares on logarithms; an error that would grow with the size stays as it is.

    sizes, errors: (K,), all above 0.
    """
    level, slope = _line(sizes) @ np.log(errors)
    if slope >= 0:
        return float(np.exp(np.log(errors).mean()))
    return float(np.exp(level + slope * np.log(at)))


def _line(sizes: Float) -> Float:
    """(2, K): weights of K values whose sums are level and slope of their line over log(size)."""
    return np.asarray(np.linalg.pinv(np.stack([np.ones(len(sizes)), np.log(sizes)], axis=1)))


def _minus_curve(curve: Mapping[str, float], sizes: Float, at: float) -> dict[str, float]:
    weights = np.array([1.0, np.log(at)]) @ _line(sizes)
    return dict(zip(curve, (-weights).tolist(), strict=True))


def _log_errors(figures: Figures, candidate: str) -> Figures:
    """Logarithms of 1 - figure; where none is wrong, half an image is."""
    least = 0.5 / figures.images
    error = max(least, 1 - figures.mean(candidate))
    return replace(
        figures,
        values={arm: np.log(np.maximum(least, 1 - own)) for arm, own in figures.values.items()},
        drawn={arm: np.log(np.maximum(least, 1 - own)) for arm, own in figures.drawn.items()},
        one_pair=figures.one_pair / error,
    )


def _combined(figures: Figures, weights: Mapping[str, float]) -> Estimate:
    """The estimate of a weighted sum of arms, paired by seed and by draw."""
    values = np.sum([weight * figures.values[arm] for arm, weight in weights.items()], axis=0)
    drawn = np.sum([weight * figures.drawn[arm] for arm, weight in weights.items()], axis=0)
    one_pair = figures.one_pair * max(map(abs, weights.values()))
    return replace(figures, values={"": values}, drawn={"": drawn}, one_pair=one_pair).estimate("")


def _crossing(rising: Callable[[float], float], least: float, most: float) -> float:
    """The size at which a rising function reaches 0; an end where it does so beyond it."""
    if rising(least) >= 0:
        return least
    if rising(most) < 0:
        return most
    return float(np.exp(brentq(lambda log: rising(float(np.exp(log))), np.log(least), np.log(most), xtol=1e-4)))
