"""Which files data/augmented has of the images of a split: each original is decoded once for all that is made of it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from augment.core.progress import Progress
from augment.core.seeds import derive_seed
from augment.data.imageset import ImageSet
from augment.data.originals import copied_file, is_copied, original_files
from augment.synthesis.native import Change, Varied, changes_alike
from pipeline.delivery.making import Made, OfOriginal, Unit, as_file, enlarge, make
from pipeline.delivery.size import Delivery

UInt8 = NDArray[np.uint8]
UNIT_FILES = 8  # made by one unit of work


@dataclass(frozen=True)
class DeliveredFile:
    """A file of one class. kind: `real`, `synthetic` or `treated`, a real image treated as samples are; position: of
    the image among those of its side, of a sample or a treated image among those of its class; source: name of the
    original whose image it is, empty for a sample."""

    kind: Literal["real", "synthetic", "treated"]
    label: str
    position: int
    content: bytes
    source: str = ""
    ending: str = ".png"


@dataclass(frozen=True)
class Edit:
    """What a sample, or a treated image, makes of an original: the file ahead of its content, and the change."""

    kind: Literal["synthetic", "treated"]
    position: int
    change: Change


@dataclass(frozen=True)
class Lent:
    """Originals whose pixels are wanted. positions: among the images of a side; images: uint8 (N, C, H, W), where those
    of these positions are put; the others' memory is never touched, and so takes no room."""

    positions: frozenset[int]
    images: UInt8


NOTHING_LENT = Lent(frozenset(), np.empty((0, 0, 0, 0), dtype=np.uint8))


def real_files(images: ImageSet, delivery: Delivery) -> Iterator[DeliveredFile]:
    """The file of each real image, in any order. Raises `DataError` as `split_files`."""
    if delivery.originals is None:
        for at, (image, label) in enumerate(zip(images.images, images.labels.tolist(), strict=True)):
            yield DeliveredFile("real", label, at, as_file(image), str(images.sources[at]))
    else:
        yield from split_files(images, {}, (), delivery, 0)


def split_files(
    images: ImageSet, samples: Mapping[str, Varied], treated: Collection[str], delivery: Delivery, seed: int,
    lent: Lent = NOTHING_LENT,
) -> Iterator[DeliveredFile]:  # fmt: skip
    """What is delivered of a split at a larger size than GANs work at, in any order: each original is decoded at most
    once, for its own file, for the samples that vary it, and for itself treated as samples are.

    samples: by label; treated: labels of the classes whose images are. Raises `DataError` for originals that are gone
    or changed, or cannot be read at that size.
    """
    originals, names = delivery.originals, images.sources.tolist()
    assert originals is not None
    yield from _enlarged(samples, delivery)
    entries, edits = original_files(originals, names), edits_of(images, samples, treated, seed)
    copied = [delivery.native and is_copied(originals, name) for name in names]
    for at in np.flatnonzero(copied).tolist():
        content, ending = copied_file(originals, entries[at])
        yield DeliveredFile("real", str(images.labels[at]), at, content, names[at], ending)
    wanted = [
        OfOriginal(at, entry, not copied[at], tuple(edit.change for edit in edits[at]), at in lent.positions)
        for at, entry in enumerate(entries)
        if not copied[at] or edits[at] or at in lent.positions
    ]
    for one, made in _made(wanted, delivery, images.images.shape[1]):
        yield from _files(made, str(images.labels[one.at]), one, edits[one.at])
        if made.lent is not None:
            lent.images[one.at] = made.lent


def edits_of(images: ImageSet, samples: Mapping[str, Varied], treated: Collection[str], seed: int) -> list[list[Edit]]:
    """Of each image, what is made of it."""
    edits: list[list[Edit]] = [[] for _ in range(len(images))]
    for label, varied in samples.items():
        own = np.flatnonzero(images.labels == label)
        for position in np.flatnonzero(varied.source >= 0).tolist():
            edits[own[varied.source[position]]].append(Edit("synthetic", position, varied.change(position)))
    for label in treated:
        own = np.flatnonzero(images.labels == label)
        changes = changes_alike(images.images[own], [*samples.values()], derive_seed(seed, "treated alike", label))
        for number, at in enumerate(own.tolist()):
            edits[at].append(Edit("treated", number, changes[number]))
    return edits


def _made(wanted: Sequence[OfOriginal], delivery: Delivery, channels: int) -> Iterator[tuple[OfOriginal, Made]]:
    """What is made of each original, by several processes, in any order."""
    originals, progress = delivery.originals, Progress("originals read", len(wanted))
    assert originals is not None
    shown_at = None if delivery.native else delivery.size
    parts = _parts(wanted)
    units = (
        Unit(
            originals.of([one.entry.path for one in part]), channels, tuple(part),
            shown_at=shown_at, edited_at=delivery.size_of_edits, lent_at=delivery.size,
        )
        for part in parts
    )  # fmt: skip
    for at, made in delivery.engine.stream(make, units):
        for one, of_one in zip(parts[at], made, strict=True):
            yield one, of_one
            progress.advance()


def _parts(wanted: Sequence[OfOriginal]) -> list[list[OfOriginal]]:
    """Of which each makes a few files, unless one original makes more."""
    parts, count = list[list[OfOriginal]](), UNIT_FILES
    for one in wanted:
        if count >= UNIT_FILES:
            parts.append([])
            count = 0
        parts[-1].append(one)
        count += one.is_shown + len(one.changes) + one.is_lent
    return parts


def _files(made: Made, label: str, one: OfOriginal, edits: Sequence[Edit]) -> Iterator[DeliveredFile]:
    name = one.entry.path
    if made.shown is not None:
        yield DeliveredFile("real", label, one.at, made.shown, name)
    for edit, content in zip(edits, made.changed, strict=True):
        yield DeliveredFile(edit.kind, label, edit.position, content, name if edit.kind == "treated" else "")


def _enlarged(samples: Mapping[str, Varied], delivery: Delivery) -> Iterator[DeliveredFile]:
    """The samples that vary no original."""
    alone = {label: np.flatnonzero(varied.source < 0) for label, varied in samples.items()}
    parts = [
        (label, positions[at : at + UNIT_FILES])
        for label, positions in alone.items()
        for at in range(0, len(positions), UNIT_FILES)
    ]
    units = ((samples[label].samples[positions], delivery.size) for label, positions in parts)
    for at, contents in delivery.engine.stream(enlarge, units):
        label, positions = parts[at]
        for position, content in zip(positions.tolist(), contents, strict=True):
            yield DeliveredFile("synthetic", label, position, content)
