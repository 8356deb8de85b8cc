"""Real images for the benchmarks: all of a set, then disjoint training subsets beside one fixed test set."""

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from augment.data.cleaning import examine
from augment.data.imageset import ImageSet
from augment.data.sources.folder import detect
from augment.params import Ingest


@functools.cache
def images_of(where: str, side: int | None = None) -> ImageSet:
    """Every usable image of `digits`, a folder of class folders, or a folder of IDX files, at `side` pixels."""
    source = "digits" if where == "digits" else detect(Path(where))
    entries = [
        entry
        for entry in examine(Ingest(source=source, path=where, size=side, near_duplicates="off")).entries
        if entry.usable
    ]
    arrays = [entry.pixels for entry in entries if entry.pixels is not None]
    channels = max(array.shape[2] for array in arrays)
    images = np.stack([np.broadcast_to(array, (*array.shape[:2], channels)) for array in arrays]).transpose(0, 3, 1, 2)
    names = np.array([str(position) for position in range(len(entries))])
    return ImageSet(np.ascontiguousarray(images), np.array([entry.label for entry in entries]), names, names)


def draw(
    every: ImageSet, wanted: Mapping[str, int], tests: int, subset: int, classes: Sequence[str] | None = None
) -> tuple[ImageSet, ImageSet]:
    """The training subset of this number, and a test set of at most `tests` images a class that all subsets share.

    Test holds at most half of a class, and no image that the wanted number needs. Subsets are disjoint while a class
    has images enough; then the class's are drawn at random. Raises ValueError for a class without images for both.
    """
    train: list[int] = []
    test: list[int] = []
    for label in classes or every.classes:
        own = np.flatnonzero(every.labels == label)
        own = np.random.default_rng(0).permutation(own)
        count = wanted[label]
        if len(own) <= count:
            raise ValueError(f"class {label!r} has {len(own)} images: not {count} to train on and others to test on")
        held_out, rest = np.split(own, [min(tests, len(own) // 2, len(own) - count)])
        start = subset * count
        chosen = rest[start : start + count]
        if len(chosen) < count:
            chosen = np.random.default_rng(subset).permutation(rest)[:count]
        train += chosen.tolist()
        test += held_out.tolist()
    return every.take(train), every.take(test)
