"""Made images, and real ones of their class, as a frozen backbone sees them: at the judged size, as they are used."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augment.core.errors import DataError
from augment.core.seeds import derive_seed, numpy_rng
from augment.data.imageset import CHANCE_BELOW_PX, ImageSet, UInt8
from augment.evaluation.arms.draws import Samples, sampled_classes
from augment.evaluation.arms.enlarged import MadeFrom, enlarged
from augment.evaluation.arms.judged import content
from augment.evaluation.arms.seen import Look, see_made
from augment.measure.sampling import WeightedImages
from augment.synthesis.transplant.carrying import Translated

MOST_OF_KIND, FEWEST_OF_KIND, ALL_OF_KIND = 100, 20, 400  # images of a class, real or made, and of all classes
Features = NDArray[np.float32]
Positions = NDArray[np.int64]


@dataclass(frozen=True)
class MadeOfClass:
    """images: uint8 (n, C, h, w), of the working size; origins: int64 (n,), which training image of the class each was
    made of, -1 for none; kind: `samples`, or `treated` for real images that were treated as those are;
    translated: how samples are made whose defects are carried onto other images."""

    label: str
    kind: str
    images: UInt8
    origins: Positions
    translated: Translated | None = None


@dataclass(frozen=True)
class SeenClass:
    """Features of a class's made images, float32 (n, D), and of real ones, (m, D); real_at: int64 (m,), which training
    images of the class these are. All origins of the made images are among them."""

    made_of: MadeOfClass
    made: Features
    real: Features
    real_at: Positions


def most_of_class(classes: int) -> int:
    """Images of a class that are looked at: 100, and 40 where there are ten classes."""
    return int(np.clip(ALL_OF_KIND // max(1, classes), FEWEST_OF_KIND, MOST_OF_KIND))


def seen_classes(train: ImageSet, test: ImageSet, samples: Samples, look: Look, seed: int) -> Iterator[SeenClass]:
    """Look at the made images of every class that has any, and at as many of its real ones at most: a second for 25
    images of 224 px, on one core.

    samples: those that passed the filter, with their origins; where they are `matched`, images of classes without
    samples are treated as these are. Raises `DataError` when a made image is a test image, pixel for pixel.
    """
    most, leaks = most_of_class(len(train.classes)), test_contents(test, look)
    made = made_images(train, samples, most, seed)
    for one, shown in zip(made, _shown(made, train, look, samples.matched, seed), strict=True):
        refuse_test_images(one.label, shown, leaks)
        own = train.of_class(one.label).images
        real_at = _origins_first(one.origins, len(own), most, derive_seed(seed, "told apart", one.label))
        real = see_made(look.shown(own[real_at]), look, 0, augmented=False)[0]
        yield SeenClass(one, see_made(shown, look, 0, augmented=False)[0], real, real_at)


def made_images(train: ImageSet, samples: Samples, most: int, seed: int) -> list[MadeOfClass]:
    """Of every class at most so many, drawn at random: of minority classes samples, of others their own images where
    the arms are matched."""
    counts, images, origins = train.counts(), samples.made["filtered"], samples.origins["filtered"]
    sampled, found = sampled_classes(counts, images), list[MadeOfClass]()
    for label in sampled:
        drawn = some(len(images[label]), most, derive_seed(seed, "samples", label))
        how = samples.translated.get("filtered", {}).get(label)
        carried = None if how is None else how.take(drawn)
        found.append(MadeOfClass(label, "samples", images[label][drawn], origins[label][drawn], carried))
    for label in train.classes if samples.matched and sampled else ():
        if label not in sampled:
            drawn = some(counts[label], most, derive_seed(seed, "treated", label))
            found.append(MadeOfClass(label, "treated", train.of_class(label).images[drawn], drawn))
    return found


def some(count: int, most: int, seed: int) -> Positions:
    """Sorted positions of at most so many."""
    return np.sort(numpy_rng(seed, "some").permutation(count)[:most]).astype(np.int64)


def test_contents(test: ImageSet, look: Look) -> dict[bytes, str]:
    """What is shown of each test image -> its path, from 16 px up, below which images meet by chance."""
    shown = (look.shown(image[None])[0] for image in test.images)
    return {
        content(image): source
        for image, source in zip(shown, test.sources.tolist(), strict=True)
        if min(image.shape[1:]) >= CHANCE_BELOW_PX
    }


def refuse_test_images(label: str, made: UInt8, known: dict[bytes, str]) -> None:
    """Raises `DataError` when a made image of the class is among these."""
    for image in made:
        if (source := known.get(content(image))) is not None:
            raise DataError(
                f"leak: a made image of class {label!r} equals the test image {source}, as backbones see both. Look "
                "for copies of it in the training folder (`augment check`), move data/prepared and models away, then "
                "run `dvc repro`."
            )


def _origins_first(origins: Positions, count: int, most: int, seed: int) -> Positions:
    """Sorted positions of at most `most` of `count` images, those that something was made of before others."""
    used = np.unique(origins[origins >= 0])
    others = numpy_rng(seed, "real").permutation(np.setdiff1d(np.arange(count), used))
    return np.sort(np.concatenate([used, others])[:most]).astype(np.int64)


def _shown(made: Sequence[MadeOfClass], train: ImageSet, look: Look, matched: bool, seed: int) -> Iterator[UInt8]:
    """What the backbone is shown of them, class by class."""
    if look.judged is None or not made:
        return iter([one.images for one in made])
    origins = {one.label: one.origins for one in made if one.kind == "samples"}
    targets = np.repeat([train.classes.index(one.label) for one in made], [len(one.images) for one in made])
    images = np.concatenate([one.images for one in made])
    translated = {one.label: one.translated for one in made if one.translated is not None}
    of = MadeFrom("filtered", train, look.judged, origins, look.flips, seed, matched, translated)
    return enlarged(WeightedImages(images, targets, np.ones(len(targets))), of)
