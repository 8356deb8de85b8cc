"""Image arrays as PNG pictures: strips for the page, labelled rows for the plots."""

import base64
import io
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from augment.data.imageset import UInt8
from augment.data.slugs import slug
from augment.errors import DataError

SHOWN = 56  # pixels: smaller images are enlarged by a whole factor to about this size
LARGEST, SMALLEST = 96, 32  # larger images are reduced to a side between these
BUDGET = 6_000_000  # pixels that all pictures of one page may hold together
GAP = 2
TEXT, LABEL_WIDTH = 14, 240  # pixels: height of the labels, width they always have


def side_for(count: int) -> int:
    """Longest side, in pixels, that `count` images may have so that a page stays light."""
    return int(min(LARGEST, max(SMALLEST, math.sqrt(BUDGET / max(count, 1)))))


def tile(image: UInt8, side: int) -> Image.Image:
    """One image uint8 (C, H, W) at a readable size: reduced by averaging so that no side exceeds `side`,
    or enlarged by a whole factor with hard pixels, so that an 8x8 image shows its 64 pixels."""
    pixels = np.moveaxis(image, 0, -1)
    picture = Image.fromarray(np.ascontiguousarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)).convert("RGB")
    longest = max(picture.size)
    if longest > side:
        return picture.reduce(math.ceil(longest / side))
    factor = max(1, round(min(SHOWN, side) / longest))
    return picture.resize((picture.width * factor, picture.height * factor), Image.Resampling.NEAREST)


def mosaic(images: Iterable[UInt8], columns: int, side: int) -> Image.Image:
    """Images of one size row by row on a transparent ground; RGBA."""
    tiles = [tile(image, side) for image in images]
    width, height = tiles[0].size
    columns = min(columns, len(tiles))
    rows = math.ceil(len(tiles) / columns)
    canvas = Image.new("RGBA", (columns * (width + GAP) - GAP, rows * (height + GAP) - GAP), (0, 0, 0, 0))
    for position, picture in enumerate(tiles):
        row, column = divmod(position, columns)
        canvas.paste(picture, (column * (width + GAP), row * (height + GAP)))
    return canvas


def labelled_rows(rows: Sequence[tuple[str, Image.Image | None]]) -> Image.Image:
    """One row per class on white: its label drawn above its picture; RGB.

    A class without a picture keeps its row and says so.
    """
    widest = max([LABEL_WIDTH] + [picture.width for _, picture in rows if picture])
    heights = [2 * TEXT + (picture.height if picture else TEXT) for _, picture in rows]
    canvas = Image.new("RGB", (widest, sum(heights)), "white")
    draw, font, top = ImageDraw.Draw(canvas), ImageFont.load_default(TEXT), 0
    for (label, picture), height in zip(rows, heights, strict=True):
        draw.text((GAP, top), drawable(label, widest, font), fill="black", font=font)
        if picture:
            canvas.paste(picture, (0, top + TEXT + 6), picture)
        else:
            draw.text((GAP, top + TEXT + 6), "no images", fill="grey", font=font)
        top += height
    return canvas


def drawable(label: str, width: int, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """The label where the built-in font has its letters, else its slug; cut to `width` pixels."""
    text = label if label.isascii() and label.isprintable() else slug(label)
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + "...") > width:
        text = text[:-1]
    return text + "..."


def png(picture: Image.Image) -> bytes:
    """PNG bytes without any metadata."""
    stream = io.BytesIO()
    picture.save(stream, "PNG", optimize=True)
    return stream.getvalue()


def data_uri(picture: Image.Image) -> str:
    """The picture as a `data:` URI, so that a page needs no other file."""
    return "data:image/png;base64," + base64.b64encode(png(picture)).decode()


def read_images(paths: Iterable[Path], like: UInt8) -> UInt8:
    """PNG files as uint8 (N, C, H, W) with the channels and size of `like` (M, C, H, W).

    Raises `DataError` naming a file that is missing, unreadable or of another size.
    """
    channels, height, width = like.shape[1:]
    found = []
    for path in paths:
        try:
            with Image.open(path, formats=["PNG"]) as picture:
                pixels = np.asarray(picture.convert("L" if channels == 1 else "RGB"))
            found.append(pixels.reshape(height, width, channels).transpose(2, 0, 1))
        except (OSError, ValueError) as error:
            raise DataError(
                f"{path}: not a PNG of {width}x{height} pixels ({error}). Run `dvc repro` to make it anew."
            ) from error
    return np.stack(found) if found else np.empty((0, channels, height, width), np.uint8)
