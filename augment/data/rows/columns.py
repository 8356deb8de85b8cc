"""What a column of a table is: how its values are written, and which ones it may hold."""

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["numeric", "integer", "categorical"]
Form = Literal["table", "vectors"]
Values = NDArray[np.float64]
MAX_KNOTS = 1_000  # quantiles of a column: as many as a small set has; larger sets keep evenly spaced ones
MAX_SCHEMA_BYTES = 400_000  # of columns.json: in the manifest of a generator it takes twice as much, and has room
MISSING = ""  # how a missing value is written
_MISSING = frozenset({"", "nan", "na", "n/a", "#n/a", "<na>", "null", "none", "nat", "?", "-"})  # as others write it
_PADDED = re.compile(r"0\d+", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


@dataclass(frozen=True)
class Column:
    """name: as the user wrote it; levels: of categories, in order, whose values are positions among these; decimals:
    digits after the point that every number of the column gets by with, None where these differ widely."""

    name: str
    kind: Kind
    levels: tuple[str, ...] = ()
    decimals: int | None = None

    def text(self, value: float) -> str:
        """A value as a CSV file holds it; NaN is missing."""
        if np.isnan(value):
            return MISSING
        if self.kind == "categorical":
            return self.levels[int(value)]
        return str(int(value)) if self.kind == "integer" else repr(float(value))


@dataclass(frozen=True)
class Schema:
    """The columns of a set, beside its labels. form: a table, or vectors without names; label: its column's name."""

    form: Form
    label: str
    columns: tuple[Column, ...]

    @property
    def categorical(self) -> list[int]:
        """Positions of the categorical columns."""
        return [at for at, column in enumerate(self.columns) if column.kind == "categorical"]

    @property
    def numeric(self) -> list[int]:
        """Positions of all others."""
        return [at for at, column in enumerate(self.columns) if column.kind != "categorical"]

    @property
    def is_continuous(self) -> bool:
        """Whether equal rows are copies: where no column is continuous, independent rows equal each other by chance."""
        return any(column.kind == "numeric" for column in self.columns)

    def as_json(self) -> dict[str, Any]:
        return {"form": self.form, "label": self.label, "columns": [asdict(column) for column in self.columns]}

    @staticmethod
    def from_json(value: Mapping[str, Any]) -> "Schema":
        """Raises KeyError or TypeError for what `as_json` did not write."""
        columns = (Column(**{**one, "levels": tuple(one["levels"])}) for one in value["columns"])
        return Schema(value["form"], value["label"], tuple(columns))

    @property
    def added(self) -> tuple[str, str]:
        """Names of what data/augmented tells beside: `synthetic` and `weight`, with `_` behind them where the user's
        columns are called so."""
        taken = {self.label, *(column.name for column in self.columns)}
        return _free("synthetic", taken), _free("weight", taken)

    def texts(self, row: Sequence[float]) -> dict[str, str]:
        """A row of values by column, as a CSV file holds them."""
        return {column.name: column.text(value) for column, value in zip(self.columns, row, strict=True)}


def _free(name: str, taken: Collection[str]) -> str:
    return _free(f"{name}_", taken) if name in taken else name


def is_number(cell: str) -> bool:
    """Whether a text is a finite number."""
    return _NUMBER.fullmatch(cell) is not None and math.isfinite(float(cell))


def is_padded(cell: str) -> bool:
    """Whether a number is written as a name is, with zeros before it: a postal code, an account."""
    return _PADDED.fullmatch(cell) is not None


def without_missing(cells: Sequence[str]) -> list[str]:
    """Cells of a column that is learned, "" for what programs write where nothing was. Names of classes and groups are
    taken as they stand: `none` may be one."""
    return ["" if cell.casefold() in _MISSING else cell for cell in cells]
