"""Numbers of one column as values of a standard normal distribution, and back, by the quantiles of train.

A number that makes up a share of a column owns as wide a piece of the distribution: zeros, integers and stops of a
scale come back exactly, and as often as they were. Between numbers that stand alone the way back is linear, and none
leads out of the range that train has.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from augment.data.rows.columns import MAX_KNOTS

Float = NDArray[np.float64]
ROUNDING = 1e-9
HEAVY_COUNT = 3  # so many equal numbers are no chance, but a stop of a scale


@dataclass(frozen=True)
class Quantiles:
    """The distribution function of a column at its knots.

    values: float64 (K,), ascending; low, high: float64 (K,), the share of the column below, and up to, each value;
    single: the share of one number; decimals: digits after the point that the way back keeps, None for all
    """

    values: Float
    low: Float
    high: Float
    single: float
    decimals: int | None = None

    @staticmethod
    def of(column: Float, decimals: int | None = None) -> "Quantiles":
        """Of the numbers of a column, float64 (N,), at least one, none missing."""
        values, counts = np.unique(column, return_counts=True)
        high = np.cumsum(counts) / len(column)
        low = high - counts / len(column)
        if len(values) > MAX_KNOTS:
            kept = _knots(counts)
            values, low, high = values[kept], low[kept], high[kept]
        return Quantiles(values, low, high, 1 / len(column), decimals)

    @property
    def middle(self) -> Float:
        return (self.low + self.high) / 2

    @property
    def heavy(self) -> NDArray[np.bool_]:
        """Whether each value owns a piece of the distribution."""
        return np.asarray((self.high - self.low >= (HEAVY_COUNT - 0.5) * self.single) | (len(self.values) == 1))

    def encode(self, column: Float) -> Float:
        """Numbers float64 (N,) -> values of a normal distribution, finite; a value of train lies amid its piece."""
        return normal_quantile(np.interp(column, self.values, self.middle))

    def spread(self, column: Float, rng: np.random.Generator) -> Float:
        """The same, but anywhere within the piece that a heavy value owns: what D of a GAN is shown, so that a gap
        between stops tells it nothing."""
        place = np.clip(np.searchsorted(self.values, column), 0, len(self.values) - 1)
        own = self.heavy[place] & (self.values[place] == column)
        within = self.low[place] + rng.random(len(column)) * (self.high - self.low)[place]
        return normal_quantile(np.where(own, within, np.interp(column, self.values, self.middle)))

    def decode(self, encoded: Float) -> Float:
        """Values of a normal distribution, float64 (N,) -> numbers in the column's units and range."""
        share = normal_share(encoded)
        place = np.clip(np.searchsorted(self.high, share), 0, len(self.values) - 1)
        inside = self.heavy[place] & (share >= self.low[place])
        lines, numbers = self._lines()
        found = np.where(inside, self.values[place], np.interp(share, lines, numbers))
        return self._snapped(found) if self.decimals is None else np.asarray(np.round(found, self.decimals) + 0.0)

    def _snapped(self, found: Float) -> Float:
        """What missed a number of train by rounding alone is that number."""
        right = np.clip(np.searchsorted(self.values, found), 0, len(self.values) - 1)
        left = np.maximum(right - 1, 0)
        nearest = np.where(
            found - self.values[left] < self.values[right] - found, self.values[left], self.values[right]
        )
        close = np.abs(found - nearest) <= ROUNDING * np.maximum(np.abs(nearest), self.values[-1] - self.values[0])
        return np.where(close, nearest, found)

    def _lines(self) -> tuple[Float, Float]:
        """Where the way back bends: heavy values at both ends of their piece, others amid."""
        heavy = self.heavy
        ends = np.stack([np.where(heavy, self.low, self.middle), np.where(heavy, self.high, self.middle)], axis=1)
        return ends.ravel(), np.repeat(self.values, 2)


def _knots(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Positions of at most `MAX_KNOTS` values: both ends, the most frequent, and others evenly spaced."""
    frequent = np.flatnonzero(counts >= HEAVY_COUNT)
    frequent = frequent[np.argsort(-counts[frequent], kind="stable")[: MAX_KNOTS // 2]]
    spaced = np.linspace(0, len(counts) - 1, MAX_KNOTS // 2).round().astype(np.int64)
    return np.union1d(frequent, spaced)


def normal_quantile(share: Float) -> Float:
    """The standard normal quantile of shares in (0, 1); what lies at or beyond an end is held 4.7 deviations away."""
    inside = np.clip(share, 1e-6, 1 - 1e-6)
    return np.asarray(torch.special.ndtri(torch.from_numpy(np.ascontiguousarray(inside))).numpy())


def normal_share(encoded: Float) -> Float:
    """The share of a standard normal distribution below each value."""
    return np.asarray(torch.special.ndtr(torch.from_numpy(np.ascontiguousarray(encoded))).numpy())
