"""Images side by side in one PNG."""

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from augment.files import write_bytes

GAP_PX = 4
LEAST_SIDE_PX = 48  # smaller images are enlarged by whole pixels, so that a person can read them


def grid(images: NDArray[np.uint8], columns: int = 8) -> NDArray[np.uint8]:
    """uint8 (N, C, H, W) -> uint8 (rows, columns, C) picture on a white ground."""
    count, channels, height, width = images.shape
    factor = max(1, -(-LEAST_SIDE_PX // max(height, width)))
    images = images.repeat(factor, axis=2).repeat(factor, axis=3)
    height, width = height * factor + GAP_PX, width * factor + GAP_PX
    rows = -(-count // columns)
    canvas = np.full((rows * height + GAP_PX, columns * width + GAP_PX, channels), 255, dtype=np.uint8)
    for index, image in enumerate(images):
        top, left = index // columns * height + GAP_PX, index % columns * width + GAP_PX
        canvas[top : top + height - GAP_PX, left : left + width - GAP_PX] = image.transpose(1, 2, 0)
    return canvas


def png(picture: NDArray[np.uint8]) -> bytes:
    """uint8 (H, W, C) as PNG, C in {1, 3}."""
    stream = io.BytesIO()
    Image.fromarray(picture[:, :, 0] if picture.shape[2] == 1 else picture).save(stream, "PNG")
    return stream.getvalue()


def write_grid(path: Path, images: NDArray[np.uint8], columns: int = 8) -> None:
    """Write a grid of uint8 (N, C, H, W) as PNG."""
    write_bytes(path, png(grid(images, columns)))
