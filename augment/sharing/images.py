"""The images that are handed on, one after the other: of data/augmented, or drawn by generators."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from augment.core.files import read_file
from augment.core.grids import picture, png
from augment.data.delivered import read_manifest
from augment.gan.generators import CHUNK, ClassGenerator
from augment.synthesis.training_code.augmented import MAX_FILE_BYTES, load_augmented

SIGNATURE = b"\x89PNG\r\n\x1a\n"
PIXELS_ALONE = {b"IHDR", b"IDAT", b"IEND"}  # chunks of a PNG that hold no word about it
GREY, RGB = 0, 2  # colour types


@dataclass(frozen=True)
class SharedImage:
    """content: PNG, 8 bits, grey or RGB, without metadata; label: class index; weight: how often to draw it, 1 on
    average."""

    content: bytes
    label: int
    synthetic: bool
    weight: float


def delivered_images(folder: Path, split: str) -> Iterator[SharedImage]:
    """One split of data/augmented as `load_augmented` shows it, each file compared with its hash.

    Pixels alone go on: what a camera wrote beside them (place, owner) and the names of originals do not. Raises
    `DataError` as `load_augmented`.
    """
    data = load_augmented(folder, split, verify=True)
    rows = [row for row in read_manifest(folder) if row["split"] == split]
    for index, (row, label, weight) in enumerate(zip(rows, data.targets, data.weights.tolist(), strict=True)):
        content = read_file(folder / row["path"], MAX_FILE_BYTES)
        if not is_bare(content, data.recipe.channels):
            content = png(picture(data[index][0].numpy()))
        yield SharedImage(content, label, row["synthetic"] == "1", weight)


def is_bare(content: bytes, channels: int) -> bool:
    """Whether it is a PNG of 8 bits, of this many channels, that holds pixels alone: it can go on as it is."""
    if content[:8] != SIGNATURE or content[24:26] != bytes((8, GREY if channels == 1 else RGB)):
        return False
    at, kinds = len(SIGNATURE), set[bytes]()
    while at < len(content):
        kinds.add(content[at + 4 : at + 8])
        at += 12 + int.from_bytes(content[at : at + 4])  # length, kind, content, checksum
    return at == len(content) and kinds == PIXELS_ALONE


def sampled_images(
    generators: Mapping[str, ClassGenerator], class_to_idx: Mapping[str, int], count: int, seed: int
) -> Iterator[SharedImage]:
    """Samples 0 to count - 1 of this seed of every generator, in as much memory as one forward pass takes."""
    for (label, generator), start in product(generators.items(), range(0, count, CHUNK)):
        for image in generator.sample(min(CHUNK, count - start), seed=seed, start=start).numpy():
            yield SharedImage(png(picture(image)), class_to_idx[label], True, 1.0)
