"""Image arrays as PNG pictures: strips for the page, labelled grids for the plots."""

import base64
import io
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from augment.data.imageset import UInt8
from augment.data.slugs import slug

SHOWN = 56  # pixels: smaller images are enlarged by a whole factor to about this size
LARGEST, SMALLEST = 96, 32  # larger images are reduced to a side between these
BUDGET = 6_000_000  # pixels that all pictures of one page may hold together
GAP = 2
TEXT = 14  # height of the labels


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


def labelled_grid(rows: Sequence[tuple[str, Sequence[UInt8]]], columns: int, side: int) -> Image.Image:
    """One row per class on white: its label drawn above, its images beside one another; RGB.

    A class without images keeps its row and says so.
    """
    strips = [(label, mosaic(images, columns, side) if len(images) else None) for label, images in rows]
    widest = max([240] + [strip.width for _, strip in strips if strip])
    heights = [TEXT + 6 + (strip.height if strip else TEXT) + 8 for _, strip in strips]
    canvas = Image.new("RGB", (widest + 2 * GAP, sum(heights) + GAP), "white")
    draw, font, top = ImageDraw.Draw(canvas), ImageFont.load_default(TEXT), GAP
    for (label, strip), height in zip(strips, heights, strict=True):
        draw.text((GAP, top), drawable(label, widest, font), fill="black", font=font)
        if strip:
            canvas.paste(strip, (GAP, top + TEXT + 6), strip)
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
    """PNG files as uint8 (N, C, H, W) with the channels and size of `like` (M, C, H, W)."""
    mode = "L" if like.shape[1] == 1 else "RGB"
    found = []
    for path in paths:
        with Image.open(path, formats=["PNG"]) as picture:
            pixels = np.asarray(picture.convert(mode))
        found.append(pixels[None] if mode == "L" else np.moveaxis(pixels, -1, 0))
    return np.stack(found) if found else np.empty((0, *like.shape[1:]), np.uint8)
