"""data/augmented, which `assemble` writes, given back as images: the real ones, under their labels and splits.

Of the whole folder manifest.csv tells, of the folder of one split, taken by itself, its metadata.csv.
"""

import contextlib
from collections.abc import Sequence
from pathlib import Path

from augment.core.errors import DataError
from augment.core.files import Rows, read_csv
from augment.core.progress import first_few
from augment.data.delivered import MANIFEST, METADATA, METADATA_COLUMNS
from augment.data.entries import Blocker, Entry

_COLUMNS = {"path", "label", "split", "synthetic"}


def apply(folder: Path, start: str, entries: Sequence[Entry]) -> tuple[list[Blocker], list[str]]:
    """Leave out what `folder/manifest.csv` calls synthetic, and take its labels and splits for the rest; returns what
    is wrong with it, and notes. Nothing where no such file is there, or it is none of `assemble`.

    start: how paths of the entries begin in this folder, empty where it is their root.
    """
    file = folder / MANIFEST
    try:
        rows: Rows = read_csv(file) if file.is_file() else []
    except (OSError, DataError) as error:
        return [Blocker(MANIFEST, "bad_manifest", f"{error}; delete it if it belongs to another folder")], []
    name = MANIFEST
    if not rows or not rows[0].keys() >= _COLUMNS:
        name, rows = METADATA, _of_split(folder / METADATA)
    if not rows:
        return [], _unsaid(entries)
    of_path = {"/".join(filter(None, (start, row["path"]))): row for row in rows}
    left_out = 0
    for entry in entries:
        row = of_path.get(entry.path)
        if row is None or entry.outcome not in ("ok", "fixed"):
            continue
        entry.label, entry.declared_split = row["label"], row["split"]
        if row["synthetic"] != "0":
            entry.reject("ignored", "synthetic", f"{name} says that it is synthetic")
            left_out += 1
    said = f"synthetic: {left_out} images that {name} calls synthetic are left out; the real ones are read"
    return [], [said, *_unsaid([entry for entry in entries if entry.path not in of_path])]


def _of_split(file: Path) -> Rows:
    """What metadata.csv says, in the words of manifest.csv; nothing where it is another's, which is read elsewhere."""
    with contextlib.suppress(OSError, DataError):
        rows = read_csv(file)
        if rows and tuple(rows[0]) == METADATA_COLUMNS:
            return [{**row, "path": row["file_name"].removeprefix("./"), "split": ""} for row in rows]
    return []


def _unsaid(entries: Sequence[Entry]) -> list[str]:
    """A note on images that are named as `assemble` names made ones, where no manifest says what they are."""
    named = [entry.path for entry in entries if entry.outcome in ("ok", "fixed") and _is_named_made(entry.path)]
    if not named:
        return []
    what = f"synthetic: {len(named)} files are named like made images ({first_few(named, 2)}) and are read as real ones"
    return [f"{what}, since no {MANIFEST} says more; take them away if they are not"]


def _is_named_made(path: str) -> bool:
    return path.rsplit("/", maxsplit=1)[-1].startswith("synthetic-")
