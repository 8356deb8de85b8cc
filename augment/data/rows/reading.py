"""A table as text cells, whatever file holds it, and arrays of vectors."""

import zipfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from augment.core.errors import AugmentError, DataError, os_error_text
from augment.core.files import read_file
from augment.data.rows.columns import is_number, without_missing
from augment.data.sources.disk import shown
from augment.data.sources.tabular.tables import decoded, filled_records

MAX_BYTES = 500_000_000
MAX_COLUMNS, MAX_DIMENSIONS = 1_000, 2_048  # of a table, of vectors: their covariances are inverted
VECTOR_NAMES = ("x", "vectors", "embeddings", "features", "data")
LABEL_NAMES = ("y", "labels", "label", "targets", "target")


@dataclass(frozen=True)
class RawTable:
    """cells: column -> its texts, without blanks around them; lines: int (N,), of the file, from 1; remark: how it was
    read, where a person might wonder."""

    name: str
    cells: Mapping[str, list[str]]
    lines: list[int]
    remark: str = ""

    def __len__(self) -> int:
        return len(self.lines)


@dataclass(frozen=True)
class RawVectors:
    """vectors: float64 (N, D); labels: str (N,); groups, splits: str (N,), or None where the file has none."""

    name: str
    vectors: NDArray[np.float64]
    labels: list[str]
    groups: list[str] | None
    splits: list[str] | None


def read_raw(path: Path) -> RawTable:
    """A CSV file, its separator and encoding found, or a Parquet file. Raises `DataError` in words for people."""
    if path.is_dir():
        raise DataError(f"{shown(str(path))}: a folder; for source table give the CSV or Parquet file itself")
    try:
        if path.suffix.lower() in (".parquet", ".pq"):
            return _parquet(path)
        return _csv(path.name, read_file(path, MAX_BYTES))
    except OSError as error:
        raise DataError(f"{os_error_text(error)}. Correct ingest.path") from error
    except ValueError as error:
        raise DataError(f"{shown(str(path))}: {error}. Save it as CSV in UTF-8, with one header line") from error


def _csv(name: str, content: bytes) -> RawTable:
    text, encoding = decoded(content)
    separator, lines = filled_records(text)
    header = [cell.strip() for cell in next(lines, (0, []))[1]]
    _check_header(name, header)
    rows, numbers = [], []
    for line, cells in lines:
        if len(cells) != len(header):
            raise DataError(f"{name}: line {line} has {len(cells)} cells where the header has {len(header)}; mend it")
        rows.append(cells)
        numbers.append(line)
    columns = {column: [row[at].strip() for row in rows] for at, column in enumerate(header)}
    if separator == ";":  # as programs of half of Europe write numbers
        columns = {column: _decimal_points(cells) for column, cells in columns.items()}
    remarks = [f"read as {encoding}"] if encoding else []
    if numbered := next((column for column in header if is_number(column)), None):
        remarks.append(
            f"its first line, the header, has the number {numbered}: if it is a row, write a header above it"
        )
    return RawTable(name, columns, numbers, "; ".join(remarks))


def _check_header(name: str, header: list[str]) -> None:
    """Raises `DataError` for columns that cannot be told apart, or are too many, ValueError for none."""
    if not header:
        raise ValueError("an empty file")
    if len(header) > MAX_COLUMNS:
        raise DataError(f"{name}: {len(header):,} columns, at most {MAX_COLUMNS:,}; drop some, or use source vectors")
    doubled = [column for column, times in Counter(header).items() if times > 1 and column]
    if doubled:
        raise DataError(f"{name}: the column `{shown(doubled[0])}` stands twice in its header; keep one of them")
    nameless = [at for at, column in enumerate(header) if not column]
    if nameless[1:] or (nameless and nameless != [0]):
        raise DataError(f"{name}: column {nameless[-1] + 1} has no name in the header; write one, or drop the column")


def _decimal_points(cells: list[str]) -> list[str]:
    """Cells of a column of numbers with decimal commas, with points."""
    known = [cell for cell in without_missing(cells) if cell]
    if not any("," in cell for cell in known) or any("." in cell for cell in known):
        return cells
    is_of_numbers = all(is_number(cell.replace(",", ".")) for cell in known)
    return [cell.replace(",", ".") for cell in cells] if is_of_numbers else cells


def _parquet(path: Path) -> RawTable:
    try:
        from pyarrow import parquet  # noqa: PLC0415  (an extra)
    except ImportError as error:
        raise AugmentError(
            f"{shown(str(path))}: Parquet needs pyarrow: pip install pyarrow, or save the CSV"
        ) from error
    try:
        table = parquet.read_table(path)
    except Exception as error:  # pyarrow has errors of its own for each kind of damage
        raise ValueError(f"no Parquet file ({str(error)[:200]})") from error
    _check_header(path.name, table.column_names)
    cells = {name: [_text(value) for value in table.column(name).to_pylist()] for name in table.column_names}
    return RawTable(path.name, cells, list(range(1, table.num_rows + 1)))


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()


def read_vectors(path: Path) -> RawVectors:
    """An .npz file of vectors (`x`, (N, D)) and labels (`y`, (N,)), with `groups` and `split` where there are any.

    Raises `DataError` in words for people; no pickle is read.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name.lower(): stored[name] for name in stored.files}
    except OSError as error:
        raise DataError(f"{os_error_text(error)}. Correct ingest.path") from error
    except (ValueError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        what = "vectors come as one .npz file with arrays x (N, D) and y (N,), made by numpy.savez of numbers and texts"
        what += "; objects, as pandas has them, are none: y.astype(str)"
        raise DataError(f"{shown(str(path))}: {what}; this one cannot be read ({str(error)[:200]})") from error
    vectors, labels = (_array(path, arrays, names) for names in (VECTOR_NAMES, LABEL_NAMES))
    if vectors.ndim != 2 or vectors.dtype.kind not in "fiu" or labels.shape != vectors.shape[:1]:
        found = f"x {vectors.dtype} {vectors.shape}, y {labels.shape}"
        raise DataError(f"{shown(str(path))}: needs numbers x (N, D) and y (N,), found {found}")
    if not 1 <= vectors.shape[1] <= MAX_DIMENSIONS:
        raise DataError(
            f"{shown(str(path))}: vectors have {vectors.shape[1]} dimensions; 1 to {MAX_DIMENSIONS} are allowed"
        )
    values = vectors.astype(np.float64)
    if not np.isfinite(values).all():
        row = int(np.flatnonzero(~np.isfinite(values).all(axis=1))[0])
        raise DataError(f"{shown(str(path))}: vector {row} holds a number that is not finite; take it out")
    extras = [_texts(arrays[name]) if name in arrays else None for name in ("groups", "split")]
    if any(extra is not None and len(extra) != len(values) for extra in extras):
        raise DataError(f"{shown(str(path))}: groups and split need one value for each of the {len(values)} vectors")
    return RawVectors(path.name, values, _texts(labels), *extras)


def _texts(array: NDArray[np.generic]) -> list[str]:
    """Empty for NaN; bytes are read as UTF-8."""
    values = ("" if value != value else value for value in array.tolist())  # noqa: PLR0124  (NaN)
    texts = (value.decode(errors="replace") if isinstance(value, bytes) else str(value) for value in values)
    return [text.strip() for text in texts]


def _array(path: Path, arrays: Mapping[str, NDArray[np.generic]], names: tuple[str, ...]) -> NDArray[np.generic]:
    for name in names:
        if name in arrays:
            return arrays[name]
    raise DataError(f"{shown(str(path))}: no array `{names[0]}` ({', '.join(arrays) or 'none at all'} are there)")
