"""Any bytes to uint8 pixels, or a code that says why not. No image passes undecoded."""

import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile  # noqa: F401  (else the first of these loads every plugin)

from augment.data.decoding import depth, ends, formats, tiff
from augment.data.decoding.pixels import Converted, Declared, convert
from augment.data.entries import MIN_SIDE_PX, Deep, Facts
from augment.data.sources.disk import Rejected

UInt8 = NDArray[np.uint8]

UNSETTLED: Mapping[int, int] = MappingProxyType({})
MAX_SIDE_PX = 256
MAX_ASPECT = MAX_SIDE_PX / MIN_SIDE_PX  # no image of an allowed size is longer
MAX_PIXELS = 2 * 89_478_485  # what Pillow decodes

SAVE_ANEW = "open it in an image viewer and save it as a PNG of moderate size, or leave it out"
_ORIENTATION = 0x0112
_GREY_STEPS = {"L;2": 85, "L;4": 17}
_MAX_WEBP_PIXELS = 25_000_000
_COMPARED_VALUES = 1 << 16  # at once
_TURNS = {  # EXIF's Orientation -> transpose, then mirror top to bottom, then left to right
    2: (False, False, True), 3: (False, True, True), 4: (False, True, False), 5: (True, False, False),
    6: (True, False, True), 7: (True, True, True), 8: (True, True, False),
}  # fmt: skip


@dataclass(frozen=True)
class Decoded:
    """pixels: uint8 (H, W, C), C = 1 where all channels are equal; channels: as stored, 1 or 3; float_top: what floats
    were taken to reach at most, 1 or 255, None for integers; deep: None for integers of 8 bits; facts: of the file."""

    pixels: UInt8
    channels: int
    fixes: tuple[str, ...]
    float_top: int | None
    deep: Deep | None
    facts: Facts


def decode(
    content: bytes, path: str, *, background: int, max_pixels: int, white: Mapping[int, int] = UNSETTLED
) -> Decoded:
    """Decode one image file, whatever its bytes are.

    path: only its extension is looked at; background: grey level 0..255 behind transparent pixels;
    max_pixels: images that declare more are refused before any pixel is decoded; white: stored depth -> the value of
    deep integers that becomes 255, once the set has settled it. Until then that is what their depth holds, and none of
    them is blank whose stored values differ.
    Raises `Rejected` with one of empty_file, not_an_image, format_not_allowed, truncated, corrupt,
    metadata_bomb, scan_bomb, out_of_memory, too_large, odd_aspect, too_small, animated, multipage,
    bad_pixels, fully_transparent, blank; never anything else.
    """
    declared, converted, fixes = _read(content, path, background, max_pixels, white)
    pixels = collapse(converted.pixels)
    deep = declared.deep
    if _all_equal(pixels, pixels[:1, :1]):
        if deep is None or deep.settled or deep.top in white or deep.constant:
            top = converted.float_top or declared.white
            scaled = f" once 0 to {top} is scaled to 0 to 255; stretch all images by one factor"
            raise Rejected("blank", f"every pixel has the same value{scaled if 'scaled' in fixes else ''}")
        deep = deep._replace(flat=True)
    return Decoded(pixels, converted.channels, tuple(fixes), converted.float_top, deep, declared.facts)


def pixels_of(content: bytes, path: str, *, background: int, white: Mapping[int, int]) -> UInt8:
    """uint8 (H, W, C), upright, C = 1 or 3 as stored, of a file that ingest has judged: it may be blank, and as large
    as Pillow decodes.

    white: stored depth -> the value of deep integers that becomes 255, where the set has settled it. Raises `Rejected`
    as `decode` does.
    """
    return _read(content, path, background, MAX_PIXELS, white)[1].pixels


def _read(
    content: bytes, path: str, background: int, max_pixels: int, white: Mapping[int, int]
) -> tuple[Declared, Converted, list[str]]:
    """What the header declares, the pixels, and what was changed. Raises `Rejected`, whatever the bytes are."""
    name = formats.identify(content, path)
    fixes = ["ext_mismatch"] if formats.contradicts(path, name) else []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of oddities that are checked or harmless here
        try:
            return *_decoded(content, name, background, max_pixels, white, fixes), fixes
        except Rejected:
            raise
        except Exception as error:  # decoders of damaged files raise anything, MemoryError included
            raise _diagnosis(error, content, name) from error


def stored_size(content: bytes, path: str, max_pixels: int) -> tuple[int, int]:
    """(height, width) of an image as a viewer shows it, by its header alone. Raises anything."""
    image = Image.open(io.BytesIO(content), formats=(formats.identify(content, path),))
    _check_header(image, max_pixels)
    width, height = image.size
    if isinstance(image, TiffImageFile):  # whose size Pillow turns itself
        return height, width
    orientation = Image.Image.getexif(image).get(_ORIENTATION, 1)  # that of a PNG would decode it
    return (width, height) if _TURNS.get(orientation, (False,))[0] else (height, width)


def _decoded(
    content: bytes, name: str, background: int, max_pixels: int, white: Mapping[int, int], fixes: list[str]
) -> tuple[Declared, Converted]:
    """What the header declares, and the pixels, upright. Raises anything."""
    image = Image.open(io.BytesIO(content), formats=(name,))
    _check_header(image, max_pixels)
    ends.check(content, name)
    if ends.has_trailer(content, name) or image.format == "MPO":
        fixes.append("trailer_dropped")
    declared = _declared(image, content, white)
    loaded, turned = _load(image, content, name, fixes)
    declared = replace(declared, deep=depth.measured(loaded, declared.deep))
    converted = convert(loaded, declared, background, fixes)
    del image, loaded  # as large as the pixels
    return declared, converted if turned == 1 else replace(converted, pixels=_upright(converted.pixels, turned))


def collapse(pixels: UInt8) -> UInt8:
    """(H, W, 3) with three equal channels as (H, W, 1); anything else unchanged."""
    grey = pixels.shape[2] == 3 and all(_all_equal(pixels[:, :, k], pixels[:, :, 0]) for k in (1, 2))
    return np.ascontiguousarray(pixels[:, :, :1]) if grey else pixels


def _all_equal(pixels: UInt8, others: UInt8) -> bool:
    """Whether all pixels (H, ...) equal others, (H, ...) or (1, ...). The first rows of most images settle it."""
    rows = max(1, _COMPARED_VALUES // pixels[0].size)
    starts = range(0, len(pixels), rows)
    return all((pixels[i : i + rows] == (others if len(others) == 1 else others[i : i + rows])).all() for i in starts)


def _load(image: Image.Image, content: bytes, name: str, fixes: list[str]) -> tuple[Image.Image, int]:
    """Decode; returns the image, and how its pixels still lie (a value of EXIF's Orientation)."""
    try:
        turned = image.getexif().get(_ORIENTATION, 1) in _TURNS
        image.load()
        orientation = image.getexif().get(_ORIENTATION, 1) if turned else 1  # Pillow turns TIFF itself
    except Exception:
        # Either the metadata or the pixels are broken; without the former, load() settles which.
        image = Image.open(io.BytesIO(content), formats=(name,))
        image.load()
        turned, orientation = False, 1
        fixes.append("stripped")
    if turned:
        fixes.append("transposed")
    return image, orientation


def _upright(pixels: UInt8, orientation: int) -> UInt8:
    """Pixels (H, W, C) as a viewer shows them."""
    if orientation not in _TURNS:
        return pixels
    swap, rows, columns = _TURNS[orientation]
    pixels = pixels.swapaxes(0, 1) if swap else pixels
    return np.ascontiguousarray(pixels[:: -1 if rows else 1, :: -1 if columns else 1])


def _check_header(image: Image.Image, max_pixels: int) -> None:
    width, height = image.size
    if not width or not height:
        raise Rejected("corrupt", f"the header declares {height}x{width} pixels")
    if width * height > max_pixels:
        raise Rejected("too_large", f"{height}x{width} pixels, at most {max_pixels} in all (ingest.max_pixels)")
    if image.format == "WEBP" and width * height > _MAX_WEBP_PIXELS:
        detail = f"{height}x{width} pixels, at most {_MAX_WEBP_PIXELS} in a WEBP, whose decoder takes much memory"
        raise Rejected("too_large", f"{detail}; save it as a JPEG or PNG")
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise Rejected("odd_aspect", f"{height}x{width} pixels, one side over {MAX_ASPECT:.0f} times the other")
    if min(width, height) < MIN_SIDE_PX:
        raise Rejected("too_small", f"{height}x{width} pixels, at least {MIN_SIDE_PX} each way")
    # MPO is how phones store a photo with its preview: the first picture is the photo.
    if getattr(image, "is_animated", False) and image.format != "MPO":
        code, parts = ("multipage", "pages") if image.format == "TIFF" else ("animated", "frames")
        raise Rejected(code, f"several {parts}; save the one that is meant as a file of its own")
    if isinstance(image, TiffImageFile):
        tiff.check(image)


def _declared(image: ImageFile, content: bytes, settled: Mapping[int, int]) -> Declared:
    deep = depth.declared(image, content)
    top = deep.top if deep else 255
    white = settled.get(top, top) if deep and not deep.settled else top
    known = formats.facts(image, top.bit_length())
    if isinstance(image, TiffImageFile):
        return Declared(top, white, known, deep, tiff.white_is_zero(image))
    raw = str(image.tile[0].args) if image.tile else ""
    return Declared(top, white, known, deep, grey_step=_GREY_STEPS.get(raw, 1))


def _diagnosis(error: Exception, content: bytes, name: str) -> Rejected:
    """Why decoding failed, in words that are the same on every run."""
    text = str(error).lower()
    if isinstance(error, MemoryError) or "out of memory" in text:
        return out_of_memory()
    if isinstance(error, Image.DecompressionBombError):
        return Rejected("too_large", "the header declares more pixels than Pillow decodes")
    if "decompressed data too large" in text or "max_text" in text or "too much memory used" in text:
        return Rejected("metadata_bomb", "metadata that unpack to an unreasonable size")
    if isinstance(error, UnidentifiedImageError) and name == "TIFF" and (unread := tiff.unread(content)):
        return unread
    if "truncat" in text or isinstance(error, EOFError) or ends.is_cut(content, name):
        return _truncated(name)
    return Rejected("corrupt", f"the {name} data are damaged")


def out_of_memory() -> Rejected:
    return Rejected("out_of_memory", f"decoding it takes more memory than one image is given; {SAVE_ANEW}")


def _truncated(name: str) -> Rejected:
    return Rejected("truncated", f"the {name} data end too early")
