"""Decoded images in the colour and the size that are wanted."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

UInt8 = NDArray[np.uint8]
Fit = Literal["stretch", "crop", "pad"]  # as `ingest.fit` has it


def to_grey(pixels: UInt8) -> UInt8:
    """(H, W, C) as (H, W, 1), luma of ITU-R BT.601."""
    return pixels if pixels.shape[2] == 1 else np.asarray(Image.fromarray(pixels).convert("L"))[:, :, None]


def fitted(pixels: UInt8, height: int, width: int, fit: Fit, background: int) -> UInt8:
    """(H, W, C) at (height, width, C), whatever its aspect was; unchanged where it has that size.

    fit: `stretch`: each side by a factor of its own; `crop`: it covers the size, its middle is kept; `pad`: all of it
    lies in the middle of the grey level `background`.
    """
    high, wide = pixels.shape[:2]
    if (high, wide) == (height, width):
        return pixels
    if fit == "stretch":
        return resize(pixels, height, width)
    if fit == "crop":
        scale = max(height / high, width / wide)
        rows, columns = (min(high, height / scale), min(wide, width / scale))  # of the image, which are seen
        top, left = (high - rows) / 2, (wide - columns) / 2
        return resize(pixels, height, width, (left, top, left + columns, top + rows))
    scale = min(height / high, width / wide)
    inner = resize(pixels, max(1, round(high * scale)), max(1, round(wide * scale)))
    whole = np.full((height, width, pixels.shape[2]), background, dtype=np.uint8)
    top, left = (height - inner.shape[0]) // 2, (width - inner.shape[1]) // 2
    whole[top : top + inner.shape[0], left : left + inner.shape[1]] = inner
    return whole


def resize(pixels: UInt8, height: int, width: int, box: tuple[float, float, float, float] | None = None) -> UInt8:
    """(H, W, C) to (height, width, C): Lanczos when it gets smaller (antialiased), bicubic when larger.

    box: left, top, right and bottom of the part that is taken, in pixels; None: all.
    """
    left, top, right, bottom = box or (0, 0, pixels.shape[1], pixels.shape[0])
    smaller = height * width < (bottom - top) * (right - left)
    method = Image.Resampling.LANCZOS if smaller else Image.Resampling.BICUBIC
    image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    resized = np.asarray(image.resize((width, height), method, box))
    return resized[:, :, None] if resized.ndim == 2 else resized
