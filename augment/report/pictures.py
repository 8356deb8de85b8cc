"""The pictures of the page: what each class looks like, and the pairs of synthetic and training images most alike; all
of them at a readable size, as strips for the page and labelled rows for the plots."""

import base64
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from augment.core.errors import DataError
from augment.core.files import Rows, read_rows, sha256, slug
from augment.core.grids import GAP_PX, enlarged, mosaic, picture
from augment.data.checksums import check_file, check_files
from augment.data.imageset import ImageSet, UInt8
from augment.measure.features import pixels
from augment.measure.metrics import nearest

PAIRS_PER_CLASS = 6  # synthetic images of a class that are shown with their nearest training image
CONTROL_IMAGES_PER_CLASS = 20  # test images of a class whose nearest training image gives the usual distance
CLOSEST_PAIRS = 10  # of all pairs, those that are shown as the likeliest copies
SYNTHETIC_MANIFEST_COLUMNS = ("label", "file", "nearest_train", "nearest_distance", "sha256")
TARGET_SIDE_PX = 56  # pixels: smaller images are enlarged by a whole factor to about this size
MAX_SIDE_PX, MIN_SIDE_PX = 96, 24  # larger images are reduced to a side between these
MAX_PAGE_PIXELS = 3_000_000  # pixels that all pictures of one page may hold together
MAX_LOSSLESS_PIXELS = 700_000  # pixels of all images, not enlarged, up to which none is altered
LOSSY_QUALITY = 85  # of WebP
MAX_PICTURED_CLASSES = 100  # of a page that can be read, and stays below five megabytes
LABEL_HEIGHT_PX, LABEL_WIDTH_PX = 14, 240  # pixels: height of the labels, width they always have


@dataclass(frozen=True)
class KeptSamples:
    """The kept synthetic images of a class in the order they were made: their rows of the manifest, the first
    images, uint8 (N, C, H, W), and the SHA-256 of every one's pixels."""

    rows: Rows
    images: UInt8
    digests: Sequence[str]


@dataclass(frozen=True)
class Neighbour:
    """A synthetic image (C, H, W) and the nearest training image; distance: root mean square of pixels, from 0 to 1."""

    label: str
    file: str
    image: UInt8
    nearest: UInt8
    nearest_label: str
    distance: float


@dataclass(frozen=True)
class ClassPictures:
    """What is shown of one class; every part may be empty. Images are uint8 (N, C, H, W)."""

    real: UInt8
    synthetic: UInt8
    neighbours: Sequence[Neighbour]
    test_distance: float | None


@dataclass(frozen=True)
class ClosestPairs:
    """The pairs of least distance of all classes, and as many least distances from a test image to train."""

    pairs: Sequence[Neighbour]
    control: Sequence[float]


def read_kept(synthetic: Path, train: ImageSet, grid: int) -> dict[str, KeptSamples]:
    """Label -> the kept images, of which `grid` stay in memory. Raises `DataError` naming a file that is missing,
    damaged or of another size."""
    check_files(synthetic, ["manifest.csv"])
    rows = [row for row in read_rows(synthetic / "manifest.csv", SYNTHETIC_MANIFEST_COLUMNS) if row["file"]]
    for row in rows:
        check_file(synthetic / row["file"], row["sha256"])
    kept = {}
    for label in train.classes:
        samples = [row for row in rows if row["label"] == label]
        images = read_images([synthetic / row["file"] for row in samples], train.images)
        kept[label] = KeptSamples(samples, images[:grid].copy(), [sha256(image.tobytes()) for image in images])
    return kept


def pictured_classes(counts: Mapping[str, int]) -> list[str]:
    """Of many classes those with the fewest training images, where a GAN finds it hardest, sorted."""
    return sorted(sorted(counts, key=lambda label: (counts[label], label))[:MAX_PICTURED_CLASSES])


def class_pictures(
    grid: int, train: ImageSet, test: ImageSet, kept: Mapping[str, KeptSamples]
) -> dict[str, ClassPictures]:
    """`grid` images of every class, with nearest neighbours among the training images of all classes."""
    references = pixels(train.images)
    by_class = {}
    for label, samples in kept.items():
        places, distances = nearest(pixels(samples.images[:PAIRS_PER_CLASS]), references)
        _, usual = nearest(pixels(test.of_class(label).images[:CONTROL_IMAGES_PER_CLASS]), references)
        by_class[label] = ClassPictures(
            real=train.of_class(label).images[:grid],
            synthetic=samples.images,
            neighbours=[
                Neighbour(label, row["file"], image, train.images[place], str(train.labels[place]), float(distance))
                for row, image, place, distance in zip(samples.rows, samples.images, places, distances, strict=False)
            ],
            test_distance=float(np.median(usual)) if len(usual) else None,
        )
    return by_class


def closest_pairs(synthetic: Path, train: ImageSet, test: ImageSet, kept: Mapping[str, KeptSamples]) -> ClosestPairs:
    """The kept images that lie nearest to a training image of their class, as `generate` measured it."""
    rows = [row for samples in kept.values() for row in samples.rows]
    rows = sorted(rows, key=lambda row: (float(row["nearest_distance"]), row["file"]))[:CLOSEST_PAIRS]
    images = read_images([synthetic / row["file"] for row in rows], train.images)
    reals = {label: train.of_class(label).images for label in kept}
    pairs = []
    for row, image in zip(rows, images, strict=True):
        label = row["label"]
        twin = reals[label][int(row["nearest_train"])]
        pairs.append(Neighbour(label, row["file"], image, twin, label, float(row["nearest_distance"])))
    usual = [nearest(pixels(test.of_class(label).images), pixels(real))[1] for label, real in reals.items()]
    return ClosestPairs(pairs, np.sort(np.concatenate(usual))[:CLOSEST_PAIRS].tolist())


@dataclass(frozen=True)
class Detail:
    """side: the longest, in pixels, that images are shown with; lossless: whether every pixel is as it was"""

    side: int
    lossless: bool


def detail_for(count: int, height: int, width: int) -> Detail:
    """Of `count` images of this size together on a page of two megabytes."""
    side = side_for(count)
    return Detail(side, count * min(height, side) * min(width, side) <= MAX_LOSSLESS_PIXELS)


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
    """One row per class on white: its label above its picture, or above the words "no images"; RGB."""
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


def data_uri(shown: Image.Image, lossless: bool) -> str:
    """The picture as a `data:` URI, so that a page needs no other file: WebP, the lightest that every browser reads."""
    stream = io.BytesIO()
    shown.save(stream, "WEBP", lossless=lossless, quality=LOSSY_QUALITY, method=4)
    return "data:image/webp;base64," + base64.b64encode(stream.getvalue()).decode()


def read_images(paths: Iterable[Path], like: UInt8) -> UInt8:
    """PNG files as uint8 (N, C, H, W) with the channels and size of `like` (M, C, H, W). Raises `DataError` naming a
    file that is missing, unreadable or of another size."""
    channels, height, width = like.shape[1:]
    images = []
    for path in paths:
        try:
            with Image.open(path, formats=["PNG"]) as stored:
                values = np.asarray(stored.convert("L" if channels == 1 else "RGB"))
            images.append(values.reshape(height, width, channels).transpose(2, 0, 1))
        except (OSError, ValueError) as error:
            raise DataError(
                f"{path}: not a PNG of {width}x{height} pixels ({error}). Run `dvc repro` to make it anew."
            ) from error
    return np.stack(images) if images else np.empty((0, channels, height, width), np.uint8)
