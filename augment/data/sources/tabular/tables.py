"""A table of people's own, whatever program wrote it: its encoding, its separator, its columns and rows."""

import contextlib
import csv
import io
import json
import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from augment.core.progress import first_few
from augment.data.sources.disk import shown

MAX_BYTES = 100_000_000
MAX_CELL = 1_000  # characters of a label or group; NumPy gives every text of an array the room of the longest
LINES = (".jsonl", ".ndjson")  # one JSON object a line
_SEPARATORS = ",;\t|"
_MISSING = frozenset({"nan", "<na>", "#n/a", "null"})  # what programs write where nothing was
_EMPTY = "empty file"
_NO_TEXT = {
    b"PK\x03\x04": "it is a workbook or an archive, not text",
    b"\xd0\xcf\x11\xe0": "it is an old Excel workbook, not text",
    b"\x1f\x8b": "it is compressed",
    b"PAR1": "it is Parquet, not text",
}
_ALIKE = {  # other names of the columns that are needed
    "path": ("filename", "file", "filepath", "file_path", "image", "image_path", "img", "img_path", "image_id", "id"),
    "label": ("class", "category", "target", "classname", "class_name", "labels"),
}
_NO_CELLS = {"{": "JSON", "[": "JSON", "<": "a web page"}
_FOREIGN = re.compile(r"[^\x00-\x7f]{4}")  # so many letters beyond ASCII in a row are no Western text
_UNWRITABLE = re.compile("[\0\r\ud800-\udfff]")


@dataclass(frozen=True)
class Row:
    """line: at which the row begins; cells: column -> text as it stands."""

    line: int
    cells: dict[str, str]

    def text(self, column: str) -> str:
        """A cell without blanks around it; empty where there is none, and for what stands for nothing (NaN)."""
        cell = self.cells.get(column, "").strip()
        return "" if cell.casefold() in _MISSING else cell

    def fault(self, *columns: str) -> str:
        """What is wrong with the first of these texts that could not be written again, or nothing."""
        for column in columns:
            text = self.text(column)
            if _UNWRITABLE.search(text):
                what = f"'{shown(text[:80])}' holds a carriage return, a NUL or half a character; take it out"
                return f"line {self.line}: its {column} {what}"
            if len(text) > MAX_CELL:
                return f"line {self.line}: its {column} has {len(text)} characters; at most {MAX_CELL}"
        return ""


@dataclass(frozen=True)
class Table:
    """columns: in lower case, without blanks around them; rows: without those that are wholly blank; remark: how it
    was read, where a person might wonder."""

    columns: list[str]
    rows: list[Row]
    remark: str = ""

    def column(self, *names: str) -> str:
        """The first of the names that is a column. Raises ValueError, naming the first and what stands there."""
        for name in names:
            if name in self.columns:
                return name
        there = shown(", ".join(self.columns)[:80]) or _EMPTY
        alike = [f"; rename `{name}`" for name in _ALIKE.get(names[0], ()) if name in self.columns]
        raise ValueError(f"no column `{names[0]}` in its header ({there}){next(iter(alike), '')}")


def read_table(content: bytes, suffix: str, wanted: Collection[str] = ()) -> Table:
    """The table that a file of this suffix holds: lines of JSON objects, or cells between separators.

    wanted: columns, of which any tells which separator is meant; else the most columns do. UTF-8, UTF-16 with its
    mark and Windows-1252 are read. Raises ValueError in words for people.
    """
    text, encoding = decoded(content)
    remark = f"read as {encoding}" if encoding else ""
    if suffix.lower() in LINES:
        return table_of([(n, json_value(line)) for n, line in enumerate(text.split("\n"), 1) if line.strip()], remark)
    if text.lstrip()[:1] in _NO_CELLS:
        raise ValueError(f"it is {_NO_CELLS[text.lstrip()[:1]]}, not cells with separators")
    lines = filled_records(text, wanted)[1]
    columns = [name.strip().lower() for name in next(lines, (0, []))[1]]
    doubled = [name for name, times in Counter(columns).items() if name and times > 1]
    if doubled:
        raise ValueError(f"the column `{shown(doubled[0])}` stands twice in its header; keep one of them")
    rows = [Row(line, _by_column(columns, line, cells)) for line, cells in lines]
    return Table([name for name in columns if name], rows, remark)


def table_of(objects: list[tuple[int, Any]], remark: str = "") -> Table:
    """A table of (line, JSON object). Raises ValueError."""
    rows = []
    for line, value in objects:
        if not isinstance(value, dict):
            raise ValueError(f"line {line} is no JSON object")
        rows.append(Row(line, {name.strip().lower(): _as_cell(cell) for name, cell in value.items()}))
    return Table(list(dict.fromkeys(name for row in rows for name in row.cells)), rows, remark)


def json_value(text: str) -> Any:
    """What JSON says. Raises ValueError in words for people."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it is no JSON ({error})") from error


def _as_cell(value: object) -> str:
    if value is None or value != value:  # noqa: PLR0124  (NaN)
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def decoded(content: bytes) -> tuple[str, str]:
    """Its text, and the name of an encoding that is not UTF-8."""
    for start, what in _NO_TEXT.items():
        if content.startswith(start):
            raise ValueError(what)
    encoding, name = "utf-8-sig", ""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encoding, name = "utf-16", "UTF-16"
    elif b"\0" in content:
        line = content[: content.index(b"\0")].count(b"\n") + 1
        raise ValueError(f"line {line} holds a NUL byte: it is damaged, or UTF-16 without its mark")
    try:
        return content.decode(encoding), name
    except UnicodeDecodeError as error:
        text = "" if name else content.decode("cp1252", errors="replace")
        if not text or "\ufffd" in text or _FOREIGN.search(text):
            line = content[: error.start].count(b"\n") + 1
            raise ValueError(f"it is not {name or 'UTF-8, and no Windows-1252 either'} (line {line})") from error
        return text, "Windows-1252"


def separator_of(text: str, wanted: set[str]) -> str:
    """What stands between the cells of the header; a comma where nothing tells."""
    start = text.lstrip("\r\n")[:100_000]
    headers: dict[str, list[str]] = {}
    for separator in _SEPARATORS:
        with contextlib.suppress(ValueError):
            header = next(records(start, separator), (0, []))[1]
            headers[separator] = [name.strip().lower() for name in header]
    meant = [separator for separator, names in headers.items() if wanted & set(names)]
    return max(meant or headers, key=lambda separator: len(headers[separator]), default=",")


def filled_records(text: str, wanted: Collection[str] = ()) -> tuple[str, Iterator[tuple[int, list[str]]]]:
    """What stands between the cells, and every record that is not blank, as `records` has them."""
    told = re.match(r"sep=(.)\r?\n", text, re.IGNORECASE)  # what Excel is told in a first line
    text, before = (text[told.end() :], 1) if told else (text, 0)
    separator = told[1] if told else separator_of(text, {name.lower() for name in wanted})
    found = records(text, separator)
    return separator, ((line + before, cells) for line, cells in found if any(map(str.strip, cells)))


def records(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Every record with the line at which it begins; quoted ones may go over several."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            what = "a quote that nothing closes" if "unexpected end" in str(error) else str(error)
            raise ValueError(f"line {line}: {what}") from error
        yield line, cells


def _by_column(columns: list[str], line: int, cells: list[str]) -> dict[str, str]:
    """The cells by column. The first column may lack a name: a data frame numbers its rows there."""
    if any(map(str.strip, cells[len(columns) :])):
        raise ValueError(f"line {line} has more cells than the header")
    nameless = [at for at, (name, cell) in enumerate(zip(columns, cells, strict=False)) if not name and cell.strip()]
    if any(nameless):
        raise ValueError(f"line {line} has a cell in column {max(nameless) + 1}, which has no name in the header")
    return {name: cell for name, cell in zip(columns, cells, strict=False) if name}


def columns_named(names: Collection[str]) -> str:
    """Columns for people, the first few of many."""
    return first_few([f"`{shown(name)}`" for name in names], 4)
