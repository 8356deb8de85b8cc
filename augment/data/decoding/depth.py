"""Integers of more than 8 bits: a sensor of 14 bits stores 16, so the depth that a file has says little of its white.

One rule for the set, so that no class gets a scale of its own: white is 2**bits - 1 with the fewest bits that hold the
largest value of all its deep files. Files that say how many bits they use are taken at their word.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.PpmImagePlugin import PpmImageFile
from PIL.TiffImagePlugin import TiffImageFile

from augment.core.progress import counted
from augment.data.decoding import tiff
from augment.data.entries import Deep

MIN_BITS, SHORT, LONG = 9, 65535, 2**32 - 1
_STORED = (SHORT, SHORT // 2, LONG, LONG // 2)  # what 16 and 32 bits hold, unsigned and signed
_MAX_HOT_SHARE, _MIN_HOT_BITS = 0.02, 2  # of the deep files; bits that these use more than the others


def declared(image: ImageFile, content: bytes) -> Deep | None:
    """What the header of an image says of its depth; None for 8 bits and fewer."""
    if isinstance(image, TiffImageFile):
        top = tiff.declared_top(image)
        return Deep(top, 0 if top in _STORED else top.bit_length(), top not in _STORED) if top > 255 else None
    raw = [tile.args for tile in image.tile]
    most = [args[-1] for args in raw if isinstance(args, tuple) and isinstance(args[-1], int)]
    if isinstance(image, PpmImageFile) and most and 255 < most[0] < SHORT and image.mode == "I":
        return Deep(SHORT, most[0].bit_length(), settled=True)  # Pillow has scaled it by what the file says
    said = _significant_bits(content) if image.format == "PNG" else 0
    deep = image.mode.startswith("I") or any(";16" in str(args) for args in raw)
    return Deep(SHORT, said if said > 8 else 0) if deep else None


def _significant_bits(content: bytes) -> int:
    """The largest number in a PNG's sBIT; 0 without one."""
    at = 8
    while at + 12 <= len(content) and (name := content[at + 4 : at + 8]) != b"IDAT":
        (length,) = struct.unpack(">I", content[at : at + 4])
        if name == b"sBIT":
            return max((bits for bits in content[at + 8 : at + 8 + min(length, 4)] if bits <= 16), default=0)
        at += 12 + length
    return 0


def measured(image: Image.Image, deep: Deep | None) -> Deep | None:
    """With the largest value of a decoded image, but for a value that stands for transparency. Of colours Pillow has
    kept the high bytes, so that it is the largest that these allow. None for floats."""
    if deep is None or image.mode == "F":
        return None
    if not image.mode.startswith("I"):
        high = max(_extrema(band)[1] for band in _colours(image))
        return deep._replace(peak=high << 8 | 255)
    low, high = _extrema(image)
    constant = low == high
    if (clear := image.info.get("transparency")) is not None:
        values = np.asarray(image)
        high = int(values.max(initial=0, where=values != clear))
    return deep._replace(peak=LONG if low < 0 and deep.top == LONG else high, constant=constant)


def _extrema(image: Image.Image) -> tuple[int, int]:
    """The smallest and the largest value of an image of one channel."""
    low, high = cast(tuple[float, float], image.getextrema())
    return int(low), int(high)


def unsigned(values: NDArray[Any], top: int) -> NDArray[Any]:
    """Pillow has no unsigned type of 32 bits."""
    return values.view(np.uint32) if top == LONG else values


def to_bytes(values: NDArray[Any], white: int) -> NDArray[np.uint8]:
    """Integers 0..white to 0..255, rounded."""
    wide: NDArray[Any] = np.minimum(values, white).astype(np.uint32 if white <= SHORT else np.uint64)
    return ((wide * 255 + white // 2) // white).astype(np.uint8)


def brighten(image: Image.Image, white: int) -> Image.Image:
    """Colours or grey of which Pillow has kept the high bytes, so that the high byte of `white` becomes 255."""
    high = white >> 8
    if high in (0, 255):  # 8 bits, and all of 16
        return image
    table = [min(255, (value * 255 + high // 2) // high) for value in range(256)]
    alpha = image.getbands()[len(_colours(image)) :]
    return Image.merge(
        image.mode, [band.point(table) for band in _colours(image)] + [image.getchannel(a) for a in alpha]
    )


def _colours(image: Image.Image) -> tuple[Image.Image, ...]:
    return tuple(band for band, name in zip(image.split(), image.getbands(), strict=True) if name not in ("A", "a"))


def whites(files: Sequence[Deep]) -> dict[int, int]:
    """What becomes 255 in the files of each stored depth (`Deep.top`) that are not settled.

    All of them share one value, but for 32-bit files whose values no 16 bits hold, which have one of their own.
    """
    free = [file for file in files if not file.settled]
    wide = [file for file in free if file.top > SHORT]
    own = max((file.peak for file in wide), default=0) > SHORT
    pool = [file for file in free if not (own and file in wide)]
    said = max((file.said for file in files), default=0)
    result = {file.top: _white(pool, said) for file in pool}
    return result | {file.top: _white(wide, 0) for file in wide if own}


def scale_of(files: Iterable[Deep | None]) -> dict[int, int]:
    """`whites` of a set's files, some of which may not be deep."""
    return whites([file for file in files if file is not None])


def white_like(top: int, own: int, scale: Mapping[int, int]) -> int:
    """What becomes 255 in files of a stored depth: what does in another set, where that has deep files, else `own`."""
    return scale.get(top) or max((white for white in scale.values() if white <= SHORT), default=own)


def known_whites(scale: Mapping[int, int]) -> tuple[tuple[int, int], ...]:
    """Depths that files may have, each with what becomes 255 in them, as far as another set says so by itself."""
    known = ((top, white_like(top, 0, scale)) for top in sorted({*_STORED, *scale}))
    return tuple((top, white) for top, white in known if white)


def _white(files: Sequence[Deep], said: int) -> int:
    bits = max([MIN_BITS, said, *(file.peak.bit_length() for file in files)])
    return int(2**bits) - 1


def scale_notes(files: Sequence[tuple[str, Deep]]) -> list[str]:
    """How the deep files of a set are scaled, where that is not by their stored depth, or where few of them decide it.

    files: path and depth of every usable one.
    """
    notes = []
    for white in sorted(set(whites([deep for _, deep in files]).values())):
        own = [
            (path, deep)
            for path, deep in files
            if not deep.settled and whites([d for _, d in files])[deep.top] == white
        ]
        notes += _scale_note(own, white) + _hot_note(own, white)
    return notes


def _scale_note(files: Sequence[tuple[str, Deep]], white: int) -> list[str]:
    stored = max(deep.top for _, deep in files)
    if white >= stored:
        return []
    return [
        f"deep_scale: {counted(len(files), 'file')} of more than 8 bits use {white.bit_length()} of "
        f"{stored.bit_length()} bits: scaled by {white}, one rule for the set"
    ]


def _hot_note(files: Sequence[tuple[str, Deep]], white: int) -> list[str]:
    """Files that alone make all others dark."""
    bits = {path: deep.peak.bit_length() for path, deep in files}
    hot = sorted(path for path, used in bits.items() if used == white.bit_length())
    others = max((used for path, used in bits.items() if path not in hot), default=0)
    if not hot or not others or white.bit_length() - others < _MIN_HOT_BITS:
        return []
    if len(hot) > max(1, _MAX_HOT_SHARE * len(files)):
        return []
    return [
        f"hot_pixels: {hot[0]}{' and others' * (len(hot) > 1)} use {white.bit_length()} bits, the other "
        f"{len(files) - len(hot)} deep files at most {others}, and all are scaled by {white}, one rule for the set; "
        "take away or mend such a file if its brightest pixels are faults"
    ]
