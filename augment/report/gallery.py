"""The pictures of the page: what each class looks like, and the pairs of synthetic and training images most alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from augment.core.files import sha256
from augment.data.imageset import ImageSet, UInt8
from augment.measure.features import pixels
from augment.measure.metrics import nearest
from augment.report.pictures import read_images
from augment.report.reading import Rows, read_rows

PAIRS_PER_CLASS = 6  # synthetic images of a class that are shown with their nearest training image
CONTROL_IMAGES_PER_CLASS = 20  # test images of a class whose nearest training image gives the usual distance
CLOSEST_PAIRS = 10  # of all pairs, those that are shown as the likeliest copies
SYNTHETIC_MANIFEST_COLUMNS = ("label", "file", "nearest_train", "nearest_distance")


@dataclass(frozen=True)
class KeptSamples:
    """The kept synthetic images of a class in the order they were made.

    rows: of the manifest; images: the first of them, uint8 (N, C, H, W); digests: the SHA-256 of every one's pixels
    """

    rows: Rows
    images: UInt8
    digests: Sequence[str]


@dataclass(frozen=True)
class Neighbour:
    """A synthetic image (C, H, W) and the nearest training image; the distance is the root mean square
    difference of their pixels, from 0 to 1."""

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
    """Label -> the kept images, of which `grid` stay in memory.

    Raises `DataError` naming a file that is missing or of another size.
    """
    rows = [row for row in read_rows(synthetic / "manifest.csv", SYNTHETIC_MANIFEST_COLUMNS) if row["file"]]
    kept = {}
    for label in train.classes:
        samples = [row for row in rows if row["label"] == label]
        images = read_images([synthetic / row["file"] for row in samples], train.images)
        kept[label] = KeptSamples(samples, images[:grid].copy(), [sha256(image.tobytes()) for image in images])
    return kept


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
