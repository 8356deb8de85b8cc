"""Rows as numbers that a network learns, and back: learned on train alone.

A row becomes, column by column, the normal values of its numbers (`quantiles.py`), then one place for each level of its
categories (1 for the level that it has). A missing number is 0, the median, beside a category of its own that says so.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from augment.data.rows.columns import Schema, Values
from augment.data.rows.quantiles import Float, Quantiles

Encoded = NDArray[np.float32]
MISSING_LEVEL = -1.0  # the place of what is missing among the levels of train


@dataclass(frozen=True)
class Encoding:
    """numbers: of each numeric column, in order; levels: of each categorical column, the values that train has, in
    order, `MISSING_LEVEL` among them where some are missing; gaps: for each numeric column, whether any is missing."""

    schema: Schema
    numbers: tuple[Quantiles, ...]
    levels: tuple[tuple[float, ...], ...]
    gaps: tuple[bool, ...]

    @staticmethod
    def of(schema: Schema, values: Values) -> "Encoding":
        """Of the rows of train, float64 (N, D)."""
        numbers, gaps = [], []
        for at in schema.numeric:
            known = values[~np.isnan(values[:, at]), at]
            numbers.append(Quantiles.of(known if len(known) else np.zeros(1), schema.columns[at].decimals))
            gaps.append(len(known) < len(values))
        levels = tuple(tuple(np.unique(_filled(values[:, at])).tolist()) for at in schema.categorical)
        return Encoding(schema, tuple(numbers), levels, tuple(gaps))

    @property
    def numeric(self) -> int:
        """How many numbers an encoded row begins with."""
        return len(self.numbers)

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """How many places each category has, those of missing numbers last."""
        return (*map(len, self.levels), *[2] * sum(self.gaps))

    @property
    def width(self) -> int:
        """Numbers of an encoded row."""
        return self.numeric + sum(self.sizes)

    def encode(self, values: Values, rng: np.random.Generator | None = None) -> Encoded:
        """Rows float64 (N, D) -> float32 (N, width). A level that train lacks has 1 nowhere.

        rng: spread numbers over the pieces that they own (`Quantiles.spread`), as a GAN sees them; None: amid.
        """
        parts = [_number(own, values[:, at], rng) for own, at in zip(self.numbers, self.schema.numeric, strict=True)]
        blocks = [np.stack(parts, axis=1)] if parts else [np.zeros((len(values), 0))]
        for levels, at in zip(self.levels, self.schema.categorical, strict=True):
            blocks.append(_filled(values[:, at])[:, None] == np.array(levels))
        for gap, at in zip(self.gaps, self.schema.numeric, strict=True):
            if gap:
                missing = np.isnan(values[:, at])
                blocks.append(np.stack([~missing, missing], axis=1))
        return np.concatenate(blocks, axis=1).astype(np.float32)

    def decode(self, encoded: Encoded) -> Values:
        """Encoded rows float32 (N, width) -> rows float64 (N, D) in the user's units; of a category the largest."""
        values = np.full((len(encoded), len(self.schema.columns)), np.nan)
        for place, (own, at) in enumerate(zip(self.numbers, self.schema.numeric, strict=True)):
            values[:, at] = own.decode(encoded[:, place].astype(np.float64))
        blocks = self.blocks(encoded)
        for levels, at in zip(self.levels, self.schema.categorical, strict=True):
            chosen = np.array(levels)[next(blocks).argmax(axis=1)]
            values[:, at] = np.where(chosen == MISSING_LEVEL, np.nan, chosen)
        for gap, at in zip(self.gaps, self.schema.numeric, strict=True):
            if gap:
                values[next(blocks).argmax(axis=1) == 1, at] = np.nan
        return values

    def blocks(self, encoded: Encoded) -> Iterator[Encoded]:
        """The places of each category, float32 (N, levels) each."""
        return iter(np.split(encoded[:, self.numeric :], np.cumsum(self.sizes)[:-1], axis=1) if self.sizes else ())


def _filled(column: Float) -> Float:
    return np.where(np.isnan(column), MISSING_LEVEL, column)


def _number(own: Quantiles, column: Float, rng: np.random.Generator | None) -> Float:
    missing = np.isnan(column)
    known = np.where(missing, own.values[0], column)
    encoded = own.encode(known) if rng is None else own.spread(known, rng)
    return np.where(missing, 0.0, encoded)
