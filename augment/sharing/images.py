"""The images that are handed on, one after the other: of data/augmented, or drawn by generators."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from augment.core.grids import picture, png
from augment.gan.generators import CHUNK, ClassGenerator
from augment.synthesis.training_code.augmented import load_augmented


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
    for index, (label, made, weight) in enumerate(
        zip(data.targets, data.synthetic, data.weights.tolist(), strict=True)
    ):
        yield SharedImage(png(picture(data[index][0].numpy())), label, bool(made), weight)


def sampled_images(
    generators: Mapping[str, ClassGenerator], class_to_idx: Mapping[str, int], count: int, seed: int
) -> Iterator[SharedImage]:
    """Samples 0 to count - 1 of this seed of every generator, in as much memory as one forward pass takes."""
    for (label, generator), start in product(generators.items(), range(0, count, CHUNK)):
        for image in generator.sample(min(CHUNK, count - start), seed=seed, start=start).numpy():
            yield SharedImage(png(picture(image)), class_to_idx[label], True, 1.0)
