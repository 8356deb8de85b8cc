"""Rows that GANs make of a plain array, for over-sampling: `GANOverSampler(kind="rows")`."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment.core.errors import ArgumentError
from augment.data.arguments import short
from augment.data.rows.columns import Column, Schema
from augment.data.rows.rowset import RowSet
from augment.gan.rows.generators import RowGenerators
from augment.gan.rows.making import generators_of
from augment.params import Train

Steps = Any  # a number, or "auto"


def trained_on(
    rows: NDArray[Any],
    names: Sequence[str],
    categorical: Sequence[int],
    seed: int,
    width: int,
    shared: Steps,
    own: Steps,
) -> RowGenerators:
    """Generators of these rows, (n, columns), one name of a class for each; categorical: positions of columns whose
    numbers are names. Raises `ArgumentError` for what is no finite number, or no column."""
    values = rows.astype(np.float64)
    if not np.isfinite(values).all():
        raise ArgumentError("X must hold finite numbers; fill what is missing, or use ingest.source: table")
    if not all(0 <= at < values.shape[1] for at in categorical):
        raise ArgumentError(
            f"categorical_features must be columns from 0 to {values.shape[1] - 1}, got {[*categorical]}"
        )
    columns = tuple(_column(at, column, at in categorical) for at, column in enumerate(values.T))
    coded = np.stack([_coded(one, column) for one, column in zip(columns, values.T, strict=True)], axis=1)
    numbers = np.arange(len(values)).astype(np.str_)
    train = RowSet(Schema("table", "label", columns), coded, np.array(names, dtype=np.str_), numbers, numbers)
    return generators_of(train, Train(width=width, shared_steps=shared, steps=own), seed)


def positions_of(features: object) -> list[int]:
    """Positions of columns, as SMOTENC takes them: numbers, a mask of booleans, or None for none. Raises
    `ArgumentError` for what is neither."""
    given = np.asarray([] if features is None else features)
    if given.dtype == bool:
        given = np.flatnonzero(given)
    if given.ndim != 1 or (given.size and not np.issubdtype(given.dtype, np.integer)):
        raise ArgumentError(
            f"categorical_features must be positions of columns or a mask of booleans, got {short(features)}"
        )
    return [int(at) for at in given]


def rows_from(
    generators: RowGenerators, counts: Mapping[str, int], columns: int, seed: int
) -> tuple[NDArray[np.float64], list[str]]:
    """So many rows of each class, float64 (n, columns), class by class, and their names."""
    made, names = [], list[str]()
    for label, number in counts.items():
        schema, values = generators[label].encoding.schema, generators[label].rows(number, seed=seed)
        for at in schema.categorical:
            values[:, at] = np.array([float(level) for level in schema.columns[at].levels])[values[:, at].astype(int)]
        made.append(values)
        names += [label] * number
    return np.concatenate([np.zeros((0, columns)), *made]), names


def _column(at: int, column: NDArray[np.float64], is_category: bool) -> Column:
    if is_category:
        return Column(str(at), "categorical", tuple(repr(float(level)) for level in np.unique(column)))
    whole = bool((column == np.round(column)).all())
    return Column(str(at), "integer" if whole else "numeric", decimals=0 if whole else None)


def _coded(one: Column, column: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.searchsorted(np.unique(column), column).astype(np.float64) if one.kind == "categorical" else column
