"""What an arm's made images are at the judged size, one class after the other: all of them would fill the memory.

Images that are no GAN's are made anew from real ones of that size. A GAN's sample is of the working size: one that is
a varied real image becomes an edit of its original, another is enlarged. In a matched arm the images of classes that
get no samples are treated likewise: edited as samples are, or sent through the working size.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from augment.core.seeds import derive_seed
from augment.data.imageset import ImageSet, UInt8
from augment.evaluation.arms.baselines import baseline_images, pasted_images
from augment.evaluation.arms.draws import sampled_classes
from augment.evaluation.arms.judged import JudgedImages
from augment.measure.sampling import WeightedImages
from augment.params.arm_row import Source
from augment.synthesis.native import Varied, native_samples, treated_alike
from augment.synthesis.transplant.carrying import Translated

GAN_SOURCES: tuple[Source, ...] = ("raw", "filtered")


@dataclass(frozen=True)
class MadeFrom:
    """Where made images come from: the training images, at the working size, and their originals.

    origins: of a GAN's images, by label: which training image of the class each varies, -1 for none; matched: whether
    classes without samples have their own images among the made ones (`with_matched_images`); translated: how samples
    are made of classes whose defects are carried onto other images
    """

    source: Source
    train: ImageSet
    judged: JudgedImages
    origins: Mapping[str, NDArray[np.int64]]
    flips: str
    seed: int
    matched: bool = False
    translated: Mapping[str, Translated] = field(default_factory=dict)


def enlarged(made: WeightedImages, of: MadeFrom) -> Iterator[UInt8]:
    """The made images at the judged size, uint8 (n, C, H, W) of each class, in the order of `made`."""
    sampled = sampled_classes(of.train.counts(), of.origins) if of.matched else of.train.classes
    parts = {of.train.classes[target]: made.images[made.targets == target] for target in dict.fromkeys(made.targets)}
    edited = [label for label in parts if label in sampled and of.matched and label not in of.translated]
    varied = [_varied(label, parts[label], of) for label in edited]
    if of.source == "pasted":  # onto images of all classes
        whole = of.judged.set_of(of.train)
        yield from (pasted_images(whole, len(images), of.seed, [label])[label] for label, images in parts.items())
        return
    for label, images in parts.items():
        if label in sampled:
            yield _of_class(label, images, of)
        else:
            yield treated_alike(images, of.judged.of(images), varied, derive_seed(of.seed, "treated alike", label))


def _varied(label: str, samples: UInt8, of: MadeFrom) -> Varied:
    return Varied(samples, of.origins[label][: len(samples)], of.train.of_class(label).images)


def _of_class(label: str, samples: UInt8, of: MadeFrom) -> UInt8:
    if of.source in GAN_SOURCES and label in of.translated:
        how = of.translated[label].take(slice(len(samples)))
        return how.onto(of.judged.of(of.train.images[how.draws.lender]))
    if of.source == "untranslated":  # training images
        return of.judged.of(samples)
    if of.source in GAN_SOURCES:
        varied = _varied(label, samples, of)
        return native_samples(varied, of.judged.of(varied.pictures))
    if of.source == "shuffled":  # another class's samples, of which nobody knows what they vary
        size = of.judged.images.array.shape[1:]
        return native_samples(Varied(samples, np.full(len(samples), -1), samples[:0]), np.empty((0, *size), np.uint8))
    own = of.judged.set_of(of.train.of_class(label))
    return baseline_images((of.source,), own, {}, len(samples), of.flips, of.seed)[of.source][label]
