"""Files as the stages before leave them, read with messages that name what is wrong."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from augment.core.errors import DataError
from augment.core.files import read_csv

Row = Mapping[str, str]
Rows = Sequence[Row]


def read_json(path: Path, keys: Sequence[str] = ()) -> Any:
    """A JSON file that has at least `keys`; raises `DataError` naming the file and what it lacks."""
    value = _read(lambda file: json.loads(file.read_text(encoding="utf-8")), path)
    _require_present(path, "keys", [key for key in keys if key not in value])
    return value


def read_rows(path: Path, columns: Sequence[str]) -> Rows:
    """A CSV that has at least `columns`; raises `DataError` naming the file and what it lacks."""
    rows: Rows = _read(read_csv, path)
    _require_present(path, "columns", [column for column in columns if rows and column not in rows[0]])
    return rows


def _read(read: Callable[[Path], Any], path: Path) -> Any:
    try:
        return read(path)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read ({error}). Run `dvc repro` to make it.") from error


def _require_present(path: Path, what: str, missing: Sequence[str]) -> None:
    if missing:
        raise DataError(f"{path}: lacks the {what} {', '.join(missing)}. Run `dvc repro` to make it anew.")
