"""uint8 images as pictures: one as PNG, many side by side."""

import io
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from augment.core.files import sha256, write_bytes

GAP_PX = 2
MIN_TILE_PX = 48  # smaller images are enlarged by whole pixels, so that a person can read them


def picture(image: NDArray[np.uint8]) -> Image.Image:
    """uint8 (C, H, W) as a picture, grey for C = 1, RGB for C = 3."""
    pixels = np.ascontiguousarray(np.moveaxis(image, 0, -1))
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


def enlarged(image: Image.Image, factor: int) -> Image.Image:
    """Every pixel as a square of `factor` pixels."""
    return image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)


def mosaic(pictures: Sequence[Image.Image], columns: int, gap: int = GAP_PX) -> Image.Image:
    """Pictures of one size row by row, with transparent gaps; RGBA."""
    width, height = pictures[0].size
    columns = min(columns, len(pictures))
    rows = math.ceil(len(pictures) / columns)
    canvas = Image.new("RGBA", (columns * (width + gap) - gap, rows * (height + gap) - gap), (0, 0, 0, 0))
    for position, tile in enumerate(pictures):
        row, column = divmod(position, columns)
        canvas.paste(tile, (column * (width + gap), row * (height + gap)))
    return canvas


def grid(images: NDArray[np.uint8], columns: int = 8) -> Image.Image:
    """uint8 (N, C, H, W), N at least 1, as one picture on a white ground."""
    factor = math.ceil(MIN_TILE_PX / max(images.shape[2:]))
    tiles = mosaic([enlarged(picture(image), factor) for image in images], columns)
    size = tiles.width + 2 * GAP_PX, tiles.height + 2 * GAP_PX
    canvas = Image.new("L" if images.shape[1] == 1 else "RGB", size, "white")
    canvas.paste(tiles.convert(canvas.mode), (GAP_PX, GAP_PX), tiles)
    return canvas


def png(image: Image.Image, level: int = 6) -> bytes:
    """PNG bytes without any metadata; equal pictures give equal bytes. level: of zlib, 1 (fast) to 9 (small)."""
    stream = io.BytesIO()
    image.save(stream, "PNG", compress_level=level)
    return stream.getvalue()


def write_picture(path: Path, image: NDArray[np.uint8]) -> str:
    """Write uint8 (C, H, W) as PNG, one of many, which a power cut may take. Returns its SHA-256."""
    content = png(picture(image))
    write_bytes(path, content, durable=False)
    return sha256(content)


def write_grid(path: Path, images: NDArray[np.uint8], columns: int = 8) -> None:
    """Write a grid of uint8 (N, C, H, W) as PNG."""
    write_bytes(path, png(grid(images, columns)))
