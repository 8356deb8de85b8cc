"""Samples of generators in files, as many as a disk holds: part after part, so that a run that was killed goes on."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from augment.core.errors import DataError
from augment.core.files import file_sha256, folder_name, read_json, sweep_temporaries, write_bytes, write_json
from augment.core.grids import picture, png, write_picture
from augment.core.progress import with_progress
from augment.core.whole_folder import is_free
from augment.gan.bundle_files import INDEX
from augment.gan.generators import CHUNK, ClassGenerator, GeneratorSet
from augment.sharing.images import SharedImage
from augment.sharing.shards import IMAGES, shard

RECORD = "samples.json"  # of which generators a folder holds samples, and in shards of how many
Form = Literal["png", "webdataset"]


@dataclass(frozen=True)
class Part:
    """Samples of one class that are made at once: `count` from `start` on."""

    generator: ClassGenerator
    start: int
    count: int

    def images(self, seed: int) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Index and pixels (C, H, W) of each, with as many in memory as one forward pass makes."""
        end = self.start + self.count
        for start in range(self.start, end, CHUNK):
            samples = self.generator.sample(min(CHUNK, end - start), seed=seed, start=start).numpy()
            yield from enumerate(samples, start)


def write_samples(
    out: Path, form: Form, models: Path, generators: GeneratorSet, labels: Sequence[str], count: int, seed: int
) -> None:
    """`count` samples of each of the labels: PNG files in one sub-folder per class, or tar files of `IMAGES` each.

    models: the folder that the generators are from. Files are whole or not there, and those that stand are not made
    again. Raises `DataError` where `out` holds anything but samples of these generators, `StoreError` when the disk
    refuses.
    """
    _claim(out, {"models": file_sha256(models / INDEX)} | ({"count": count} if form == "webdataset" else {}))
    size = IMAGES if form == "webdataset" else CHUNK
    parts = [
        Part(generators[label], start, min(size, count - start))
        for label, start in product(labels, range(0, count, size))
    ]
    for part in with_progress("parts of the samples", parts):
        if form == "webdataset":
            _write_shard(out, part, generators.class_to_idx, seed)
        else:
            _write_files(out, part, seed)


def _claim(out: Path, record: Mapping[str, object]) -> None:
    """Say in a new folder what it will hold, or go on in one that says the same."""
    if is_free(out):
        write_json(out / RECORD, record)
        return
    known = None
    with suppress(DataError):
        known = read_json(out / RECORD)
    if known != record:
        raise DataError(
            f"{out}: something stands there, and it is no samples of these generators"
            f"{', as many of each class' if 'count' in record else ''} ({RECORD}). Name a new folder, or empty this one"
        )
    sweep_temporaries(out)


def _write_files(out: Path, part: Part, seed: int) -> None:
    folder = out / folder_name(part.generator.label)
    places = {index: folder / f"{seed}-{index:06d}.png" for index in range(part.start, part.start + part.count)}
    if not all(path.exists() for path in places.values()):
        for index, image in part.images(seed):
            write_picture(places[index], image)


def _write_shard(out: Path, part: Part, class_to_idx: Mapping[str, int], seed: int) -> None:
    label = part.generator.label
    path, target = out / f"{folder_name(label)}-{seed}-{part.start // IMAGES:05d}.tar", class_to_idx[label]
    if not path.exists():
        images = ((index, SharedImage(png(picture(image)), target, True, 1.0)) for index, image in part.images(seed))
        write_bytes(path, shard(images, list(class_to_idx), f"{target:05d}-"), durable=False)
