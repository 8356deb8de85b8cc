"""images.csv: a list of images that lie anywhere on disk, with their labels, groups and splits."""

import os
from pathlib import Path

from augment.core.progress import first_few
from augment.data.entries import Blocker, Entry
from augment.data.sources import disk
from augment.data.sources.disk import Rejected, shown
from augment.data.sources.labels import label_blockers
from augment.data.sources.meta import ALLOWED_SPLITS, PATH, SPLITS, refuse_misspelt, split_of
from augment.data.sources.tabular import paths
from augment.data.sources.tabular.tables import MAX_BYTES, Row, Table, read_table

LIST = "images.csv"


def listing(path: Path) -> tuple[list[Entry], list[Blocker]]:
    """One entry for every row, none decoded yet, and what is wrong with the table.

    path: the table, or a folder that holds it as images.csv. Columns: path (or file_name; relative to the table's
    folder, or absolute), label, group, split (train, val, test or empty); the last two are optional, others are not
    read.
    """
    file = path / LIST if path.is_dir() else path
    listed = Entry(shown(file.name))
    try:
        table = read(file)
    except (Rejected, ValueError) as error:
        return [], [_bad(file, _why(error))]
    detail = "read for paths, labels, groups and splits"
    listed.reject("ignored", "list", f"{detail}; {table.remark}" if table.remark else detail)
    column, folders = table.column(*PATH), dict[Path, dict[str, str]]()
    entries = [_entry(row, row.cells.get(column, ""), file.parent, folders) for row in table.rows]
    labels = list(dict.fromkeys(entry.label for entry in entries if entry.label))
    blockers = _row_blockers(file, table, entries) + label_blockers(shown(str(file)), labels)
    return [listed, *entries], blockers


def read(file: Path) -> Table:
    """The table of a file. Raises `Rejected`, and ValueError in words for people."""
    table = read_table(disk.read_regular(Path(os.path.realpath(file)), MAX_BYTES), file.suffix, PATH)
    table.column(*PATH)
    table.column("label")
    refuse_misspelt(table)
    return table


def _entry(row: Row, cell: str, folder: Path, folders: dict[Path, dict[str, str]]) -> Entry:
    """The image that a row names; folders: names of those that were looked at, which this fills."""
    entry = Entry(shown(cell.strip()), row.text("label"))
    entry.group, entry.declared_split = row.text("group"), split_of(row)
    code, reason = "missing", ""
    for spelling in paths.spellings(cell):
        try:
            # Links are followed: whoever wrote the row means what they lead to.
            location = os.path.realpath(folder / spelling, strict=True)
        except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: a NUL
            continue
        except OSError as error:
            code, reason = "unreadable", error.strerror or "the system refuses to look for it"
            continue
        entry.path, entry.location = shown(spelling), location
        if not disk.is_plain(spelling):
            entry.fix("name_escaped", "the name holds characters that cannot be shown")
        return entry
    meant = paths.near_on_disk(folder, cell, folders) if not reason else ""
    if meant and paths.key(meant) == paths.key(cell.strip().replace("\\", "/")):  # letters composed otherwise
        entry.location = os.path.realpath(folder / meant)
        return entry
    entry.reject("quarantined", code, reason or paths.why_missing(cell, meant))
    return entry


def _row_blockers(file: Path, table: Table, entries: list[Entry]) -> list[Blocker]:
    blockers = [] if table.rows else [_bad(file, "it holds no rows")]
    first: dict[str, tuple[int, Entry]] = {}
    for row, entry in zip(table.rows, entries, strict=True):
        if not entry.path or not entry.label:
            nothing = row.cells.get("label", "").strip() if entry.path else ""  # NaN and the like
            what = f"no {'label' if entry.path else 'path'}" + f" ({shown(nothing)!r})" * bool(nothing)
            blockers.append(_bad(file, f"line {row.line}: {what}"))
            continue
        if fault := row.fault("label", "group"):
            blockers.append(_bad(file, fault))
        if entry.declared_split not in SPLITS:
            blockers.append(_bad(file, f"line {row.line}: split {shown(entry.declared_split)!r}; {ALLOWED_SPLITS}"))
        before, other = first.setdefault(entry.location or entry.path, (row.line, entry))
        if (other.label, other.group, other.declared_split) != (entry.label, entry.group, entry.declared_split):
            what = f"lines {before} and {row.line} disagree about {entry.path}; keep one of them"
            blockers.append(_bad(file, what))
    missing = [entry for entry in entries if entry.code in ("missing", "unreadable")]
    if table.rows and len(missing) == len(entries):
        names, advice = first_few([entry.path for entry in missing], 3), "paths start from the folder of the table"
        blockers.append(_bad(file, f"none of its files is found ({names}): {missing[0].detail}; {advice}"))
    return blockers


def _why(error: Exception) -> str:
    if isinstance(error, Rejected):
        detail = "there is no such file" if error.code == "changed_during_read" else error.detail
        return f"{detail}; set ingest.path to the table, or to the folder that holds {LIST}"
    return f"{error}; write a comma-separated UTF-8 file with a header: path,label,group,split"


def _bad(file: Path, message: str) -> Blocker:
    return Blocker(shown(str(file)), "bad_list", message)
