"""Tables beside images that nothing reads: which column names the images, and what another knows of them.

CSV and its kin, JSON, Excel workbooks; of Parquet the names of columns alone, since nothing here opens it.
"""

import contextlib
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from augment.data.sources import disk
from augment.data.sources.disk import Rejected
from augment.data.sources.tabular import paths
from augment.data.sources.tabular.tables import LINES, Table, json_value, read_table, table_of

SUFFIXES = (".csv", ".tsv", ".tab", ".txt", ".json", *LINES, ".xlsx", ".parquet")
_MAX_BYTES = 20_000_000  # of a table that nothing needs
_MAX_TABLES = 20  # of one folder
_MIN_MATCHES = 0.5  # of the cells of a column, from which it names images
_TRIED = 200  # cells, before all of a column are looked up
_NAMES = re.compile("image|img|file|name|path|id|photo|picture|scan")
_SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def tables_in(folder: Path) -> list[tuple[str, Path]]:
    """The tables of a folder, by name."""
    with contextlib.suppress(OSError):
        return sorted((file.name, file) for file in folder.iterdir() if is_table(file.name))
    return []


def is_table(name: str) -> bool:
    """Whether a file is named as tables are."""
    return Path(name).suffix.lower() in SUFFIXES and not name.rpartition("/")[2].startswith((".", "~$"))


def readable(files: Iterable[tuple[str, Path]]) -> Iterator[tuple[str, Table]]:
    """Those of (name, file) that are tables, of the first few."""
    for name, file in islice(files, _MAX_TABLES):
        # What is no table holds nothing that anybody could use.
        with contextlib.suppress(Rejected, ValueError, OSError):
            yield name, _read(disk.read_regular(file, _MAX_BYTES), file.suffix.lower())


def naming_column(table: Table, known: Mapping[str, str]) -> tuple[str, dict[int, str]]:
    """The column whose cells name images, and the image of each row by its position; or "" and nothing.

    known: endings of paths (`paths.by_ending`).
    """
    best = max(table.columns, key=lambda column: len(set(_named(table, column, known, _TRIED).values())), default="")
    images = _named(table, best, known, len(table.rows))
    return (best, images) if len(set(images.values())) > 1 else ("", {})


def _named(table: Table, column: str, known: Mapping[str, str], most: int) -> dict[int, str]:
    """The images that the first cells of a column name; none where that looks like chance."""
    cells = {at: cell for at, row in enumerate(table.rows) if (cell := row.cells.get(column, "")).strip()}
    tried = list(cells.items())[:most]
    if all(cell.strip().isdecimal() for _, cell in tried) and not _NAMES.search(column):
        return {}  # epochs of a log, and images called by numbers
    images = {at: found for at, cell in tried if (found := paths.near(cell, known))}
    return images if len(images) >= _MIN_MATCHES * len(tried) else {}


def _read(content: bytes, suffix: str) -> Table:
    """Raises ValueError for what is no table."""
    if suffix == ".json":
        return table_of(list(enumerate(_objects(json_value(content.decode("utf-8-sig"))), 1)))
    if suffix == ".xlsx":
        return _workbook(content)
    if suffix == ".parquet":
        return _parquet(content)
    return read_table(content, suffix)


def _objects(value: Any) -> list[Any]:
    """The records in one of the forms in which JSON holds a table: a list, one under a key (COCO), columns, by path."""
    if isinstance(value, dict):
        lists = [part for part in value.values() if isinstance(part, list) and part and isinstance(part[0], dict)]
        if lists:
            return next((part for part in lists if "file_name" in part[0]), lists[0])
        if all(isinstance(part, dict) for part in value.values()):
            first: dict[str, Any] = next(iter(value.values()), {})
            if all(not isinstance(cell, dict | list) for cell in first.values()) and len(first) > len(value):
                return [{name: cells.get(key) for name, cells in value.items()} for key in first]
            return [{"path": path, **record} for path, record in value.items()]
    return [record for record in value if isinstance(record, dict)] if isinstance(value, list) else []


def _workbook(content: bytes) -> Table:
    """The first sheet of an Excel workbook, its first row as columns."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            names = archive.namelist()
            texts = _shared_texts(archive) if "xl/sharedStrings.xml" in names else []
            sheet = min(name for name in names if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", name))
            rows = [_sheet_row(row, texts) for row in _xml(archive, sheet).iter(f"{_SHEET}row")]
    except (
        zipfile.BadZipFile,
        ElementTree.ParseError,
        KeyError,
        IndexError,
        RuntimeError,
        NotImplementedError,
    ) as error:
        raise ValueError("no workbook that can be read") from error
    header = rows[0] if rows else {}
    records = [{name: row.get(at, "") for at, name in header.items() if name.strip()} for row in rows[1:]]
    return table_of(list(enumerate(records, 2)))


def _xml(archive: zipfile.ZipFile, name: str) -> ElementTree.Element:
    if archive.getinfo(name).file_size > _MAX_BYTES:
        raise ValueError("too large")
    return ElementTree.fromstring(archive.read(name))


def _shared_texts(archive: zipfile.ZipFile) -> list[str]:
    items = _xml(archive, "xl/sharedStrings.xml").iter(f"{_SHEET}si")
    return ["".join(part.text or "" for part in item.iter(f"{_SHEET}t")) for item in items]


def _sheet_row(row: ElementTree.Element, texts: list[str]) -> dict[str, str]:
    """Column letters -> text."""
    cells = {}
    for at, cell in enumerate(row.iter(f"{_SHEET}c")):
        column = re.sub(r"\d", "", cell.get("r", "")) or str(at)
        value = "".join(part.text or "" for part in cell.iter() if part.tag in (f"{_SHEET}v", f"{_SHEET}t"))
        cells[column] = texts[int(value)] if cell.get("t") == "s" and value else value
    return cells


def _parquet(content: bytes) -> Table:
    """The names in the footer that look like columns, without rows."""
    if not content.endswith(b"PAR1"):
        raise ValueError("no Parquet")
    length = int.from_bytes(content[-8:-4], "little")
    names = re.findall(rb"[A-Za-z_][A-Za-z0-9_ ]{2,40}", content[-8 - length : -8])
    return Table(list(dict.fromkeys(name.decode().lower() for name in names)), [])
