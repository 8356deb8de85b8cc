"""data/augmented, which `assemble` writes, given back as images: the real ones, under their labels and splits."""

from collections.abc import Sequence
from pathlib import Path

from augment.core.errors import DataError
from augment.core.files import read_csv
from augment.core.progress import first_few
from augment.data.entries import Blocker, Entry

MANIFEST = "manifest.csv"
_COLUMNS = {"path", "label", "split", "synthetic"}


def apply(folder: Path, start: str, entries: Sequence[Entry]) -> tuple[list[Blocker], list[str]]:
    """Leave out what `folder/manifest.csv` calls synthetic, and take its labels and splits for the rest; returns what
    is wrong with it, and notes. Nothing where there is no such file, or it is none of `assemble`.

    start: how paths of the entries begin in this folder, empty where it is their root.
    """
    file = folder / MANIFEST
    try:
        rows = read_csv(file) if file.is_file() else []
    except (OSError, DataError) as error:
        return [Blocker(MANIFEST, "bad_manifest", f"{error}; delete it if it belongs to another folder")], []
    if not rows or not rows[0].keys() >= _COLUMNS:
        return [], _unsaid(entries)
    of_path = {"/".join(filter(None, (start, row["path"]))): row for row in rows}
    left_out = 0
    for entry in entries:
        row = of_path.get(entry.path)
        if row is None or entry.outcome not in ("ok", "fixed"):
            continue
        entry.label, entry.declared_split = row["label"], row["split"]
        if row["synthetic"] != "0":
            entry.reject("ignored", "synthetic", f"{MANIFEST} says that it is synthetic")
            left_out += 1
    said = f"synthetic: {left_out} images that {MANIFEST} calls synthetic are left out; the real ones are read"
    return [], [said, *_unsaid([entry for entry in entries if entry.path not in of_path])]


def _unsaid(entries: Sequence[Entry]) -> list[str]:
    """A note on images that are named as `assemble` names made ones, where no manifest says what they are."""
    named = [entry.path for entry in entries if entry.outcome in ("ok", "fixed") and _is_named_made(entry.path)]
    if not named:
        return []
    what = f"synthetic: {len(named)} files are named like made images ({first_few(named, 2)}) and are read as real ones"
    return [f"{what}, since no {MANIFEST} says more; take them away if they are not"]


def _is_named_made(path: str) -> bool:
    return path.rsplit("/", maxsplit=1)[-1].startswith("synthetic-")
