"""Controls that no honest evaluation may credit: images that tell nothing about their class which real ones do not."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from augment.core.seeds import derive_seed, numpy_rng
from augment.data.imageset import ImageSet
from augment.measure.classical import jittered

Images = NDArray[np.uint8]


def jittered_copies(train: ImageSet, count: int, flips: str, seed: int) -> dict[str, Images]:
    """`count` jittered copies of training images for each label, uint8 (count, C, H, W)."""
    return {
        label: jittered(train.of_class(label).images, count, flips, derive_seed(seed, "copies", label))
        for label in train.classes
    }


def shuffled_labels(samples: Mapping[str, Images], seed: int) -> dict[str, Images]:
    """The same images under labels drawn at random; every label keeps its number of images."""
    sizes = [len(images) for images in samples.values()]
    if not sum(sizes):
        return dict(samples)
    pooled = np.concatenate(list(samples.values()))
    order = numpy_rng(seed, "shuffled").permutation(len(pooled))
    parts = np.split(pooled[order], np.cumsum(sizes)[:-1])
    return dict(zip(samples, parts, strict=True))


def noise_images(labels: Sequence[str], count: int, shape: tuple[int, ...], seed: int) -> dict[str, Images]:
    """`count` images of independent uniform pixels for each label, uint8 (count, C, H, W); shape: (C, H, W)."""
    return {
        label: numpy_rng(seed, "noise", label).integers(0, 256, (count, *shape), dtype=np.uint8) for label in labels
    }
