"""Can made images be told from real ones of their class, by what a frozen backbone sees?

A logistic regression learns it on some originals and what was made of them, and is asked about others, so no original
is on both sides (a classifier two-sample test, Lopez-Paz & Oquab 2017). What it goes by, a classifier of the classes
can take for a class, unless images of all classes are made alike: so real images that were treated as samples are
stand beside the samples.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augment.core.seeds import derive_seed, numpy_rng
from augment.data.imageset import ImageSet, UInt8
from augment.data.split.groups import group_folds
from augment.evaluation.arms.draws import Samples, sampled_classes
from augment.evaluation.arms.enlarged import MadeFrom, enlarged
from augment.evaluation.arms.probe import balanced_weights
from augment.evaluation.arms.seen import Look, see_made
from augment.measure.logistic import fit_logistic, logistic_probabilities
from augment.measure.sampling import WeightedImages
from augment.synthesis.transplant.carrying import Translated

ALL_CLASSES = ""  # in the place of a label
FOLDS, MIN_GROUPS = 3, 6  # groups of real images, and made images, below which nothing is told of a class
MOST_OF_KIND, FEWEST_OF_KIND, ALL_OF_KIND = 100, 20, 400  # images of a class, real or made, and of all classes
STRENGTH = 0.01  # scikit-learn's C, as of the second classifier on such features
TOLD_APART_COLUMNS = ("label", "kind", "auc", "real", "made", "note")


@dataclass(frozen=True)
class ToldApartRow:
    """A row of told_apart.csv. kind: `samples`, or `treated` for real images that were treated as those are; auc:
    chance that a made image looks more like one than a real image does; real, made: images."""

    label: str
    kind: str
    auc: float | None
    real: int
    made: int
    note: str


@dataclass(frozen=True)
class MadeOfClass:
    """images: uint8 (n, C, h, w), of the working size; origins: int64 (n,), which training image of the class each was
    made of, -1 for none; translated: how they are made where defects are carried onto other images."""

    label: str
    kind: str
    images: UInt8
    origins: NDArray[np.int64]
    translated: Translated | None = None


def told_apart_rows(train: ImageSet, samples: Samples, look: Look, seed: int) -> list[ToldApartRow]:
    """A row for each class that has made images, and their mean by kind; of a class at most 100 real and 100 made
    images, 40 of each where there are ten classes: a second for 25 images of 224 px, on one core.

    samples: those that passed the filter, with their origins; where they are `matched`, images of classes without
    samples are treated as these are.
    """
    most = int(np.clip(ALL_OF_KIND // max(1, len(train.classes)), FEWEST_OF_KIND, MOST_OF_KIND))
    made = made_images(train, samples, most, seed)
    rows = [
        _row(one, shown, train.of_class(one.label), look, most, derive_seed(seed, "told apart", one.label))
        for one, shown in zip(made, _shown(made, train, look, samples.matched, seed), strict=True)
    ]
    return [*rows, *_means(rows)]


def made_images(train: ImageSet, samples: Samples, most: int, seed: int) -> list[MadeOfClass]:
    """Of every class at most so many, drawn at random: of minority classes samples, of others their own images where
    the arms are matched."""
    counts, images, origins = train.counts(), samples.made["filtered"], samples.origins["filtered"]
    sampled, found = sampled_classes(counts, images), list[MadeOfClass]()
    for label in sampled:
        drawn = _some(len(images[label]), most, derive_seed(seed, "samples", label))
        how = samples.translated.get("filtered", {}).get(label)
        carried = None if how is None else how.take(drawn)
        found.append(MadeOfClass(label, "samples", images[label][drawn], origins[label][drawn], carried))
    for label in train.classes if samples.matched and sampled else ():
        if label not in sampled:
            drawn = _some(counts[label], most, derive_seed(seed, "treated", label))
            found.append(MadeOfClass(label, "treated", train.of_class(label).images[drawn], drawn))
    return found


def _some(count: int, most: int, seed: int) -> NDArray[np.int64]:
    """Sorted positions of at most so many."""
    return np.sort(numpy_rng(seed, "some").permutation(count)[:most]).astype(np.int64)


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


def _row(made: MadeOfClass, shown: UInt8, own: ImageSet, look: Look, most: int, seed: int) -> ToldApartRow:
    """shown: the made images as the backbone is shown them; own: the training images of the class."""
    _, unit = np.unique(own.groups, return_inverse=True)
    real = _some(len(own), most, derive_seed(seed, "real"))
    counts, known = (len(real), len(shown)), (made.label, made.kind)
    if min(len(np.unique(unit[real])), len(shown)) < MIN_GROUPS:
        note = f"not measured: fewer than {MIN_GROUPS} independent real images, or made ones"
        return ToldApartRow(*known, None, *counts, note)
    alone = len(unit) + np.arange(len(shown))  # made of no image, and so in no group
    units = np.concatenate([unit[real], np.where(made.origins < 0, alone, unit[made.origins])])
    pictures = (look.shown(own.images[real]), shown)
    features = np.concatenate([see_made(images, look, 0, augmented=False)[0] for images in pictures])
    return ToldApartRow(*known, held_out_auc(features, np.arange(len(units)) >= len(real), units, seed), *counts, "")


def held_out_auc(
    features: NDArray[np.float32], made: NDArray[np.bool_], groups: NDArray[np.int64], seed: int
) -> float | None:
    """Share of pairs, of one made and one real image of the same fold, in which the made one looks more like one; ties
    count half. None where no fold has both kinds on both sides.

    features: float32 (N, D); made: bool (N,); groups: (N,), of which none is on both sides.
    """
    right, pairs = 0.0, 0
    for inside, outside in group_folds(made.astype(np.int64), groups, FOLDS, seed % 2**32):
        if any(len(np.unique(made[side])) < 2 for side in (inside, outside)):
            continue
        targets = made[inside].astype(np.int64)
        model = fit_logistic(features[inside], targets, balanced_weights(targets, len(inside)), STRENGTH)
        scores = logistic_probabilities(model, features[outside], 2)[:, 1]
        difference = scores[made[outside]][:, None] - scores[~made[outside]]
        right += float((difference > 0).sum() + (difference == 0).sum() / 2)
        pairs += difference.size
    return right / pairs if pairs else None


def _means(rows: Sequence[ToldApartRow]) -> Iterator[ToldApartRow]:
    """Of the classes that were measured, which weigh alike."""
    for kind in dict.fromkeys(row.kind for row in rows):
        measured = [(row.auc, row.real, row.made) for row in rows if row.kind == kind and row.auc is not None]
        if measured:
            auc, real, made = zip(*measured, strict=True)
            yield ToldApartRow(ALL_CLASSES, kind, float(np.mean(auc)), sum(real), sum(made), "")
