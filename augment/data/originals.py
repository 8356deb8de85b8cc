"""Original images: known by name and hash, and read again where they are wanted larger than GANs work at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from augment.core.errors import DataError
from augment.core.files import read_csv, read_json
from augment.core.progress import MAX_PROBLEM_LINES, limited
from augment.data.cleaning import find_entries, one_scale, take_in, wanted_of
from augment.data.entries import Entry
from augment.data.sizes import Size
from augment.params import Ingest

CHUNK_IMAGES = 256  # decoded in one go: all of them would be held twice
AGAIN = "Put it back as it was, or run `dvc repro` to prepare the set anew."


@dataclass(frozen=True)
class Originals:
    """What ingest saw. hashes: name of each usable image in the set -> hex SHA-256 of its file; scale: what became 255
    in deep files, by their stored depth."""

    hashes: Mapping[str, str]
    scale: Mapping[int, int]


def known_originals(prepared: Path) -> Originals:
    """Of data/prepared. Raises `DataError` where it is not what `ingest` wrote."""
    used = [row for row in read_csv(prepared / "manifest.csv") if row["outcome"] in ("ok", "fixed")]
    white = read_json(prepared / "depth.json", ("white",))["white"]
    return Originals({row["path"]: row["sha256"] for row in used}, {int(top): int(at) for top, at in white.items()})


def read_originals(
    ingest: Ingest, names: Sequence[str], originals: Originals, size: Size, channels: int
) -> NDArray[np.uint8]:
    """Images uint8 (N, channels, *size) of the named originals, in their order, shaped as ingest shapes to its size.

    Raises `DataError` for originals that are gone, or are other files than ingest read.
    """
    form = ingest.model_copy(update={"size": size, "color": "grey" if channels == 1 else "rgb"})
    entries, images = _entries(form, names), np.empty((len(names), channels, *size), dtype=np.uint8)
    for at in range(0, len(entries), CHUNK_IMAGES):
        chunk = entries[at : at + CHUNK_IMAGES]
        take_in(chunk, wanted_of(form))
        one_scale(chunk, wanted_of(form), originals.scale)
        _require_same(ingest, chunk, originals)
        for position, entry in enumerate(chunk, start=at):
            assert entry.pixels is not None
            images[position] = entry.pixels.transpose(2, 0, 1)
            entry.pixels = None
    return images


def _entries(ingest: Ingest, names: Sequence[str]) -> list[Entry]:
    found = {entry.path: entry for entry in find_entries(ingest)[0]}
    gone = [name for name in names if name not in found or found[name].outcome not in ("ok", "fixed")]
    _refuse(ingest, [f"{name}: an original that ingest read is gone" for name in gone])
    return [found[name] for name in names]


def _require_same(ingest: Ingest, entries: Sequence[Entry], originals: Originals) -> None:
    changed = [entry for entry in entries if not entry.readable or entry.sha256 != originals.hashes[entry.path]]
    _refuse(
        ingest,
        [f"{entry.path}: an original is {_now(entry)}, and no longer the file that ingest read" for entry in changed],
    )


def _now(entry: Entry) -> str:
    return "another file" if entry.readable else f"unreadable ({entry.code}: {entry.detail})"


def _refuse(ingest: Ingest, lines: Sequence[str]) -> None:
    if lines:
        where = [f"{ingest.path}: {line}" for line in limited(lines, MAX_PROBLEM_LINES)]
        raise DataError("\n".join([*where, AGAIN]))
