"""meta.csv: what a person knows about the files beyond their folders: split, group, class.

Where it is not there, the table of an image folder of Hugging Face (metadata.csv, metadata.jsonl) is read alike.
"""

import difflib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from augment.core.progress import first_few
from augment.data.entries import Blocker, Entry
from augment.data.sources import disk
from augment.data.sources.disk import Rejected, shown
from augment.data.sources.tabular import paths
from augment.data.sources.tabular.tables import MAX_BYTES, Table, read_table
from augment.data.sources.tabular.tables import Row as Cells

META = "meta.csv"
FOREIGN = ("metadata.csv", "metadata.jsonl")  # read where they have the column `file_name`
PATH, LABEL = ("path", "file_name"), ("class", "label")  # either
LEAKING = ("split", "group")  # columns that nobody must believe to be read when they are not
SPLITS = ("train", "val", "test", "")
ALLOWED_SPLITS = "allowed are train, val, test or empty"
_OTHER_SPLITS = {"validation": "val"}


@dataclass(frozen=True)
class Row:
    """What one line says of its file; empty texts say nothing. Rows are equal when they say the same."""

    line: int = field(compare=False)
    label: str
    split: str
    group: str


def apply(root: Path, entries: Sequence[Entry]) -> list[Blocker]:
    """Give the entries the splits and groups of `root/meta.csv` or of another's like it; without one, do nothing.

    Columns: path (relative to `root`), class, split (train, val, test or empty), group; all but
    path are optional, others are not read. Returns what contradicts itself or the folders.
    """
    table_entry = table_of(entries)
    alike = [entry.path for entry in entries if entry.path.lower() == META != entry.path]
    if alike and (table_entry is None or table_entry.path != META):
        advice = f"rename it to {META}, or take it away"
        return [Blocker(path, "bad_meta", f"{shown(path)} is not read; {advice}") for path in alike]
    if table_entry is None or (table_entry.path != META and table_entry.outcome == "quarantined"):
        return []
    name = table_entry.path
    if name == META and table_entry.code != "meta":
        return [_bad(name, f"{table_entry.detail}; replace it by a plain file or delete it")]
    try:
        table = read(root / name)
    except (Rejected, ValueError) as error:
        what = error.detail if isinstance(error, Rejected) else str(error)
        advice = "write a comma-separated UTF-8 file with a header: path,class,split,group"
        blockers = [_bad(name, f"{what}; {advice}{', or take it away' * (name != META)}")]
        table_entry.reject("stop", "bad_meta", blockers[0].message)
        return blockers
    if not set(PATH) & set(table.columns) and name != META:
        return []  # of something else
    detail = "read for splits and groups"
    table_entry.reject("ignored", "meta", f"{detail}; {table.remark}" if table.remark else detail)
    return _use(table, table_entry, entries)


def table_of(entries: Sequence[Entry]) -> Entry | None:
    """The table that is read beside class folders, where there is one."""
    there = {entry.path: entry for entry in entries if entry.path in (META, *FOREIGN)}
    return next((there[name] for name in (META, *FOREIGN) if name in there), None)


def read(file: Path) -> Table:
    """The table of a file; Raises `Rejected`, and ValueError when it cannot be read as a table of images, or a column
    of `LEAKING` seems to be misspelt."""
    table = read_table(disk.read_regular(file.resolve(), MAX_BYTES), file.suffix, PATH)
    if file.name == META:
        table.column(*PATH)
    refuse_misspelt(table)
    return table


def refuse_misspelt(table: Table) -> None:
    """Raises ValueError where one of `LEAKING` seems to be misspelt."""
    for wanted in LEAKING:
        near = [] if wanted in table.columns else difflib.get_close_matches(wanted, table.columns, n=1, cutoff=0.75)
        if near:
            advice = f"rename it to `{wanted}`, or to something less like that"
            raise ValueError(f"its column `{shown(near[0])}` is not read; {advice}")


def split_of(cells: Cells) -> str:
    """The split that a row declares, as it is called here."""
    return _OTHER_SPLITS.get(cells.text("split"), cells.text("split"))


def _use(table: Table, table_entry: Entry, entries: Sequence[Entry]) -> list[Blocker]:
    """Entries get what the rows say of them, unless a row is at fault."""
    name = table_entry.path
    of_path = {paths.key(entry.path.replace("\\", "/")): entry for entry in entries}
    of_path |= {paths.key(entry.path): entry for entry in entries}
    rows, blockers = _rows(name, table, of_path)
    missing = [path for path in rows if path not in of_path]
    if missing:
        blockers.append(_bad(name, _missing(missing, entries)))
    if blockers:
        table_entry.reject("stop", "bad_meta", blockers[0].message)
    used = {path: row for path, row in rows.items() if path in of_path and of_path[path].outcome in ("ok", "fixed")}
    names = _names([(row.label, of_path[path].label) for path, row in used.items()]) if name != META else {}
    for path, row in used.items():
        blockers += _set(name, of_path[path], row, names)
    return blockers


def _missing(missing: Sequence[str], entries: Sequence[Entry]) -> str:
    known = paths.by_ending(entry.path for entry in entries if entry.outcome != "ignored")
    meant = next(((path, found) for path in missing if (found := paths.near(path, known))), None)
    reason = paths.why_missing(*meant) if meant else paths.why_missing(missing[0], "")
    example = "" if reason == "there is no such file" else f"; of {shown((meant or missing)[0])}: {reason}"
    names = first_few(list(map(shown, missing)), 3)
    return f"{len(missing)} files are not in the folder ({names}){example}; correct or delete the rows"


def _rows(name: str, table: Table, known: dict[str, Entry]) -> tuple[dict[str, Row], list[Blocker]]:
    """What the table says of each path: of an entry that is known, or as it stands; the key has one entry."""
    path_column = table.column(*PATH)
    label_column = next((column for column in LABEL if column in table.columns), LABEL[0])
    rows: dict[str, Row] = {}
    blockers = []
    for cells in table.rows:
        row = Row(cells.line, cells.text(label_column), split_of(cells), cells.text("group"))
        if row.split not in SPLITS:
            blockers.append(_bad(name, f"line {row.line}: split {shown(row.split)!r}; {ALLOWED_SPLITS}"))
        if fault := cells.fault("group"):
            blockers.append(_bad(name, fault))
        path = cells.cells.get(path_column, "")
        if not path.strip():
            blockers.append(_bad(name, f"line {row.line}: no path"))
            continue
        keys = [paths.key(shown(spelling)) for spelling in paths.spellings(path)]
        spelt = next((one for one in keys if one in known), path.strip())
        first = rows.setdefault(paths.key(known[spelt].path) if spelt in known else spelt, row)
        if first != row:
            what = f"lines {first.line} and {row.line} disagree about {shown(spelt)}; keep one of them"
            blockers.append(_bad(name, what))
    return rows, blockers


def _names(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """What a table of others calls the class folders, where it has one name of its own for each: folder -> name."""
    distinct = {(folder, label) for label, folder in pairs if label}
    names = dict(distinct)
    one_to_one = len(names) == len(distinct) == len(set(names.values()))
    return names if one_to_one and not set(names) & set(names.values()) else {}


def _set(name: str, entry: Entry, row: Row, names: dict[str, str]) -> list[Blocker]:
    """An entry gets split and group; contradictions with what its folders say stop the run."""
    before, split = entry.declared_split, row.split if row.split in SPLITS else ""
    entry.declared_split, entry.group = split or before, row.group
    label, here = unicodedata.normalize("NFC", row.label), unicodedata.normalize("NFC", entry.label.strip())
    quoted = f"'{here}"  # as our own tables write what a spreadsheet would run
    if label and label not in (here, quoted, names.get(entry.label)):
        return [_contradiction(name, entry, row, row.label, entry.label)]
    if split and before and split != before:
        return [_contradiction(name, entry, row, split, before)]
    return []


def _contradiction(name: str, entry: Entry, row: Row, said: str, folder: str) -> Blocker:
    code = "label_conflict" if said == row.label else "split_conflict"
    entry.reject("stop", code, f"{name} says {said!r}, the folder {folder!r}")
    return Blocker(entry.path, code, f"{entry.detail} (line {row.line}); move the file or correct the row")


def _bad(name: str, message: str) -> Blocker:
    return Blocker(name, "bad_meta", f"{name}: {message}")
