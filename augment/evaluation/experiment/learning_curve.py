"""How the chosen real-only arm does with fewer and, where the pool has them, more real images: its learning curve."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augment.data.imageset import ImageSet
from augment.data.split.disjoint import check_sides
from augment.data.split.subset import join, part
from augment.evaluation.experiment.protocol import LEAST_TRAIN, Plan, Replicate, Splits
from augment.evaluation.statistics.metric_table import Figures

FRACTIONS = (0.25, 0.5, 0.75)  # of each class's training images; all of them have been trained on anyway
TWICE = 2.0  # where the pool has as many again
Recalls = Mapping[str, Mapping[str, NDArray[np.float64]]]
COLUMNS = ("fraction", "images", "label", "class_images", "seed", "value")


@dataclass(frozen=True)
class Point:
    """One size: its name among the arms, its fraction, and the repeats with training sets of this size."""

    name: str
    fraction: float
    replicates: Sequence[Replicate]

    @property
    def images(self) -> float:
        """Training images, the mean over the repeats."""
        return float(np.mean([len(one.splits.train) for one in self.replicates]))

    def images_of(self, label: str) -> float:
        """Training images of a class, the mean over the repeats."""
        return float(np.mean([(one.splits.train.labels == label).sum() for one in self.replicates]))


def points(plan: Plan, pool: ImageSet, seed: int) -> list[Point]:
    """The sizes in growing order; each repeat's smaller sets lie within its larger ones.

    All of the training images are the point of fraction 1. Twice as many are one where one split is repeated and the
    pool has them. Whole groups are drawn, and at least two images of a class.
    """
    found = [Point(f"{fraction:g}", fraction, [_less(one, fraction) for one in plan.replicates])
             for fraction in FRACTIONS]  # fmt: skip
    found.append(Point("1", 1.0, plan.replicates))
    counts = plan.first.train.counts()
    if plan.form in ("split", "rotated") and all(pool.counts().get(k, 0) >= count for k, count in counts.items()):
        more = pool.take(part(pool, counts, {}, seed, "curve"))
        for own in plan.distinct:
            check_sides({**vars(own), "pool": more})
        larger = {id(own): Splits(join(own.train, more), own.val, own.test) for own in plan.distinct}
        replicates = [Replicate(one.seed, larger[id(one.splits)]) for one in plan.replicates]
        found.append(Point(f"{TWICE:g}", TWICE, replicates))
    return found


def _less(replicate: Replicate, fraction: float) -> Replicate:
    own = replicate.splits
    want = {label: max(LEAST_TRAIN, int(fraction * count + 0.5)) for label, count in own.train.counts().items()}
    drawn = part(own.train, want, {}, replicate.seed, "curve")
    return Replicate(replicate.seed, Splits(own.train.take(drawn), own.val, own.test))


def recalls(plan: Plan, scores: Mapping[str, Sequence[NDArray[np.float32]]]) -> Recalls:
    """Recall of every class, name -> label -> (S,); nan in a repeat without test images of the class."""
    classes = plan.first.train.classes
    targets = [one.splits.test.targets(classes) for one in plan.replicates]

    def of(index: int, by_repeat: Sequence[NDArray[np.float32]]) -> NDArray[np.float64]:
        mine = [own.argmax(axis=1)[target == index] == index for own, target in zip(by_repeat, targets, strict=True)]
        return np.array([right.mean() if len(right) else np.nan for right in mine])

    return {name: {label: of(index, scores[name]) for index, label in enumerate(classes)} for name in scores}


def rows(found: Sequence[Point], figures: Figures, by_class: Recalls) -> Iterator[dict[str, object]]:
    """The rows of learning_curve.csv: the figure (no label) and every class's recall, by size and repeat."""
    for point in found:
        values = {"": figures.values[point.name], **by_class[point.name]}
        for label, own in values.items():
            images = point.images_of(label) if label else point.images
            for seed, value in enumerate(own.tolist()):
                yield {
                    "fraction": point.fraction, "images": point.images, "label": label, "class_images": images,
                    "seed": seed, "value": None if np.isnan(value) else value,
                }  # fmt: skip
