"""IDX, the format of MNIST: a magic number, the sizes, then raw bytes (http://yann.lecun.com/exdb/mnist/).

Every file is four numbers of 32 bits, big end first (two for labels), and one byte per pixel or label.
"""

import io
import math
import struct
import zlib
from collections.abc import Iterable
from gzip import BadGzipFile, GzipFile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from augment.core.files import sha256
from augment.data.entries import MIN_SIDE_PX, Blocker, Entry
from augment.data.sources import disk
from augment.data.sources.disk import Rejected, shown
from augment.data.sources.labels import label_blockers

UInt8 = NDArray[np.uint8]

SIDES = {"train": "", "t10k": "test"}
"""How the two halves are named, and the split that each declares; "" is for the pipeline to divide."""

_KINDS = {"images": 0x0803, "labels": 0x0801}  # unsigned bytes; three dimensions, one dimension
_GZIP = b"\x1f\x8b"
_FILE_NAMES = "train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte"


def has_idx(root: Path) -> bool:
    """Whether the folder holds any of the four files under one of their names."""
    return any(_names(root, side, kind) for side in SIDES for kind in _KINDS)


def read_idx(root: Path, max_file_mb: int) -> tuple[list[Entry], list[Blocker]]:
    """One entry for every embedded image, decoded, one for every file, and what stops a run.

    The files may be compressed by gzip, and their names may have a dot in the place of the last hyphen but one
    (train-images.idx3-ubyte). `train` is required, `t10k` is the test split where it is there. A label is its number in
    decimal digits. A compressed file may unpack to `max_file_mb` at most, as a plain one may have.
    """
    if not root.is_dir():
        message = f"there is no such folder; set ingest.path to the folder that holds {_FILE_NAMES}"
        return [], [Blocker(shown(str(root)), "missing", message)]
    entries: list[Entry] = []
    blockers: list[Blocker] = []
    used: set[str] = set()
    for side, split in SIDES.items():
        names = {kind: _names(root, side, kind) for kind in _KINDS}
        used |= {name for of_kind in names.values() for name in of_kind}
        if side != "train" and not any(names.values()):
            continue
        try:
            images, name = _load(root, side, "images", names["images"], max_file_mb)
            labels, other = _load(root, side, "labels", names["labels"], max_file_mb)
            _compare(images, name, labels, other)
        except _BadFile as bad:
            blockers.append(bad.blocker)
        else:
            entries += _entries(name, split, images, labels)
    if not blockers:
        blockers = label_blockers(shown(str(root)), list(dict.fromkeys(entry.label for entry in entries)))
    return entries + _files(root, used), blockers


class _BadFile(Exception):  # noqa: N818  (carries a Blocker out of the reader)
    def __init__(self, path: str, code: str, message: str) -> None:
        super().__init__(message)
        self.blocker = Blocker(path, code, message)


def _names(root: Path, side: str, kind: str) -> list[str]:
    """Files of the folder that are this half's images or labels by their names."""
    ending = f"idx{_KINDS[kind] & 0xFF}-ubyte"
    plain = [f"{side}-{kind}{mark}{ending}" for mark in "-."]
    return [name for name in [*plain, *(f"{name}.gz" for name in plain)] if (root / name).exists()]


def _load(root: Path, side: str, kind: str, names: list[str], max_file_mb: int) -> tuple[UInt8, str]:
    """The array of one file, and its name. Raises `_BadFile`."""
    if not names:
        message = f"no file with the {kind} of `{side}`; the four usual names are {_FILE_NAMES}, each also with .gz"
        raise _BadFile(shown(str(root)), "idx_missing", message)
    if len(names) > 1:
        raise _BadFile(names[0], "idx_twice", f"{names[1]} holds the same; delete one of them")
    (name,) = names
    try:
        content = disk.read_regular((root / name).resolve(), max_file_mb * 1024 * 1024)
        return parse_idx(_unpacked(content, max_file_mb * 1024 * 1024), _KINDS[kind]), name
    except Rejected as rejected:
        raise _BadFile(name, rejected.code, rejected.detail) from rejected
    except ValueError as error:
        raise _BadFile(name, "idx_damaged", f"{error}; fetch the file again") from error


def _compare(images: UInt8, name: str, labels: UInt8, other: str) -> None:
    """One label for each image, and images of an allowed size. Raises `_BadFile`."""
    if len(images) != len(labels):
        message = f"{len(images)} images, and {other} has {len(labels)} labels; fetch both files again"
        raise _BadFile(name, "idx_mismatch", message)
    if not len(images):
        raise _BadFile(name, "empty", "it holds no images; fetch the file again")
    if min(images.shape[1:]) < MIN_SIDE_PX:
        size = _text(images.shape[1:])
        raise _BadFile(name, "too_small", f"images of {size} pixels, at least {MIN_SIDE_PX} each way")


def _unpacked(content: bytes, max_bytes: int) -> bytes:
    """gzip is known by its first bytes: browsers unpack files and leave the name as it was."""
    if not content.startswith(_GZIP):
        return content
    try:
        plain = GzipFile(fileobj=io.BytesIO(content)).read(max_bytes + 1)
    except EOFError as error:
        raise ValueError("the file is cut short (gzip)") from error
    except (BadGzipFile, zlib.error) as error:
        raise ValueError(f"damaged gzip ({error})") from error
    if len(plain) > max_bytes:
        raise Rejected("file_too_big", f"it unpacks to more than {max_bytes} bytes (ingest.max_file_mb)")
    return plain


def parse_idx(content: bytes, magic: int) -> UInt8:
    """The bytes of an IDX file as uint8 (N, H, W) for images, (N,) for labels.

    magic: 0x0803 or 0x0801, what the file must begin with. Raises ValueError for another one, and
    when the file holds more or fewer bytes than its header declares.
    """
    dimensions = magic & 0xFF
    header = 4 + 4 * dimensions
    if len(content) < header:
        raise ValueError(f"the file is cut short: {len(content)} bytes, the header alone has {header}")
    actual, *shape = struct.unpack(f">{1 + dimensions}I", content[:header])
    if actual != magic:
        raise ValueError(f"it begins with the number {actual}, and {magic} is right for this kind of file")
    declared, size = math.prod(shape), len(content) - header
    if size < declared:
        raise ValueError(f"the file is cut short: {_text(shape)} declared, {size} of {declared} bytes found")
    if size > declared:
        raise ValueError(f"wrong count: {_text(shape)} declared, {size} bytes found where {declared} belong")
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def _entries(name: str, split: str, images: UInt8, labels: UInt8) -> list[Entry]:
    """One entry per image; a blank one is quarantined as it is in a folder."""
    digits = len(str(max(len(images) - 1, 0)))
    entries = []
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        entry = Entry(f"{name}/{number:0{digits}d}", str(label), sha256=sha256(image.tobytes()), channels=1)
        entry.declared_split = split
        if (image == image[0, 0]).all():
            entry.reject("quarantined", "blank", "every pixel has the same value")
        else:
            entry.pixels, entry.size = image[:, :, None], (image.shape[0], image.shape[1])
        entries.append(entry)
    return entries


def _files(root: Path, used: set[str]) -> list[Entry]:
    """The files themselves, so that every file is accounted for."""
    entries = []
    for name in (name for name in disk.walk(root) if name.kind != "folder"):
        is_idx = name.path in used
        detail = "its images have rows of their own" if is_idx else "not one of the four IDX files"
        entries.append(Entry(shown(name.path)))
        entries[-1].reject("ignored", "idx" if is_idx else "root_file", detail)
    return entries


def _text(shape: Iterable[int]) -> str:
    return " x ".join(map(str, shape))
