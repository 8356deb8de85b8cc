"""The one form in which labelled rows travel through the project; images have `ImageSet`."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from augment.core.errors import DataError
from augment.core.files import json_text, read_csv, read_json, sha256, write_bytes, write_csv, write_json
from augment.data.checksums import check_files, write_checksums
from augment.data.imageset import COLUMNS, UNWRITABLE, ImageSet
from augment.data.rows.columns import Schema, Values
from augment.data.split.labelled import LabelledSet, Text, Which, positions

SCHEMA = "columns.json"
FILES = ("rows.npy", "index.csv", SCHEMA)


@dataclass(frozen=True, eq=False)  # as image sets are
class RowSet(LabelledSet):
    """Labelled rows of a table, or vectors.

    schema: what each column is; values: float64 (N, D), a category as its position among the levels, NaN where missing
    labels, groups, sources: str (N,), as `ImageSet` has them; a source is file:line

    Raises `DataError` for values of another form, and for parts that differ in length.
    """

    schema: Schema
    values: Values
    labels: Text
    groups: Text
    sources: Text

    def __post_init__(self) -> None:
        shape = (len(self.labels), len(self.schema.columns))
        if self.values.shape != shape or self.values.dtype != np.float64:
            raise DataError(f"values must be float64 {shape}, found {self.values.dtype} {self.values.shape}")
        if len({len(self.labels), len(self.groups), len(self.sources)}) != 1:
            raise DataError("labels, groups and sources differ in length")

    def take(self, which: Which) -> "RowSet":
        """The rows chosen by a mask or by positions, in that order. Raises `ArgumentError` for others."""
        chosen = positions(which, len(self))
        parts = (self.values, self.labels, self.groups, self.sources)
        return RowSet(self.schema, *(part[chosen] for part in parts))

    def joined(self, others: Sequence["RowSet"]) -> "RowSet":
        """These rows, then those of the other sets. Raises `DataError` when they have other columns."""
        sides = [self, *others]
        if any(side.schema != self.schema for side in sides):
            raise DataError("rows of one set must have the same columns; make data/prepared anew")
        parts = ((side.values, side.labels, side.groups, side.sources) for side in sides)
        return RowSet(self.schema, *map(np.concatenate, zip(*parts, strict=True)))

    def digests(self) -> list[str]:
        """Hex SHA-256 of the values of each row."""
        return [sha256(row.tobytes()) for row in self.values + 0.0]  # no negative zero

    def fingerprint(self) -> str:
        """Hex SHA-256 of columns, values, labels and groups, in their order; sources do not matter."""
        names = [f"{label}\0{group}" for label, group in zip(self.labels, self.groups, strict=True)]
        texts = [json_text(self.schema.as_json()), *names]
        return sha256("\0\0".join(texts).encode() + self.values.tobytes())

    def save(self, folder: Path) -> None:
        """Write `rows.npy`, `index.csv`, `columns.json` and their hashes, byte-equal for equal sets. Raises `DataError`
        for texts that a CSV of UTF-8 cannot give back."""
        for text in sorted({*self.labels, *self.groups, *self.sources}):
            if UNWRITABLE.search(text):
                raise DataError(f"{str(text)!a} cannot be written: a carriage return, or no UTF-8. Rename it.")
        stream = io.BytesIO()
        np.save(stream, self.values, allow_pickle=False)
        write_bytes(folder / "rows.npy", stream.getvalue())
        rows = zip(range(len(self)), self.labels, self.groups, self.sources, strict=True)
        write_csv(folder / "index.csv", (dict(zip(COLUMNS, row, strict=True)) for row in rows), COLUMNS)
        write_json(folder / SCHEMA, self.schema.as_json())
        write_checksums(folder, FILES)

    @staticmethod
    def load(folder: Path) -> "RowSet":
        """Read what `save` wrote. Raises `DataError` when a file is missing, or not the one that was written."""
        try:
            check_files(folder, FILES)
            values = np.load(folder / "rows.npy", allow_pickle=False)
            index = read_csv(folder / "index.csv")
            schema = Schema.from_json(read_json(folder / SCHEMA))
            return RowSet(
                schema, values, *(np.array([row[name] for row in index], dtype=np.str_) for name in COLUMNS[1:])
            )
        except (OSError, EOFError, ValueError, KeyError, TypeError, DataError) as error:
            mend = "" if isinstance(error, DataError) else " Run `dvc repro` to prepare it."
            raise DataError(f"{folder}: not a prepared split ({str(error).rstrip('.')}).{mend}") from error


def unmistakable(rows: RowSet, train: RowSet) -> NDArray[np.bool_]:
    """Which rows nothing learned from `train` equals by chance, bool (N,): those with a number of so many digits that
    none are rounded away, and that train has nowhere."""
    exact = [
        at for at, column in enumerate(rows.schema.columns) if column.kind == "numeric" and column.decimals is None
    ]
    strange = [~np.isnan(rows.values[:, at]) & ~np.isin(rows.values[:, at], train.values[:, at]) for at in exact]
    return np.any(strange, axis=0) if strange else np.zeros(len(rows), bool)


def holds_rows(folder: Path) -> bool:
    """Whether a split in data/prepared is of rows, not of images."""
    return (folder / SCHEMA).exists()


def load_side(folder: Path) -> ImageSet | RowSet:
    """A split in data/prepared, whichever kind it is. Raises `DataError` as either kind does."""
    return RowSet.load(folder) if holds_rows(folder) else ImageSet.load(folder)
