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


def sample_files(varied: Varied, own: ImageSet, delivery: Delivery) -> Iterator[bytes]:
    """PNGs of the samples of one class at the size of the delivery; own: the training images of the class."""
    assert delivery.originals is not None
    used = sorted({*varied.source.tolist()} - {-1})
    size, names = None if delivery.native else delivery.size, own.sources[used].tolist()
    channels = varied.samples.shape[1]
    originals = dict(zip(used, original_images(delivery.originals, names, size, channels), strict=True))
    blank = np.zeros((1, channels, *delivery.size), np.uint8)
    for sample, at in zip(varied.samples, varied.source.tolist(), strict=True):
        one = Varied(sample[None], np.array([min(at, 0)]), own.images[[max(at, 0)]])
        yield _png(native_samples(one, blank if at < 0 else originals[at][None])[0])


def treated_files(own: ImageSet, others: Sequence[Varied], delivery: Delivery, seed: int) -> Iterator[bytes]:
    """PNGs of the training images of a class without samples, treated as the samples of others are."""
    assert delivery.originals is not None
    size, names = None if delivery.native else delivery.size, own.sources.tolist()
    images = original_images(delivery.originals, names, size, own.images.shape[1])
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
