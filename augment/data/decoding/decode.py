"""Any bytes to uint8 pixels, or a code that says why not. No image passes undecoded."""

import io
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile  # noqa: F401  (else the first of these loads every plugin)

from augment.data.decoding import formats, tiff
from augment.data.sources.disk import Rejected

UInt8 = NDArray[np.uint8]

MIN_SIDE_PX, MAX_SIDE_PX = 2, 256
MAX_ASPECT = MAX_SIDE_PX / MIN_SIDE_PX  # no image of an allowed size is longer

SAVE_ANEW = "open it in an image viewer and save it as a PNG of moderate size, or leave it out"
_ORIENTATION = 0x0112
_GREY_STEPS = {"L;2": 85, "L;4": 17}
_FIRST_ASKED = 16  # one of so many rows: of most images they show already that not all pixels are alike


@dataclass(frozen=True)
class Decoded:
    """pixels: uint8 (H, W, C), C = 1 where all channels are equal; channels: as stored, 1 or 3; float_top: what floats
    were taken to reach at most, 1 or 255, None for integers."""

    pixels: UInt8
    channels: int
    fixes: tuple[str, ...]
    float_top: int | None = None


@dataclass(frozen=True)
class _Declared:
    """What the header says of the pixels, before Pillow turns them into a type that it has."""

    top: int  # the largest value that a pixel may have
    white_is_zero: bool = False  # deep values still to be turned around
    grey_step: int = 1  # by which Pillow has multiplied pixels of fewer than 8 bits, and not the transparent value


def decode(content: bytes, path: str, *, background: int, max_pixels: int) -> Decoded:
    """Decode one image file, whatever its bytes are.

    path: only its extension is looked at; background: grey level 0..255 behind transparent pixels;
    max_pixels: images that declare more are refused before any pixel is decoded.
    Raises `Rejected` with one of empty_file, not_an_image, format_not_allowed, truncated, corrupt,
    metadata_bomb, too_large, odd_aspect, too_small, animated, multipage, bad_pixels,
    fully_transparent, blank; never anything else.
    """
    name = formats.identify(content, path)
    fixes = ["ext_mismatch"] if formats.contradicts(path, name) else []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of oddities that are checked or harmless here
        try:
            declared = _examine_header(content, name, max_pixels, fixes)
            image = _load(content, name, fixes)
            pixels, channels = _pixels(image, declared, background, fixes)
            float_top = tiff.float_top(np.asarray(image)) if image.mode == "F" else None
        except Rejected:
            raise
        except Exception as error:  # decoders of damaged files raise anything, MemoryError included
            raise _diagnosis(error, content, name) from error
    pixels = collapse(pixels)
    if _all_equal(pixels, pixels[:1, :1]):
        scaled = f" once 0 to {float_top or declared.top} is scaled to 0 to 255; stretch all images by one factor"
        raise Rejected("blank", f"every pixel has the same value{scaled if 'scaled' in fixes else ''}")
    return Decoded(pixels, channels, tuple(fixes), float_top)


def collapse(pixels: UInt8) -> UInt8:
    """(H, W, 3) with three equal channels as (H, W, 1); anything else unchanged."""
    grey = pixels.shape[2] == 3 and all(_all_equal(pixels[:, :, k], pixels[:, :, 0]) for k in (1, 2))
    return np.ascontiguousarray(pixels[:, :, :1]) if grey else pixels


def _all_equal(pixels: UInt8, others: UInt8) -> bool:
    """Whether all pixels (H, ...) equal others, (H, ...) or (1, ...)."""
    few = np.array_equal(pixels[::_FIRST_ASKED], np.broadcast_to(others[::_FIRST_ASKED], pixels[::_FIRST_ASKED].shape))
    return few and bool((pixels == others).all())


def to_grey(pixels: UInt8) -> UInt8:
    """(H, W, C) as (H, W, 1), luma of ITU-R BT.601."""
    return pixels if pixels.shape[2] == 1 else np.asarray(Image.fromarray(pixels).convert("L"))[:, :, None]


def resize(pixels: UInt8, height: int, width: int) -> UInt8:
    """(H, W, C) to (height, width, C): Lanczos when it gets smaller (antialiased), bicubic when larger."""
    smaller = height * width < pixels.shape[0] * pixels.shape[1]
    method = Image.Resampling.LANCZOS if smaller else Image.Resampling.BICUBIC
    image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    resized = np.asarray(image.resize((width, height), method))
    return resized[:, :, None] if resized.ndim == 2 else resized


def _examine_header(content: bytes, name: str, max_pixels: int, fixes: list[str]) -> _Declared:
    """Everything that needs no pixels."""
    with Image.open(io.BytesIO(content), formats=(name,)) as header:
        _check_header(header, max_pixels)
        if formats.is_cut(content, name):
            raise _truncated(name)
        if formats.has_trailer(content, name) or header.format == "MPO":
            fixes.append("trailer_dropped")
        declared = _declared(header)
        header.verify()  # finds what load() does not: bad checksums, a missing end of PNG
    return declared


def _load(content: bytes, name: str, fixes: list[str]) -> Image.Image:
    """Decode, upright."""
    image: Image.Image = Image.open(io.BytesIO(content), formats=(name,))
    try:
        turned = image.getexif().get(_ORIENTATION, 1) in range(2, 9)
        image.load()
        image = ImageOps.exif_transpose(image)
    except Exception:
        # Either the metadata or the pixels are broken; without the former, load() settles which.
        image = Image.open(io.BytesIO(content), formats=(name,))
        image.load()
        turned = False
        fixes.append("stripped")
    if turned:
        fixes.append("transposed")
    return image


def _check_header(image: Image.Image, max_pixels: int) -> None:
    width, height = image.size
    if not width or not height:
        raise Rejected("corrupt", f"the header declares {height}x{width} pixels")
    if width * height > max_pixels:
        raise Rejected("too_large", f"{height}x{width} pixels, at most {max_pixels} in all (ingest.max_pixels)")
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


def _declared(image: ImageFile) -> _Declared:
    if isinstance(image, TiffImageFile):
        return _Declared(tiff.declared_top(image), tiff.white_is_zero(image))
    raw = [str(tile.args) for tile in image.tile]
    deep = image.mode.startswith("I") or any(";16" in args for args in raw)
    return _Declared(65535 if deep else 255, grey_step=_GREY_STEPS.get(raw[0] if raw else "", 1))


def _pixels(image: Image.Image, declared: _Declared, background: int, fixes: list[str]) -> tuple[UInt8, int]:
    """uint8 (H, W, C) and the number of colour channels that the file stores."""
    if image.mode == "F" or image.mode.startswith("I"):
        fixes.append("scaled")
        return _from_deep(image, declared, background, fixes)[:, :, None], 1
    channels = 1 if image.mode in ("1", "L", "LA", "La") else 3
    if declared.top > 255:  # Pillow has kept the high bytes, which cannot be compared with a transparent colour
        fixes.append("scaled")
        if "transparency" in image.info:
            raise Rejected("format_not_allowed", "a transparent colour of 16 bits; save the image with 8 bits or alpha")
    if declared.grey_step > 1 and isinstance(image.info.get("transparency"), int):
        image.info["transparency"] *= declared.grey_step
    if image.mode == "La":
        image = image.convert("LA")
    if image.has_transparency_data:
        fixes.append("composite")
        return _composite(image.convert("RGBA"), background), channels
    if image.mode == "1":
        fixes.append("to_grey")
        return np.asarray(image.convert("L"))[:, :, None], channels
    if image.mode not in ("L", "RGB"):
        fixes.append("to_rgb")
        return np.asarray(image.convert("RGB")), channels
    pixels = np.asarray(image)
    return (pixels[:, :, None] if pixels.ndim == 2 else pixels), channels


def _from_deep(image: Image.Image, declared: _Declared, background: int, fixes: list[str]) -> UInt8:
    """Floats and integers of more than 8 bits, one channel, to uint8 (H, W)."""
    values = np.asarray(image)
    pixels = tiff.from_floats(values) if image.mode == "F" else _from_integers(values, declared.top)
    pixels = 255 - pixels if declared.white_is_zero else pixels
    if image.mode != "F" and "transparency" in image.info:  # one value that stands for nothing
        fixes.append("composite")
        clear = values == image.info["transparency"]
        if clear.all():
            raise Rejected("fully_transparent", "every pixel is transparent")
        pixels[clear] = background
    return pixels


def _from_integers(values: NDArray[Any], top: int) -> UInt8:
    """To 0..255 by the depth that the file declares, `top`, never by its largest value."""
    if top == 2**32 - 1:
        values = values.view(np.uint32)  # Pillow has no unsigned type of 32 bits
    if (values < 0).any():
        raise Rejected("bad_pixels", "negative values")
    wide: NDArray[Any] = values.astype(np.uint32 if top <= 65535 else np.uint64)
    return ((wide * 255 + top // 2) // top).astype(np.uint8)


def _composite(rgba: Image.Image, background: int) -> UInt8:
    alpha = rgba.getchannel("A")
    if alpha.getextrema() == (0, 0):
        raise Rejected("fully_transparent", "every pixel is transparent")
    opaque = Image.new("RGB", rgba.size, (background,) * 3)
    opaque.paste(rgba, mask=alpha)
    return np.asarray(opaque)


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
    if "truncat" in text or isinstance(error, EOFError) or formats.is_cut(content, name):
        return _truncated(name)
    return Rejected("corrupt", f"the {name} data are damaged")


def out_of_memory() -> Rejected:
    return Rejected("out_of_memory", f"decoding it takes more memory than one image is given; {SAVE_ANEW}")


def _truncated(name: str) -> Rejected:
    return Rejected("truncated", f"the {name} data end too early")
