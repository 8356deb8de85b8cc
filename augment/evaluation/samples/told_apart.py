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

from augment.core.seeds import derive_seed
from augment.data.imageset import ImageSet
from augment.data.split.groups import group_folds
from augment.evaluation.arms.probe import balanced_weights
from augment.evaluation.samples.made_and_real import SeenClass
from augment.measure.logistic import fit_logistic, logistic_probabilities

ALL_CLASSES = ""  # in the place of a label
FOLDS, MIN_GROUPS = 3, 6  # groups of real images, and made images, below which nothing is told of a class
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


def told_apart_rows(train: ImageSet, seen: Sequence[SeenClass], seed: int) -> list[ToldApartRow]:
    """A row for each class that has made images, and their mean by kind."""
    rows = [_row(one, train.of_class(one.made_of.label).groups, seed) for one in seen]
    return [*rows, *_means(rows)]


def _row(seen: SeenClass, groups: NDArray[np.str_], seed: int) -> ToldApartRow:
    """groups: of the class's training images."""
    label, kind, origins = seen.made_of.label, seen.made_of.kind, seen.made_of.origins
    _, unit = np.unique(groups, return_inverse=True)
    counts = (len(seen.real), len(seen.made))
    if min(len(np.unique(unit[seen.real_at])), len(seen.made)) < MIN_GROUPS:
        note = f"not measured: fewer than {MIN_GROUPS} independent real images, or made ones"
        return ToldApartRow(label, kind, None, *counts, note)
    alone = len(unit) + np.arange(len(seen.made))  # made of no image, and so in no group
    units = np.concatenate([unit[seen.real_at], np.where(origins < 0, alone, unit[origins])])
    features, is_made = np.concatenate([seen.real, seen.made]), np.arange(len(units)) >= len(seen.real)
    auc = held_out_auc(features, is_made, units, derive_seed(seed, "told apart", label))
    return ToldApartRow(label, kind, auc, *counts, "")


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
