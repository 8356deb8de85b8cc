"""Image arrays as pictures of a readable size: strips for the page, labelled rows for the plots."""

import base64
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from augment.core.errors import DataError
from augment.core.files import slug
from augment.core.grids import GAP_PX, enlarged, mosaic, picture, png
from augment.data.imageset import UInt8

TARGET_SIDE_PX = 56  # pixels: smaller images are enlarged by a whole factor to about this size
MAX_SIDE_PX, MIN_SIDE_PX = 96, 32  # larger images are reduced to a side between these
MAX_PAGE_PIXELS = 6_000_000  # pixels that all pictures of one page may hold together
LABEL_HEIGHT_PX, LABEL_WIDTH_PX = 14, 240  # pixels: height of the labels, width they always have


def side_for(count: int) -> int:
    """Longest side, in pixels, that `count` images may have so that a page stays light."""
    return int(min(MAX_SIDE_PX, max(MIN_SIDE_PX, math.sqrt(MAX_PAGE_PIXELS / max(count, 1)))))


def tile(image: UInt8, side: int) -> Image.Image:
    """One image uint8 (C, H, W) at a readable size: reduced by averaging so that no side exceeds `side`,
    or enlarged by a whole factor with hard pixels, so that an 8x8 image shows its 64 pixels."""
    whole = picture(image).convert("RGB")
    longest = max(whole.size)
    if longest > side:
        return whole.reduce(math.ceil(longest / side))
    return enlarged(whole, max(1, round(min(TARGET_SIDE_PX, side) / longest)))


def strip(images: Iterable[UInt8], columns: int, side: int) -> Image.Image:
    """Images uint8 (C, H, W) of one size, at least one, row by row on a transparent ground; RGBA."""
    return mosaic([tile(image, side) for image in images], columns)


def labelled_rows(rows: Sequence[tuple[str, Image.Image | None]]) -> Image.Image:
    """One row per class on white: its label drawn above its picture; RGB.

    A class without a picture keeps its row and says so.
    """
    widest = max([LABEL_WIDTH_PX] + [shown.width for _, shown in rows if shown])
    heights = [2 * LABEL_HEIGHT_PX + (shown.height if shown else LABEL_HEIGHT_PX) for _, shown in rows]
    canvas = Image.new("RGB", (widest, sum(heights)), "white")
    draw, font, top = ImageDraw.Draw(canvas), ImageFont.load_default(LABEL_HEIGHT_PX), 0
    for (label, shown), height in zip(rows, heights, strict=True):
        draw.text((GAP_PX, top), drawable_label(label, widest, font), fill="black", font=font)
        if shown:
            canvas.paste(shown, (0, top + LABEL_HEIGHT_PX + 6), shown)
        else:
            draw.text((GAP_PX, top + LABEL_HEIGHT_PX + 6), "no images", fill="grey", font=font)
        top += height
    return canvas


def drawable_label(label: str, width: int, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """The label where the built-in font has its letters, else its slug; cut to `width` pixels."""
    text = label if label.isascii() and label.isprintable() else slug(label)
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "...") > width:
        text = text[:-1]
    return text + "..."


def data_uri(shown: Image.Image) -> str:
    """The picture as a `data:` URI, so that a page needs no other file."""
    return "data:image/png;base64," + base64.b64encode(png(shown)).decode()


def read_images(paths: Iterable[Path], like: UInt8) -> UInt8:
    """PNG files as uint8 (N, C, H, W) with the channels and size of `like` (M, C, H, W).

    Raises `DataError` naming a file that is missing, unreadable or of another size.
    """
    channels, height, width = like.shape[1:]
    images = []
    for path in paths:
        try:
            with Image.open(path, formats=["PNG"]) as stored:
                pixels = np.asarray(stored.convert("L" if channels == 1 else "RGB"))
            images.append(pixels.reshape(height, width, channels).transpose(2, 0, 1))
        except (OSError, ValueError) as error:
            raise DataError(
                f"{path}: not a PNG of {width}x{height} pixels ({error}). Run `dvc repro` to make it anew."
            ) from error
    return np.stack(images) if images else np.empty((0, channels, height, width), np.uint8)
