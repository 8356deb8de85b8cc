"""The images of data/augmented as files: at the working size, at one larger size, or as large as they are stored."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augment.core.grids import picture, png
from augment.data.imageset import ImageSet
from augment.data.originals import Originals, copied_file, is_copied, known_originals, original_files, original_images
from augment.data.sizes import Size, delivered_size, read_sizes
from augment.params import Params
from augment.params.arms import MADE_PER_CLASS, Arm
from augment.synthesis.native import Varied, native_samples, treated_alike
from pipeline.common import PREPARED

UInt8 = NDArray[np.uint8]


@dataclass(frozen=True)
class Delivery:
    """size: (H, W) of all images; native: each original is as it is stored, and samples as large as what they vary

    originals: None at the working size
    """

    size: Size
    native: bool
    originals: Originals | None

    @property
    def size_of_edits(self) -> Size | None:
        """Of originals that are edited, None for each its own: but pictures that are cropped or padded do not show what
        an original shows as it is stored."""
        as_stored = self.native and self.originals is not None and self.originals.ingest.fit == "stretch"
        return None if as_stored else self.size

    def chosen(self, rows: list[dict[str, str]]) -> list[dict[str, str]]:
        """Rows of a class's samples that are delivered: at a larger size as many as were judged, edits alone if any."""
        if self.originals is None:
            return rows
        return ([row for row in rows if row["source_image"]] or rows)[:MADE_PER_CLASS]


def delivery_of(params: Params, arms: Collection[Arm]) -> Delivery:
    """What `assemble.size` asks for; arms: those that ran, of which some may have seen larger images than GANs work at.

    Raises `DataError` where data/prepared is not what `ingest` wrote.
    """
    working, native = read_sizes(PREPARED)
    chosen = params.delivers(arms)
    size = delivered_size(chosen, native, working, params.evaluate.backbone_side)
    as_stored = chosen == "native" and params.ingest.source in ("folder", "list")
    larger = as_stored or size != working
    return Delivery(size, as_stored, known_originals(PREPARED, params.ingest) if larger else None)


def real_files(images: ImageSet, delivery: Delivery) -> Iterator[tuple[bytes, str]]:
    """Content and ending of the file of each real image. Raises `DataError` as `original_images`."""
    originals, names, channels = delivery.originals, images.sources.tolist(), images.images.shape[1]
    if originals is None:
        yield from ((_png(image), ".png") for image in images.images)
    elif delivery.native:
        changed = [name for name in names if not is_copied(originals, name)]
        decoded = original_images(originals, changed, None, channels)
        for entry in original_files(originals, names):
            yield copied_file(originals, entry) if is_copied(originals, entry.path) else (_png(next(decoded)), ".png")
    else:
        yield from ((_png(image), ".png") for image in original_images(originals, names, delivery.size, channels))


def sample_files(varied: Varied, own: ImageSet, delivery: Delivery) -> Iterator[tuple[int, bytes]]:
    """PNGs of the samples of one class at the size of the delivery, each with its position; own: the training images of
    the class.

    Samples of one original follow each other, so that one original is held at a time, however large it is.
    """
    assert delivery.originals is not None
    channels, sources = varied.samples.shape[1], varied.source.tolist()
    blank = np.zeros((1, channels, *delivery.size), np.uint8)
    for position in np.flatnonzero(varied.source < 0).tolist():
        yield position, _png(native_samples(_one(varied, position), blank)[0])
    used = sorted({*sources} - {-1})
    names = own.sources[used].tolist()
    originals = original_images(delivery.originals, names, delivery.size_of_edits, channels)
    for at, original in zip(used, originals, strict=True):
        for position in np.flatnonzero(varied.source == at).tolist():
            yield position, _png(native_samples(_one(varied, position), original[None])[0])


def _one(varied: Varied, position: int) -> Varied:
    """One sample alone."""
    at = int(varied.source[position])
    return Varied(varied.samples[[position]], np.array([min(at, 0)]), varied.pictures[[max(at, 0)]])


def treated_files(own: ImageSet, others: Sequence[Varied], delivery: Delivery, seed: int) -> Iterator[bytes]:
    """PNGs of the training images of a class without samples, treated as the samples of others are."""
    assert delivery.originals is not None
    names, channels = own.sources.tolist(), own.images.shape[1]
    images = original_images(delivery.originals, names, delivery.size_of_edits, channels)
    for index, original in enumerate(images):
        yield _png(treated_alike(own.images[[index]], original[None], others, seed, index)[0])


def _png(image: UInt8) -> bytes:
    return png(picture(image))


def varied_of(rows: Sequence[dict[str, str]], samples: UInt8, train: ImageSet, label: str) -> Varied:
    """The samples of one class, and which of its training images each varies, by data/synthetic/manifest.csv."""
    own = np.flatnonzero(train.labels == label).tolist()
    number = {str(position): number for number, position in enumerate(own)} | {"": -1}
    source = np.array([number[row["source_image"]] for row in rows], dtype=np.int64)
    return Varied(samples, source, train.images[own])
