"""What an arm's made images are at the judged size, one class after the other: all of them would fill the memory.

Images that are no GAN's are made anew from real ones of that size. A GAN's sample is of the working size: one that is
a varied real image becomes an edit of its original, another is enlarged.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augment.data.imageset import ImageSet, UInt8
from augment.evaluation.arms.baselines import baseline_images, pasted_images
from augment.evaluation.arms.judged import JudgedImages
from augment.measure.sampling import WeightedImages
from augment.params.arms import Source
from augment.synthesis.native import native_samples

GAN_SOURCES: tuple[Source, ...] = ("raw", "filtered")


@dataclass(frozen=True)
class MadeFrom:
    """Where made images come from: the training images, at the working size, and their originals.

    origins: of a GAN's images, by label: which training image of the class each varies, -1 for none
    """

    source: Source
    train: ImageSet
    judged: JudgedImages
    origins: Mapping[str, NDArray[np.int64]]
    flips: str
    seed: int


def enlarged(made: WeightedImages, of: MadeFrom) -> Iterator[UInt8]:
    """The made images at the judged size, uint8 (n, C, H, W) of each class, in the order of `made`."""
    for target in dict.fromkeys(made.targets.tolist()):
        samples = made.images[made.targets == target]
        yield _of_class(of.train.classes[target], samples, of)


def _of_class(label: str, samples: UInt8, of: MadeFrom) -> UInt8:
    if of.source in GAN_SOURCES:
        pictures = of.train.of_class(label).images
        return native_samples(samples, of.origins[label][: len(samples)], pictures, of.judged.of(pictures))
    if of.source == "pasted":
        return pasted_images(of.judged.set_of(of.train), len(samples), of.seed, [label])[label]
    if of.source == "shuffled":  # another class's samples, of which nobody knows what they vary
        size = of.judged.images.array.shape[2:]
        unknown = np.full(len(samples), -1)
        return native_samples(samples, unknown, samples[:0], np.empty((0, samples.shape[1], *size), np.uint8))
    own = of.judged.set_of(of.train.of_class(label))
    return baseline_images((of.source,), own, {}, len(samples), of.flips, of.seed)[of.source][label]
