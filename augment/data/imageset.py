"""The one form in which labelled images travel through the project."""

import hashlib
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from augment.core.errors import DataError
from augment.core.files import read_csv, sha256, write_bytes, write_csv
from augment.data.arguments import path_argument, short
from augment.data.checksums import check_files, write_checksums
from augment.data.split.labelled import LabelledSet, Text, Which, positions

UInt8 = NDArray[np.uint8]

FILES = ("images.npy", "index.csv")
COLUMNS = ("index", "label", "group", "source")
UNWRITABLE = re.compile("[\r\ud800-\udfff]")  # a lone one splits a row of the CSV, halves of pairs are no UTF-8
CHANCE_BELOW_PX = 16  # a shorter side, and independent images may equal each other pixel for pixel


@dataclass(frozen=True, eq=False)  # equality of arrays is no single truth: compare `fingerprint()`
class ImageSet(LabelledSet):
    """Labelled images with the groups that must stay on one side of a split.

    images: uint8 (N, C, H, W), C in {1, 3}
    labels: str (N,), the class names as a person wrote them
    groups: str (N,), images that are not independent (one patient, one part, exact duplicates)
            share a group; any other image is a group by itself
    sources: str (N,), where each image came from, for people

    Raises `DataError` for images of another form, and for parts that differ in length.

    >>> import numpy as np, augment, tempfile
    >>> names = np.array(["0", "1", "2"])
    >>> images = augment.ImageSet(np.zeros((3, 1, 8, 8), np.uint8), np.array(["dent", "ok", "dent"]), names, names)
    >>> images.classes, images.counts(), images.targets(images.classes)
    (['dent', 'ok'], {'dent': 2, 'ok': 1}, array([0, 1, 0]))
    >>> folder = tempfile.mkdtemp()
    >>> images.save(folder)
    >>> augment.ImageSet.load(folder).of_class("dent").images.shape
    (2, 1, 8, 8)
    """

    images: UInt8
    labels: Text
    groups: Text
    sources: Text

    def __post_init__(self) -> None:
        if isinstance(self.images, np.ma.MaskedArray) or not isinstance(self.images, np.ndarray):
            raise DataError(
                f"images must be a NumPy array, uint8 (N, C, H, W), without a mask, got {short(self.images)}"
            )
        if self.images.ndim != 4 or self.images.dtype != np.uint8 or self.images.shape[1] not in (1, 3):
            raise DataError(f"images must be uint8 (N, C, H, W) with 1 or 3 channels, found {_kind(self.images)}")
        for name in ("labels", "groups", "sources"):
            values = getattr(self, name)
            if not _is_text(values):
                raise DataError(f"{name} must be a NumPy array of text (N,), dtype str, found {_kind(values)}")
        lengths = {len(self.images), len(self.labels), len(self.groups), len(self.sources)}
        if len(lengths) != 1:
            raise DataError(f"images, labels, groups and sources differ in length: {sorted(lengths)}")

    def take(self, which: Which) -> "ImageSet":
        """The images chosen by a mask or by positions, in that order. Raises `ArgumentError` for others."""
        chosen = positions(which, len(self))
        return ImageSet(self.images[chosen], self.labels[chosen], self.groups[chosen], self.sources[chosen])

    def joined(self, others: Sequence["ImageSet"]) -> "ImageSet":
        """These images, then those of the other sets, in their order. Raises `DataError` when they differ in shape."""
        sides = [side for side in (self, *others) if len(side)] or [self]
        shapes = {side.images.shape[1:] for side in sides}
        if len(shapes) > 1:
            raise DataError(f"images of one set must have one shape, found {sorted(shapes)}; make data/prepared anew")
        parts = ((side.images, side.labels, side.groups, side.sources) for side in sides)
        return ImageSet(*map(np.concatenate, zip(*parts, strict=True)))

    def digests(self) -> list[str]:
        """Hex SHA-256 of the pixels of each image."""
        return [sha256(image.tobytes()) for image in self.images]

    def fingerprint(self) -> str:
        """Hex SHA-256 of images, labels and groups, in their order; sources do not matter."""
        names = [f"{label}\0{group}" for label, group in zip(self.labels, self.groups, strict=True)]
        digest = hashlib.sha256("\0\0".join([str(self.images.shape), *names]).encode())
        digest.update(np.ascontiguousarray(self.images).data)
        return digest.hexdigest()

    def save(self, folder: str | Path) -> None:
        """Write `images.npy`, `index.csv` and their hashes, byte-equal for equal sets. Raises `DataError`, before
        anything is written, for texts that a CSV of UTF-8 cannot give back."""
        folder = path_argument("folder", folder)
        for text in sorted({*self.labels, *self.groups, *self.sources}):
            if UNWRITABLE.search(text):
                raise DataError(f"{str(text)!a} cannot be written: a carriage return, or no UTF-8. Rename it.")
        stream = io.BytesIO()
        np.save(stream, self.images, allow_pickle=False)
        write_bytes(folder / "images.npy", stream.getbuffer())
        rows = zip(range(len(self)), self.labels, self.groups, self.sources, strict=True)
        write_csv(folder / "index.csv", (dict(zip(COLUMNS, row, strict=True)) for row in rows), COLUMNS)
        write_checksums(folder, FILES)

    @staticmethod
    def load(folder: str | Path) -> "ImageSet":
        """Read what `save` wrote. Raises `DataError` when a file is missing, or not the one that was written."""
        folder = path_argument("folder", folder)
        try:
            check_files(folder, FILES)
            images = np.load(folder / "images.npy", allow_pickle=False)
            rows = read_csv(folder / "index.csv")
            return ImageSet(images, *(np.array([row[name] for row in rows], dtype=np.str_) for name in COLUMNS[1:]))
        except (OSError, EOFError, ValueError, KeyError, DataError) as error:
            mend = "" if isinstance(error, DataError) else " Run `dvc repro` to prepare it."
            raise DataError(f"{folder}: not a prepared split ({str(error).rstrip('.')}).{mend}") from error


def _is_text(values: object) -> bool:
    """An empty array has no kind; one of objects, as pandas gives, may hold texts."""
    if not isinstance(values, np.ndarray) or isinstance(values, np.ma.MaskedArray) or values.ndim != 1:
        return False
    return not len(values) or values.dtype.kind == "U" or all(isinstance(value, str) for value in values.tolist())


def _kind(values: object) -> str:
    return f"{values.dtype} {values.shape}" if isinstance(values, np.ndarray) else f"a {type(values).__name__}"
