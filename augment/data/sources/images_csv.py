"""images.csv: a list of images that lie anywhere on disk, with their labels, groups and splits."""

import csv
import os
from pathlib import Path

from augment.core.progress import first_few
from augment.data.entries import Blocker, Entry
from augment.data.sources import disk
from augment.data.sources.disk import Rejected, shown
from augment.data.sources.labels import label_blockers
from augment.data.sources.meta import ALLOWED_SPLITS, MAX_BYTES, SPLITS, table

LIST = "images.csv"


def listing(path: Path) -> tuple[list[Entry], list[Blocker]]:
    """One entry for every row, none decoded yet, and what is wrong with the table.

    path: the table, or a folder that holds it as images.csv. Columns: path (relative to the table's folder, or
    absolute), label, group, split (train, val, test or empty); the last two are optional, others are not read.
    """
    file = path / LIST if path.is_dir() else path
    listed = Entry(shown(file.name))
    listed.reject("ignored", "list", "read for paths, labels, groups and splits")
    try:
        rows = table(disk.read_regular(Path(os.path.realpath(file)), MAX_BYTES), ("path", "label"))
    except (Rejected, ValueError, csv.Error) as error:
        return [], [_bad(file, _why(error))]
    entries = [_entry(row, file.parent) for row in rows]
    labels = list(dict.fromkeys(entry.label for entry in entries if entry.label))
    blockers = _row_blockers(file, rows, entries) + label_blockers(shown(str(file)), labels)
    return [listed, *entries], blockers


def _entry(row: dict[str, str], folder: Path) -> Entry:
    path = row["path"].strip()
    # Links are followed: whoever wrote the row means what they lead to.
    location = Path(os.path.realpath(folder / path)) if path and "\0" not in path else None
    entry = Entry(shown(path), row["label"].strip(), location)
    entry.group, entry.declared_split = row.get("group", "").strip(), row.get("split", "").strip()
    if location is None or not location.exists():
        entry.reject("quarantined", "missing", "there is no such file")
    elif not disk.is_plain(path):
        entry.fix("name_escaped", "the name holds characters that cannot be shown")
    return entry


def _row_blockers(file: Path, rows: list[dict[str, str]], entries: list[Entry]) -> list[Blocker]:
    blockers = [] if rows else [_bad(file, "it holds no rows")]
    first: dict[Path | None, tuple[str, Entry]] = {}
    for row, entry in zip(rows, entries, strict=True):
        line = row["line"]
        if not row["path"].strip() or not entry.label:
            blockers.append(_bad(file, f"line {line}: no {'label' if row['path'].strip() else 'path'}"))
            continue
        if entry.declared_split not in SPLITS:
            blockers.append(_bad(file, f"line {line}: split {shown(entry.declared_split)!r}; {ALLOWED_SPLITS}"))
        before, other = first.setdefault(entry.location, (line, entry))
        if (other.label, other.group, other.declared_split) != (entry.label, entry.group, entry.declared_split):
            blockers.append(_bad(file, f"lines {before} and {line} disagree about {entry.path}; keep one of them"))
    missing = [entry.path for entry in entries if entry.code == "missing"]
    if rows and len(missing) == len(rows):
        advice = "paths start from the folder that holds the table"
        blockers.append(_bad(file, f"none of its files exists ({first_few(missing, 3)}); {advice}"))
    return blockers


def _why(error: Exception) -> str:
    if isinstance(error, Rejected):
        detail = "there is no such file" if error.code == "changed_during_read" else error.detail
        return f"{detail}; set ingest.path to the table, or to the folder that holds {LIST}"
    return f"{error}; write a comma-separated UTF-8 file with a header: path,label,group,split"


def _bad(file: Path, message: str) -> Blocker:
    return Blocker(shown(str(file)), "bad_list", message)
