"""Original images: known by name and hash, and read again where they are wanted larger than GANs work at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from augment.core.errors import DataError
from augment.core.files import read_csv, read_json, sha256
from augment.core.progress import MAX_PROBLEM_LINES, Progress, limited
from augment.data.cleaning import find_entries, read_again
from augment.data.decoding import formats
from augment.data.decoding.fitting import fitted
from augment.data.entries import Entry
from augment.data.sizes import Size
from augment.data.sources import disk
from augment.params import Ingest

UInt8 = NDArray[np.uint8]
CHUNK_IMAGES = 256  # decoded in one go: all of them would be held twice
AS_THEY_ARE = {"", "ext_mismatch", "flattened", "name_escaped", "resized"}  # codes of files that need no decoding
AGAIN = "Put it back as it was, or run `dvc repro` to prepare the set anew."


@dataclass(frozen=True)
class Originals:
    """What ingest saw of each usable image, by its name in the set, and how it reads them.

    hashes: hex SHA-256 of its file; codes: what ingest had to change in it; scale: what became 255 in deep files, by
    their stored depth
    """

    ingest: Ingest
    hashes: Mapping[str, str]
    codes: Mapping[str, str]
    scale: Mapping[int, int]

    def of(self, names: Sequence[str]) -> "Originals":
        """As far as these images go, for a unit of work."""
        hashes, codes = ({name: known[name] for name in names} for known in (self.hashes, self.codes))
        return replace(self, hashes=hashes, codes=codes)


def known_originals(prepared: Path, ingest: Ingest) -> Originals:
    """Of data/prepared. Raises `DataError` where it is not what `ingest` wrote."""
    used = [row for row in read_csv(prepared / "manifest.csv") if row["outcome"] in ("ok", "fixed")]
    hashes, codes = ({row["path"]: row[name] for row in used} for name in ("sha256", "code"))
    return Originals(ingest, hashes, codes, read_scale(prepared))


def read_scale(prepared: Path) -> dict[int, int]:
    """What became 255 in the deep files of the set, by their stored depth, as `ingest` wrote it. Raises `DataError`."""
    white = read_json(prepared / "depth.json", ("white",))["white"]
    return {int(top): int(at) for top, at in white.items()}


def read_originals(originals: Originals, names: Sequence[str], size: Size, channels: int) -> UInt8:
    """Images uint8 (N, channels, *size) of the named originals, in their order, shaped as ingest shapes to its size.

    Raises `DataError` for originals that are gone, are other files than ingest read, or cannot be read at that size.
    """
    images = np.empty((len(names), channels, *size), dtype=np.uint8)
    entries, progress = original_files(originals, names), Progress("originals read", len(names))
    for start in range(0, len(entries), CHUNK_IMAGES):
        read = _read(originals, entries[start : start + CHUNK_IMAGES], size, channels)
        for position, entry in enumerate(read, start):
            images[position] = _taken(entry, channels)
            progress.advance()
    return images


def original_image(originals: Originals, entry: Entry, size: Size | None, channels: int) -> UInt8:
    """One of `original_files`, uint8 (channels, *size), or as large as it is stored. Raises `DataError` as
    `read_originals`."""
    (read,) = _read(originals, [entry], size, channels)
    return _taken(read, channels)


def as_read_at(image: UInt8, size: Size, ingest: Ingest) -> UInt8:
    """An original as it is stored, uint8 (C, H, W), as it is read at a size."""
    return fitted(image.transpose(1, 2, 0), *size, ingest.fit, ingest.background).transpose(2, 0, 1)


def _read(originals: Originals, entries: Sequence[Entry], size: Size | None, channels: int) -> list[Entry]:
    form = originals.ingest.model_copy(update={"color": "grey" if channels == 1 else "rgb"})
    read = read_again(entries, form, size, originals.scale)
    _require_same(originals, read)
    _require_read(originals, read, size)
    return read


def _taken(entry: Entry, channels: int) -> UInt8:
    """Its pixels, uint8 (C, H, W), which it holds no longer."""
    assert entry.pixels is not None
    pixels, entry.pixels = entry.pixels, None
    return np.repeat(pixels.transpose(2, 0, 1), channels // pixels.shape[2], axis=0)


def original_files(originals: Originals, names: Sequence[str]) -> list[Entry]:
    """The named originals, not decoded, in their order. Raises `DataError` for those that are gone."""
    found = {entry.path: entry for entry in find_entries(originals.ingest)[0]}
    gone = [name for name in names if name not in found or found[name].outcome not in ("ok", "fixed")]
    _refuse(originals, [f"{name}: an original that ingest read is gone" for name in gone])
    return [found[name] for name in names]


def is_copied(originals: Originals, name: str) -> bool:
    """Whether every reader sees the image as ingest does: upright, in 8 bits, without transparency or colour tables."""
    return {*originals.codes[name].split("+")} <= AS_THEY_ARE


def copied_file(originals: Originals, entry: Entry) -> tuple[bytes, str]:
    """The content of an original, and the ending of its format. Raises `DataError` for one that has changed."""
    assert entry.location is not None
    content = disk.read_regular(entry.location, originals.ingest.max_file_mb * 1024 * 1024)
    entry.sha256 = sha256(content)
    _require_same(originals, [entry])
    return content, formats.EXTENSIONS[formats.identify(content, entry.path)][0]


def _require_same(originals: Originals, entries: Sequence[Entry]) -> None:
    changed = [entry for entry in entries if entry.sha256 != originals.hashes[entry.path]]
    _refuse(originals, [f"{entry.path}: an original is no longer the file that ingest read" for entry in changed])


def _require_read(originals: Originals, entries: Sequence[Entry], size: Size | None) -> None:
    """A worker has its limits of memory and time, and settings may be others than ingest's."""
    where = "as it is stored" if size is None else f"at {size[0]} x {size[1]}"
    lines = [f"{entry.path}: cannot be read {where}: {entry.detail}" for entry in entries if entry.pixels is None]
    _refuse(originals, lines, f"Name a smaller size, or {AGAIN[0].lower()}{AGAIN[1:]}")


def _refuse(originals: Originals, lines: Sequence[str], mend: str = AGAIN) -> None:
    if lines:
        where = [f"{originals.ingest.path}: {line}" for line in limited(lines, MAX_PROBLEM_LINES)]
        raise DataError("\n".join([*where, mend]))
