"""What Pillow has decoded as uint8 pixels: a strip of rows at a time, so that one large image needs no second copy."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from augment.data.decoding import depth, tiff
from augment.data.entries import Deep, Facts
from augment.data.sources.disk import Rejected

UInt8 = NDArray[np.uint8]

_STRIP_PIXELS = 1 << 20


@dataclass(frozen=True)
class Declared:
    """What the header says of the pixels, before Pillow turns them into a type that it has."""

    top: int  # the largest value that a pixel may have
    white: int  # the value that becomes 255
    facts: Facts  # of the file
    deep: Deep | None  # of integers of more than 8 bits
    white_is_zero: bool = False  # deep values still to be turned around
    grey_step: int = 1  # by which Pillow has multiplied pixels of fewer than 8 bits, and not the transparent value


@dataclass(frozen=True)
class Converted:
    """pixels: uint8 (H, W, C); channels: as stored, 1 or 3; float_top: what floats were taken to reach at most."""

    pixels: UInt8
    channels: int
    float_top: int | None = None


def convert(image: Image.Image, declared: Declared, background: int, fixes: list[str]) -> Converted:
    """A loaded image of any mode of Pillow. Raises `Rejected` (format_not_allowed, fully_transparent, bad_pixels)."""
    if image.mode == "F":
        fixes.append("scaled")
        return _from_floats(image, declared)
    if image.mode.startswith("I"):
        fixes.append("scaled")
        return Converted(_from_integers(image, declared, background, fixes), 1)
    channels = 1 if image.mode in ("1", "L", "LA", "La") else 3
    if declared.top > 255:  # Pillow has kept the high bytes, which cannot be compared with a transparent colour
        fixes.append("scaled")
        if "transparency" in image.info:
            raise Rejected("format_not_allowed", "a transparent colour of 16 bits; save the image with 8 bits or alpha")

    def filled(converted: Callable[[Image.Image], UInt8]) -> UInt8:
        return _filled(image, lambda strip: converted(depth.brighten(strip, declared.white)))

    if declared.grey_step > 1 and isinstance(image.info.get("transparency"), int):
        image.info["transparency"] *= declared.grey_step
    if image.has_transparency_data:
        fixes.append("composite")
        if not any(_rgba(strip).getchannel("A").getbbox() for _, strip in _strips(image)):
            raise Rejected("fully_transparent", "every pixel is transparent")
        return Converted(filled(lambda strip: _composite(_rgba(strip), background)), channels)
    if image.mode == "1":
        fixes.append("to_grey")
        return Converted(filled(lambda strip: _bytes(strip.convert("L"))), channels)
    if image.mode not in ("L", "RGB"):
        fixes.append("to_rgb")
        return Converted(filled(lambda strip: _bytes(strip.convert("RGB"))), channels)
    return Converted(filled(_bytes), channels)


def _strips(image: Image.Image) -> Iterator[tuple[int, Image.Image]]:
    """The first row of each strip, and the strip."""
    rows = max(1, _STRIP_PIXELS // image.width)
    if rows >= image.height:
        yield 0, image
        return
    for top in range(0, image.height, rows):
        yield top, image.crop((0, top, image.width, min(image.height, top + rows)))


def _filled(image: Image.Image, converted: Callable[[Image.Image], UInt8]) -> UInt8:
    """All strips, converted to (h, W, C), as one array."""
    pixels: UInt8 | None = None
    for top, strip in _strips(image):
        part = converted(strip)
        if len(part) == image.height:
            return part
        if pixels is None:
            pixels = np.empty((image.height, *part.shape[1:]), dtype=np.uint8)
        pixels[top : top + len(part)] = part
    assert pixels is not None
    return pixels


def _bytes(image: Image.Image) -> UInt8:
    """One of mode L or RGB."""
    return np.frombuffer(image.tobytes(), dtype=np.uint8).reshape(image.height, image.width, -1)


def _rgba(image: Image.Image) -> Image.Image:
    return (image.convert("LA") if image.mode == "La" else image).convert("RGBA")


def _composite(rgba: Image.Image, background: int) -> UInt8:
    opaque = Image.new("RGB", rgba.size, (background,) * 3)
    opaque.paste(rgba, mask=rgba.getchannel("A"))
    return _bytes(opaque)


def _from_floats(image: Image.Image, declared: Declared) -> Converted:
    """Floats, whose scale is that of the whole image."""
    low, high = np.inf, -np.inf
    for _, strip in _strips(image):
        values = np.asarray(strip)
        if not np.isfinite(values).all():
            raise Rejected("bad_pixels", "NaN or infinite values")
        low, high = min(low, float(values.min())), max(high, float(values.max()))
    tiff.check_floats(low, high)
    top = tiff.float_top(high)

    def scaled(strip: Image.Image) -> UInt8:
        pixels = tiff.from_floats(np.asarray(strip), top)
        return (255 - pixels if declared.white_is_zero else pixels)[:, :, None]

    return Converted(_filled(image, scaled), 1, top)


def _from_integers(image: Image.Image, declared: Declared, background: int, fixes: list[str]) -> UInt8:
    """Integers of more than 8 bits, one channel."""
    clear = image.info.get("transparency")  # one value that stands for nothing
    if clear is not None:
        fixes.append("composite")

    def scaled(strip: Image.Image) -> UInt8:
        values = np.asarray(strip)
        pixels = _scaled(values, declared)
        pixels = 255 - pixels if declared.white_is_zero else pixels
        if clear is not None:
            pixels[values == clear] = background
        return pixels[:, :, None]

    pixels = _filled(image, scaled)
    if clear is not None and all((np.asarray(strip) == clear).all() for _, strip in _strips(image)):
        raise Rejected("fully_transparent", "every pixel is transparent")
    return pixels


def _scaled(values: NDArray[Any], declared: Declared) -> UInt8:
    """To 0..255 by what the set settled, else by the stored depth, never by the file's own largest value."""
    values = depth.unsigned(values, declared.top)
    if (values < 0).any():
        raise Rejected("bad_pixels", "negative values")
    return depth.to_bytes(values, declared.white)
