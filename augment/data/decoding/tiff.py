"""What a TIFF declares, which Pillow leaves undone or unsaid, and what becomes of float samples (also those of PFM)."""

import io
import struct
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL.TiffImagePlugin import ImageFileDirectory_v2, TiffImageFile

from augment.data.sources.disk import Rejected, shown

WIDTH, LENGTH, BITS, COMPRESSION, PHOTOMETRIC, FILL_ORDER = 256, 257, 258, 259, 262, 266
STRIPS, SAMPLES, PLANES, TILES, FORMAT = 273, 277, 284, 324, 339
WHITE_IS_ZERO, UNCOMPRESSED, HIGH_BITS_FIRST, SEPARATE_PLANES, SIGNED = 0, 1, 1, 2, 2
_STRIP_BYTES, _TILE_BYTES = 279, 325
_DIRECTORIES = (330, 34665, 34853, 40965)  # tags that lead to further ones: SubIFDs, EXIF, GPS, Interop
_PLACES = {STRIPS, TILES, _STRIP_BYTES, _TILE_BYTES, *_DIRECTORIES}
_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_WHOLE_NUMBERS = {3: "H", 4: "I", 13: "I"}
_MAX_DIRECTORIES = 20
MAX_SAMPLE_BITS = 32  # bits of a sample
MAX_OVERSHOOT = 2  # floats that were meant to end at 1 go little beyond it, as resampling leaves them
SAVE_AS = "save it as grey of 8 or 16 bits, or as RGB of 8 bits"


def check(image: TiffImageFile) -> None:
    """Refuse the kinds that Pillow decodes to other pixels than were stored. Raises `Rejected`."""
    directory = image.tag_v2
    if directory.next:
        raise Rejected("corrupt", "the directory of pages leads back to itself")
    bits, signed = _bits(directory), _signed(directory)
    if bits > MAX_SAMPLE_BITS or (signed and bits <= 8) or (_raw_planes(directory) and not _plain(image)):
        raise _unread(directory)


def declared_top(image: TiffImageFile) -> int:
    """The largest value that a pixel may have, 2**bits - 1."""
    return int(2 ** (_bits(image.tag_v2) - _signed(image.tag_v2))) - 1


def white_is_zero(image: TiffImageFile) -> bool:
    """Whether its values count from white to black; Pillow turns those of up to 8 bits around, and no deeper ones."""
    return _white_is_zero(image.tag_v2) and _bits(image.tag_v2) > 8


def unread(content: bytes) -> Rejected | None:
    """Why Pillow does not know a TIFF whose first directory is whole; None where that is damaged."""
    if content.startswith(b"MM\0+"):
        return Rejected("format_not_allowed", f"BigTIFF of this byte order is not read; {SAVE_AS}")
    try:
        directory = ImageFileDirectory_v2(content[: 16 if content.startswith(b"II+\0") else 8])
        stream, start = io.BytesIO(content), directory.next
        stream.seek(start)
        directory.load(stream)
        whole = directory.next != start  # a directory that is cut keeps it
        image = directory[WIDTH] > 0 and directory[LENGTH] > 0 and (STRIPS in directory or TILES in directory)
        return _unread(directory) if whole and image else None
    except Exception:  # a damaged directory raises anything
        return None


def end(content: bytes) -> int | None:
    """Where the last of the parts ends that its directories name; None for a BigTIFF, or where a part is not there."""
    order = "<" if content.startswith(b"II") else ">"
    if content[2:4] not in (b"*\0", b"\0*"):
        return None
    furthest, waiting = 8, [int.from_bytes(content[4:8], "little" if order == "<" else "big")]
    try:
        for start in waiting:
            fields = list(_fields(content, start, order))
            furthest = max(furthest, start + 6 + 12 * len(fields), *(stop for _, _, stop in fields))
            values = {tag: value for tag, value, _ in fields}
            for starts, lengths in ((STRIPS, _STRIP_BYTES), (TILES, _TILE_BYTES)):
                furthest = max([furthest, *map(sum, zip(values.get(starts, ()), values.get(lengths, ()), strict=True))])
            waiting += [place for tag in _DIRECTORIES for place in values.get(tag, ()) if place not in waiting]
            if len(waiting) > _MAX_DIRECTORIES:
                return None
    except (struct.error, ValueError):
        return None
    return furthest


def _fields(content: bytes, start: int, order: str) -> Iterator[tuple[int, tuple[int, ...], int]]:
    """(tag, values, where they end) of a directory; values of whole numbers alone."""
    (count,) = struct.unpack_from(f"{order}H", content, start)
    for at in range(start + 2, start + 2 + 12 * count, 12):
        tag, kind, number = struct.unpack_from(f"{order}HHI", content, at)
        length = number * _TYPE_BYTES.get(kind, 1)
        place = at + 8 if length <= 4 else struct.unpack_from(f"{order}I", content, at + 8)[0]
        whole = kind in _WHOLE_NUMBERS and tag in _PLACES
        form = f"{order}{number}{_WHOLE_NUMBERS[kind]}" if whole else ""
        yield tag, struct.unpack_from(form, content, place), place + length


def _raw_planes(directory: ImageFileDirectory_v2) -> bool:
    """Channel after channel, uncompressed: Pillow takes all of them for bytes, whatever they hold."""
    return directory.get(PLANES) == SEPARATE_PLANES and directory.get(COMPRESSION, UNCOMPRESSED) == UNCOMPRESSED


def _plain(image: TiffImageFile) -> bool:
    """Bytes of grey or RGB from black to white."""
    directory = image.tag_v2
    in_order = directory.get(FILL_ORDER, HIGH_BITS_FIRST) == HIGH_BITS_FIRST
    return image.mode in ("L", "RGB") and _bits(directory) == 8 and in_order and not _white_is_zero(directory)


def _unread(directory: ImageFileDirectory_v2) -> Rejected:
    names = {"BitsPerSample": BITS, "SampleFormat": FORMAT, "PhotometricInterpretation": PHOTOMETRIC,
             "Compression": COMPRESSION, "PlanarConfiguration": PLANES}  # fmt: skip
    tags = ", ".join(f"{name} {_words(directory[tag])}" for name, tag in names.items() if tag in directory)
    return Rejected("format_not_allowed", f"this kind of TIFF is not read ({shown(tags)}); {SAVE_AS}")


def _words(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _bits(directory: ImageFileDirectory_v2) -> int:
    return max(_of_samples(directory, BITS, 8))


def _signed(directory: ImageFileDirectory_v2) -> bool:
    return SIGNED in _of_samples(directory, FORMAT, 1)


def _white_is_zero(directory: ImageFileDirectory_v2) -> bool:
    return bool(directory.get(PHOTOMETRIC, WHITE_IS_ZERO) == WHITE_IS_ZERO)


def _of_samples(directory: ImageFileDirectory_v2, tag: int, default: int) -> list[int]:
    """The values of as many samples as a pixel has; some files name more."""
    value = directory.get(tag, default)
    values = value if isinstance(value, tuple) else (value,)
    return list(map(int, values[: directory.get(SAMPLES, 1)])) or [default]


def check_floats(low: float, high: float) -> None:
    """Refuse floats whose least and largest are not those of an image. Raises `Rejected`."""
    if low < 0 or high > 255:
        raise Rejected("bad_pixels", f"values from {low:g} to {high:g}; floats must lie in 0..1 or 0..255")
    if 1 < high <= MAX_OVERSHOOT:
        raise Rejected("bad_pixels", f"values up to {high:g} leave open whether 1 or 255 is white; clip them to 0..1")


def from_floats(values: NDArray[np.float32], top: int) -> NDArray[np.uint8]:
    """0..top to 0..255."""
    scaled = values * np.float32(255 / top)
    return np.asarray(np.floor(scaled + np.float32(0.5)), dtype=np.uint8)


def float_top(high: float) -> int:
    """Floats have no declared depth: 0..1 is the convention, 0..255 the other common scale. high: the largest."""
    return 1 if high <= 1 else 255
