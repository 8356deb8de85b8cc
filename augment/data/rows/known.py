"""A further table, or vectors, with the columns of a set that is known already, by which it is read."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from augment.core.errors import DataError
from augment.data.rows.columns import Column, Schema, Values, is_number, without_missing
from augment.data.rows.findings import RowEntry, RowFindings, reject_unlabelled
from augment.data.rows.looking import as_numbers
from augment.data.rows.reading import RawTable, read_raw, read_vectors
from augment.data.sources.disk import shown


def read_known(path: Path, schema: Schema, group_column: str | None) -> RowFindings:
    """Rows of another file by these columns; others in it are left aside, and groups count where it has them.

    Levels that the schema lacks come after its own, in the schema of what is returned. Raises `DataError` naming what
    cannot be read, a column that is missing, or the line of what is no number.
    """
    if schema.form == "vectors":
        return _vectors(path, schema)
    raw = read_raw(path)
    wanted = [schema.label, *(column.name for column in schema.columns)]
    if lacking := [name for name in wanted if name not in raw.cells]:
        raise DataError(f"{shown(raw.name)}: it has no column {shown(lacking[0])!r}, which the set that is trained on "
                        "has; add it, empty where nothing is known")  # fmt: skip
    labels, groups = raw.cells[schema.label], raw.cells.get(group_column or "", [""] * len(raw))
    entries = [RowEntry(f"{raw.name}:{line}", label, group=group)
               for line, label, group in zip(raw.lines, labels, groups, strict=True)]  # fmt: skip
    reject_unlabelled(entries, schema.label)
    columns = [_known(column, raw) for column in schema.columns]
    values = np.stack([own for _, own in columns], axis=1)
    return RowFindings(replace(schema, columns=tuple(column for column, _ in columns)), values, entries, [], [])


def _vectors(path: Path, schema: Schema) -> RowFindings:
    raw = read_vectors(path)
    if raw.vectors.shape[1] != len(schema.columns):
        raise DataError(f"{shown(raw.name)}: its vectors have {raw.vectors.shape[1]} dimensions, and those that are "
                        f"trained on {len(schema.columns)}; make them alike")  # fmt: skip
    groups: Sequence[str] = raw.groups or [""] * len(raw.labels)
    entries = [RowEntry(f"{raw.name}:{number}", label, group=group)
               for number, (label, group) in enumerate(zip(raw.labels, groups, strict=True))]  # fmt: skip
    reject_unlabelled(entries, schema.label)
    return RowFindings(schema, raw.vectors, entries, [], [])


def _known(column: Column, raw: RawTable) -> tuple[Column, Values]:
    cells = without_missing(raw.cells[column.name])
    if column.kind == "categorical":
        levels = (*column.levels, *sorted({*cells} - {*column.levels, ""}))
        place = {level: float(at) for at, level in enumerate(levels)} | {"": np.nan}
        return replace(column, levels=levels), np.array([place[cell] for cell in cells])
    strange = next((at for at, cell in enumerate(cells) if cell and not is_number(cell)), None)
    if strange is not None:
        raise DataError(f"{shown(raw.name)}: line {raw.lines[strange]} has {shown(cells[strange][:40])!r} in "
                        f"{shown(column.name)!r}, which holds numbers; mend it, or leave the cell empty")  # fmt: skip
    return column, as_numbers(cells)
