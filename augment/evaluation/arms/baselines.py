"""Made images that are no GAN's: a function for each source in the table of arms (augment/params/arms.py).

The real-only rivals that make images, as GANs do, draw between two training images of a class. The controls, which no
honest evaluation may credit, show images that tell nothing about their class which real ones do not.
"""

import math
from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from augment.core.seeds import derive_seed, numpy_rng
from augment.data.imageset import ImageSet
from augment.data.split.labelled import minority_classes
from augment.measure.augmentations import jittered
from augment.measure.features import pixels
from augment.params.arm_row import Source

Images = NDArray[np.uint8]
ImagesByLabel = Mapping[str, Images]
PASTED_AREA = (0.25, 0.9)  # of a pasted part, a share of the image
SMOTE_NEIGHBOURS = 5  # SMOTE's usual k, or all other images of a smaller class


def baseline_images(
    sources: Collection[Source], train: ImageSet, filtered: ImagesByLabel, count: int, flips: str, seed: int
) -> dict[Source, ImagesByLabel]:
    """Of every source that is asked for and no GAN's, `count` images of each class, uint8 (count, C, H, W).

    filtered: the GAN images that passed the filter, of which `shuffled` has as many as there are.
    """
    makers: dict[Source, Callable[[], ImagesByLabel]] = {
        "copies": lambda: jittered_copies(train, count, flips, seed),
        "smote": lambda: smote_images(train, count, seed),
        "mixes": lambda: blended_images(train, count, seed),
        "pasted": lambda: pasted_images(train, count, seed),
        "shuffled": lambda: shuffled_labels(filtered, seed),
        "noise": lambda: noise_images(train.classes, count, train.images.shape[1:], seed),
    }
    return {source: make() for source, make in makers.items() if source in sources}


def smote_images(train: ImageSet, count: int, seed: int) -> dict[str, Images]:
    """`count` SMOTE images for each class (Chawla et al. 2002), uint8 (count, C, H, W).

    Each lies at a uniform place between an image and one of its min(5, n - 1) nearest of the class, by pixels,
    box-reduced above 32 px. A class with one image gives copies of it.
    """
    return _of_each_class(train, seed, "smote", lambda images, own_seed: _smote(images, count, own_seed))


def blended_images(train: ImageSet, count: int, seed: int) -> dict[str, Images]:
    """`count` images for each class, uint8 (count, C, H, W): each at a uniform place between any two of the class.

    Mixup inside a class (Zhang et al. 2018 with Beta(1, 1)). A class with one image gives copies of it.
    """
    return _of_each_class(train, seed, "mixes", lambda images, own_seed: _blends(images, count, own_seed))


def pasted_images(train: ImageSet, count: int, seed: int, labels: Sequence[str] | None = None) -> dict[str, Images]:
    """CMO (Park et al. 2022, arXiv:2112.00412): `count` images of each minority class, uint8 (count, C, H, W): a part
    of an image of the class at its place in an image of another class, drawn as often as it is frequent.

    The part has a quarter to nine tenths of the area, and the whole keeps the label of the class; the paper draws any
    share and mixes the labels, which files of images cannot hold. labels: of the classes to make, None: all of these.
    """

    def pasted(label: str) -> Images:
        rng, others = numpy_rng(seed, "pasted", label), train.images[train.labels != label]
        own = train.of_class(label).images
        made = (others if len(others) else own)[rng.integers(max(len(others), 1), size=count)].copy()
        for canvas, image in zip(made, own[rng.integers(len(own), size=count)], strict=True):
            place = (slice(None), *_part(image.shape[1:], rng.uniform(*PASTED_AREA), rng))
            canvas[place] = image[place]
        return made

    return {label: pasted(label) for label in (minority_classes(train.counts()) if labels is None else labels)}


def _part(shape: tuple[int, ...], area: float, rng: np.random.Generator) -> tuple[slice, ...]:
    """A rectangle as wide to its height as the image, at a uniform place within it, and never all of it."""
    sides = [min(max(1, round(side * math.sqrt(area))), side - 1) for side in shape]
    starts = [int(rng.integers(side - part + 1)) for side, part in zip(shape, sides, strict=True)]
    return tuple(slice(start, start + part) for start, part in zip(starts, sides, strict=True))


def _of_each_class(train: ImageSet, seed: int, name: str, make: Callable[[Images, int], Images]) -> dict[str, Images]:
    """What is made of each class's images with a seed of its own."""
    return {label: make(train.of_class(label).images, derive_seed(seed, name, label)) for label in train.classes}


def _smote(images: Images, count: int, seed: int) -> Images:
    """imbalanced-learn interpolates rows of [reduced pixels, unit vector of the image].

    Unit vectors lengthen all squared distances between two images by 2, so neighbours stay the same, and
    what they become is the weight of each image. With the weights the images are blended in full size.
    """
    from imblearn.over_sampling import SMOTE  # noqa: PLC0415  (two seconds, and only these arms need it)

    n = len(images)
    if n == 1:
        return images.repeat(count, axis=0)
    reduced = pixels(images)
    rows = np.hstack([reduced.astype(np.float64), np.eye(n)])
    other = np.zeros_like(rows[:1])  # SMOTE asks for a second class
    neighbours = min(SMOTE_NEIGHBOURS, n - 1)
    sampler = SMOTE(sampling_strategy={1: n + count}, k_neighbors=neighbours, random_state=seed % 2**32)
    made, _ = sampler.fit_resample(np.concatenate([rows, other]), np.repeat([1, 0], [n, 1]))
    return _blend(made[n + 1 :, reduced.shape[1] :].astype(np.float32), images)


def _blends(images: Images, count: int, seed: int) -> Images:
    n, rng = len(images), numpy_rng(seed)
    if n == 1:
        return images.repeat(count, axis=0)
    first = rng.integers(n, size=count)
    second = (first + rng.integers(1, n, size=count)) % n  # never the first
    share = rng.random(count)
    weights = np.zeros((count, n), dtype=np.float32)
    weights[np.arange(count), first] = share
    weights[np.arange(count), second] = 1 - share
    return _blend(weights, images)


def _blend(weights: NDArray[np.float32], images: Images) -> Images:
    """weights (count, n), rows summing to 1, times images (n, C, H, W), rounded to uint8."""
    blended = weights @ images.reshape(len(images), -1).astype(np.float32)
    rounded: Images = blended.round().clip(0, 255).astype(np.uint8)
    return rounded.reshape(-1, *images.shape[1:])


def jittered_copies(train: ImageSet, count: int, flips: str, seed: int) -> dict[str, Images]:
    """`count` jittered copies of training images for each label, uint8 (count, C, H, W)."""
    return _of_each_class(train, seed, "copies", lambda images, own_seed: jittered(images, count, flips, own_seed))


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
