"""meta.csv: what a person knows about the files beyond their folders: split, group, class."""

import csv
import difflib
import io
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from augment.core.progress import first_few
from augment.data.entries import Blocker, Entry
from augment.data.sources import disk
from augment.data.sources.disk import Rejected, shown

META = "meta.csv"
LEAKING = ("split", "group")  # columns that nobody must believe to be read when they are not
SPLITS = ("train", "val", "test", "")
ALLOWED_SPLITS = "allowed are train, val, test or empty"
MAX_BYTES = 100_000_000


@dataclass(frozen=True)
class Row:
    """What one line says of its file; empty texts say nothing. Rows are equal when they say the same."""

    line: int = field(compare=False)
    label: str
    split: str
    group: str


def apply(root: Path, entries: Sequence[Entry]) -> list[Blocker]:
    """Give the entries the splits and groups of `root/meta.csv`; without that file, do nothing.

    Columns: path (relative to `root`), class, split (train, val, test or empty), group; all but
    path are optional, others are not read. Returns what contradicts itself or the folders.
    """
    table_entry = next((entry for entry in entries if entry.path == META), None)
    if table_entry is None:
        alike = [entry.path for entry in entries if entry.path.lower() == META]
        advice = f"rename it to {META}, or take it away"
        return [Blocker(path, "bad_meta", f"{shown(path)} is not read; {advice}") for path in alike]
    if table_entry.code != "meta":
        return [_bad(f"{table_entry.detail}; replace it by a plain file or delete it")]
    try:
        rows, blockers = _rows(table(disk.read_regular((root / META).resolve(), MAX_BYTES), ("path",)))
    except (Rejected, ValueError, csv.Error) as error:
        what = error.detail if isinstance(error, Rejected) else str(error)
        rows, blockers = {}, [_bad(f"{what}; write a comma-separated UTF-8 file with a header: path,class,split,group")]
    known = {_key(entry.path) for entry in entries}
    missing = [path for path in rows if path not in known]
    if missing:
        names = first_few(list(map(shown, missing)), 3)
        blockers.append(_bad(f"{len(missing)} files are not in the folder ({names}); correct or delete the rows"))
    if blockers:
        table_entry.reject("stop", "bad_meta", blockers[0].message)
    for entry in entries:
        row = rows.get(_key(entry.path))
        if row is not None and entry.outcome in ("ok", "fixed"):
            blockers += _set(entry, row)
    return blockers


def table(content: bytes, needed: Sequence[str]) -> list[dict[str, str]]:
    """Rows by column name, with the number of their line under `line`. Raises ValueError in words for people, when a
    column of `needed` is missing or one of `LEAKING` seems to be misspelt too, and csv.Error."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError("it is not UTF-8") from error
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey="", restval="", strict=True)
    columns = [name.strip().lower() for name in reader.fieldnames or ()]
    for name in needed:
        if name not in columns:
            raise ValueError(f"no column `{name}` in its header ({shown(', '.join(columns)[:80]) or 'empty file'})")
    for wanted in LEAKING:
        near = [] if wanted in columns else difflib.get_close_matches(wanted, columns, n=1, cutoff=0.75)
        if near:
            advice = f"rename it to `{wanted}`, or to something less like that"
            raise ValueError(f"its column `{shown(near[0])}` is not read; {advice}")
    doubled = [name for name, times in Counter(columns).items() if name and times > 1]
    if doubled:
        raise ValueError(f"the column `{shown(doubled[0])}` stands twice in its header; keep one of them")
    reader.fieldnames = columns
    rows = []
    for row in reader:
        if row.pop("", None):
            raise ValueError(f"line {reader.line_num} has more cells than the header")
        rows.append(row | {"line": str(reader.line_num)})
    return rows


def _rows(lines: list[dict[str, str]]) -> tuple[dict[str, Row], list[Blocker]]:
    rows: dict[str, Row] = {}
    blockers = []
    for cells in lines:
        label, split, group = (cells.get(name, "").strip() for name in ("class", "split", "group"))
        row = Row(int(cells["line"]), label, split, group)
        if row.split not in SPLITS:
            blockers.append(_bad(f"line {row.line}: split {shown(row.split)!r}; {ALLOWED_SPLITS}"))
        path = _key(cells["path"])
        first = rows.setdefault(path, row)
        if first != row:
            blockers.append(_bad(f"lines {first.line} and {row.line} disagree about {shown(path)}; keep one of them"))
    return rows, blockers


def _set(entry: Entry, row: Row) -> list[Blocker]:
    entry.declared_split, entry.group = row.split if row.split in SPLITS else "", row.group
    label = unicodedata.normalize("NFC", row.label)
    if not label or label == unicodedata.normalize("NFC", entry.label.strip()):
        return []
    entry.reject("stop", "label_conflict", f"meta.csv says {row.label!r}, the folder {entry.label!r}")
    message = f"{entry.detail} (line {row.line}); move the file or correct the row"
    return [Blocker(entry.path, "label_conflict", message)]


def _key(path: str) -> str:
    """One spelling for a path: POSIX separators, composed letters (archives from a Mac hold others)."""
    parts = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".")]
    return unicodedata.normalize("NFC", "/".join(parts))


def _bad(message: str) -> Blocker:
    return Blocker(META, "bad_meta", f"{META}: {message}")
