"""One unit of work: some originals, each decoded once, and every file that is made of each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augment.core.grids import picture, png
from augment.data.entries import Entry
from augment.data.originals import Originals, as_read_at, original_image
from augment.data.sizes import Size
from augment.synthesis.edits import MAX_PASS_VALUES
from augment.synthesis.native import Change, changed

UInt8 = NDArray[np.uint8]
PNG_LEVEL = 2  # of zlib: 3.4 times as fast as the usual 6, files 5 to 7 % larger (benchmarks/LOG.md)


@dataclass(frozen=True)
class OfOriginal:
    """What is wanted of one original, which is image `at` of its side.

    is_shown: its own picture; changes: a picture changed by each; is_lent: its pixels
    """

    at: int
    entry: Entry
    is_shown: bool
    changes: tuple[Change, ...]
    is_lent: bool


@dataclass(frozen=True)
class Unit:
    """Some of these, one after the other: one original is held at a time, however large it is.

    originals: as far as these go; shown_at, edited_at, lent_at: (H, W), None as stored
    """

    originals: Originals
    channels: int
    wanted: tuple[OfOriginal, ...]
    shown_at: Size | None
    edited_at: Size | None
    lent_at: Size


@dataclass(frozen=True)
class Made:
    """shown, changed: PNG files; lent: uint8 (C, H, W); None for what was not wanted."""

    shown: bytes | None
    changed: tuple[bytes, ...]
    lent: UInt8 | None


def make(unit: Unit) -> list[Made]:
    """Raises `DataError` for an original that has changed, or that cannot be read."""
    return [_made(unit, one) for one in unit.wanted]


def _made(unit: Unit, one: OfOriginal) -> Made:
    asked = ((one.is_shown, unit.shown_at), (bool(one.changes), unit.edited_at), (one.is_lent, unit.lent_at))
    sizes = {size for is_asked, size in asked if is_asked}
    read_at = None if len(sizes) > 1 else next(iter(sizes))  # stored pixels become any size
    image = original_image(unit.originals, one.entry, read_at, unit.channels)

    def at(size: Size | None) -> UInt8:
        return image if size == read_at or size is None else as_read_at(image, size, unit.originals.ingest)

    return Made(
        as_file(at(unit.shown_at)) if one.is_shown else None,
        tuple(_edits(at(unit.edited_at), one.changes)) if one.changes else (),
        at(unit.lent_at) if one.is_lent else None,
    )


def _edits(original: UInt8, changes: Sequence[Change]) -> Iterator[bytes]:
    """A few at a time, which is faster, and one where it is large."""
    together = max(1, MAX_PASS_VALUES // original.size)
    for at in range(0, len(changes), together):
        some = changes[at : at + together]
        yield from as_files(changed(np.broadcast_to(original, (len(some), *original.shape)), some))


def enlarge(unit: tuple[UInt8, Size]) -> list[bytes]:
    """PNG files of samples uint8 (n, C, h, w) that vary no original, at that size."""
    samples, size = unit
    blank = np.empty((1, samples.shape[1], *size), dtype=np.uint8)
    return [as_file(changed(blank, [Change(None, sample)])[0]) for sample in samples]


def as_files(images: UInt8) -> list[bytes]:
    """uint8 (n, C, H, W) as PNG files."""
    return [as_file(image) for image in images]


def as_file(image: UInt8) -> bytes:
    """uint8 (C, H, W) as a PNG file."""
    return png(picture(image), PNG_LEVEL)
