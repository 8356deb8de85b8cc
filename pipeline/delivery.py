"""The images of data/augmented as files: at the working size, at one larger size, or as large as they are stored."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from augment.core.grids import picture, png
from augment.core.seeds import derive_seed
from augment.data.imageset import ImageSet
from augment.data.originals import (
    Originals,
    copied_file,
    is_copied,
    known_originals,
    original_files,
    original_images,
    read_originals,
)  # fmt: skip
from augment.data.sizes import Size, delivered_size, read_sizes
from augment.gan.bundle import kept_generators
from augment.gan.translate.translator import CHUNK
from augment.params import Params
from augment.params.arms import MADE_PER_CLASS, Arm
from augment.params.types import CARRIED
from augment.synthesis.native import Varied, native_samples, treated_alike
from augment.synthesis.transplant.carrying import Translated, joined_draws
from augment.synthesis.transplant.settings import transplant_settings
from augment.synthesis.transplant.transplant import Transplant, changes_at, transplants
from pipeline.common import MODELS, PREPARED

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
    if delivery.originals is None:
        yield from ((_png(image), ".png") for image in images.images)
    else:
        yield from ((file.content, file.ending) for file in train_files(images, {}, (), delivery, 0))


@dataclass(frozen=True)
class TrainFile:
    """A file of one class. kind: `real`, `synthetic` or `treated`, a real image treated as samples are; position: of
    the image among those of its side, of a sample or a treated image among those of its class; source: name of the
    original whose image it is, empty for a sample."""

    kind: Literal["real", "synthetic", "treated"]
    label: str
    position: int
    content: bytes
    source: str = ""
    ending: str = ".png"


def train_files(
    train: ImageSet, samples: Mapping[str, Varied], treated: Collection[str], delivery: Delivery, seed: int
) -> Iterator[TrainFile]:
    """What is delivered at a larger size than GANs work at: each original is decoded once, for its own file, for the
    samples that vary it, and for itself treated as samples are. One is held at a time, however large it is.

    samples: by label; treated: labels of the classes whose images are. Raises `DataError` as `original_images`.
    """
    assert delivery.originals is not None
    blank = np.zeros((1, train.images.shape[1], *delivery.size), np.uint8)
    for label, varied in samples.items():
        for position in np.flatnonzero(varied.source < 0).tolist():
            yield TrainFile("synthetic", label, position, _png(native_samples(_one(varied, position), blank)[0]))
    entries, numbers = original_files(delivery.originals, train.sources.tolist()), Counter[str]()
    for at, (real, edited) in enumerate(_decoded(train, samples, treated, delivery)):
        label, name = str(train.labels[at]), str(train.sources[at])
        content, ending = copied_file(delivery.originals, entries[at]) if real is None else (_png(real), ".png")
        yield TrainFile("real", label, at, content, name, ending)
        number = numbers[label]
        numbers[label] += 1
        if edited is None:
            continue
        for position in np.flatnonzero(samples[label].source == number).tolist() if label in samples else ():
            made = native_samples(_one(samples[label], position), edited[None])[0]
            yield TrainFile("synthetic", label, position, _png(made))
        if label in treated:
            of_class = derive_seed(seed, "treated alike", label)
            made = treated_alike(train.images[[at]], edited[None], [*samples.values()], of_class, number)[0]
            yield TrainFile("treated", label, number, _png(made), name)


def _decoded(
    train: ImageSet, samples: Mapping[str, Varied], treated: Collection[str], delivery: Delivery
) -> Iterator[tuple[UInt8 | None, UInt8 | None]]:
    """Of each training image what its own file shows, None where that is copied, and what is edited, None for nothing.

    Both are the same, but where edits have another frame than originals as they are stored.
    """
    originals, channels = delivery.originals, train.images.shape[1]
    assert originals is not None
    names, labels = train.sources.tolist(), train.labels.tolist()
    shown = np.array([not (delivery.native and is_copied(originals, name)) for name in names], dtype=bool)
    edited = np.isin(labels, list(treated))
    for label, varied in samples.items():
        edited[np.flatnonzero(train.labels == label)[varied.source[varied.source >= 0]]] = True
    size, other = None if delivery.native else delivery.size, delivery.size_of_edits

    def read(which: NDArray[np.bool_], at: Size | None) -> Iterator[UInt8]:
        return original_images(originals, train.sources[which].tolist(), at, channels)

    if size == other:
        images = read(shown | edited, size)
        for is_shown, is_edited in zip(shown, edited, strict=True):
            image = next(images) if is_shown or is_edited else None
            yield image if is_shown else None, image if is_edited else None
    else:
        reals, frames = read(shown, size), read(edited, other)
        for is_shown, is_edited in zip(shown, edited, strict=True):
            yield next(reals) if is_shown else None, next(frames) if is_edited else None


def _one(varied: Varied, position: int) -> Varied:
    """One sample alone."""
    at = int(varied.source[position])
    return Varied(varied.samples[[position]], np.array([min(at, 0)]), varied.pictures[[max(at, 0)]])


def _png(image: UInt8) -> bytes:
    return png(picture(image))


def carried_again(
    train: ImageSet, kept: Mapping[str, Sequence[Mapping[str, str]]], originals: Originals, size: Size, params: Params
) -> dict[str, Iterator[UInt8]]:
    """Samples of data/synthetic made again from originals at that size, by label; kept: their rows. Raises `DataError`
    for originals that are gone."""
    settings = transplant_settings(params)
    carrying, _ = transplants(train, None, settings, params.seed, kept_generators(MODELS).translators)
    images = read_originals(originals, train.sources.tolist(), size, train.images.shape[1])
    larger = ImageSet(images, train.labels, train.groups, train.sources)
    return {label: _again(carrying[label], larger, rows) for label, rows in kept.items()}


def _again(one: Transplant, larger: ImageSet, rows: Sequence[Mapping[str, str]]) -> Iterator[UInt8]:
    changes = changes_at(one, larger) if one.translator is None else one.changes
    for at in range(0, len(rows), CHUNK):
        part = [(int(row["seed"]), int(row["index"])) for row in rows[at : at + CHUNK]]
        drawn = joined_draws([one.draws(1, seed=seed, start=start) for seed, start in part])
        yield from Translated(changes, one.positions, drawn, one.translator).onto(larger.images[drawn.lender])


def varied_of(rows: Sequence[dict[str, str]], samples: UInt8, train: ImageSet, label: str) -> Varied:
    """The samples of one class, and which of its training images each varies, by data/synthetic/manifest.csv."""
    own = np.flatnonzero(train.labels == label).tolist()
    number = {str(position): number for number, position in enumerate(own)} | {"": -1}
    carried = [row.get("source") in CARRIED for row in rows]  # no edit: made of two originals
    source = np.array([number[row["source_image"]] for row in rows], dtype=np.int64)
    source[np.array(carried, dtype=bool)] = -1
    return Varied(samples, source, train.images[own])
