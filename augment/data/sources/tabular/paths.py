"""Which file the path in a row of a table means; and where it means none, what a person may have meant."""

import os
import re
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path
from posixpath import splitext

from augment.data.sources.disk import shown

_URL = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_WINDOWS = re.compile(r"[a-z]:[\\/]|\\\\", re.IGNORECASE)


def spellings(cell: str) -> list[str]:
    """The ways to read a cell as a path, the literal one first: blanks off its ends, backslashes between its parts."""
    text = cell.strip()
    return list(dict.fromkeys([cell, text, text.replace("\\", "/")])) if text else []


def key(path: str) -> str:
    """One spelling for a path: no empty parts, composed letters (archives from a Mac hold others)."""
    return unicodedata.normalize("NFC", "/".join(part for part in path.split("/") if part not in ("", ".")))


def endings(path: str) -> list[str]:
    """The path and what is left of it without its first folders, the longest first, regardless of case."""
    parts = key(path.strip().replace("\\", "/")).casefold().split("/")
    return ["/".join(parts[start:]) for start in range(len(parts))]


def by_ending(paths: Iterable[str]) -> dict[str, str]:
    """Every ending of the paths, with and without the file's suffix -> the one path that has it; "" for several."""
    found: dict[str, str] = {}
    for path in paths:
        for ending in endings(path):
            for name in {ending, splitext(ending)[0]}:
                found[name] = path if found.get(name, path) == path else ""
    return found


def near(cell: str, known: Mapping[str, str]) -> str:
    """The path that a cell may mean, of those of `by_ending`; or none."""
    return next((found for ending in endings(cell) if (found := known.get(ending, ""))), "")


def near_on_disk(folder: Path, cell: str, listed: dict[Path, dict[str, str]]) -> str:
    """The path of a file that differs from a cell only in case, suffix or the composition of letters; or none.

    listed: names of folders that were looked at before, which this fills.
    """
    parts = cell.strip().replace("\\", "/").split("/")
    place, found = (Path("/"), [""]) if parts[0] == "" else (folder, [])
    for part in parts:
        if part in ("", "."):
            continue
        if place not in listed:
            listed[place] = _names(place)
        names = listed[place]
        name = (
            part if part == ".." else names.get(part) or names.get(_fold(part)) or names.get(_fold(Path(part).stem), "")
        )
        if not name:
            return ""
        place, found = place / name, [*found, name]
    return "/".join(found)


def _names(folder: Path) -> dict[str, str]:
    """Every name in a folder, by itself and loosely."""
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208  (names, of which there may be many)
    except (OSError, ValueError):
        return {}
    stems = {_fold(Path(name).stem): name for name in names}
    return stems | {_fold(name): name for name in names} | {name: name for name in names}


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold().strip()


def why_missing(cell: str, meant: str) -> str:
    """Why a cell names no file, for people. meant: what may be meant, or nothing."""
    if _URL.match(cell.strip()):
        reason = "it is an address; download the file"
    elif _WINDOWS.match(cell.strip()):
        reason = "it is a path of a Windows computer; write where the file is here"
    elif cell.strip().startswith("~"):
        reason = "`~` is not replaced; write the whole path"
    else:
        reason = "there is no such file"
    return f"{reason}; {shown(meant)} is there" if meant else reason
