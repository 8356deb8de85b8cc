"""How the chosen real-only arm does with fewer and, where the pool has them, more real images: its learning curve."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic

import numpy as np
from numpy.typing import NDArray

from augment.data.split.groups import check_sides
from augment.data.split.labelled import LabelledSet
from augment.data.split.pool import SetType, draw_part, join
from augment.evaluation.experiment.protocol import Protocol, Replicate, Set_co
from augment.evaluation.experiment.training_sets import MIN_TRAIN_IMAGES
from augment.evaluation.statistics.metric_table import MetricTable

TRAIN_FRACTIONS = (0.25, 0.5, 0.75)  # of each class's training images; all of them have been trained on anyway
POOL_FRACTION = 2.0  # where the pool has as many again
RecallsBySize = Mapping[str, Mapping[str, NDArray[np.float64]]]


@dataclass(frozen=True)
class CurvePoint(Generic[Set_co]):
    """One size: its name among the arms, its fraction, and the repeats with training sets of this size."""

    name: str
    fraction: float
    replicates: Sequence[Replicate[Set_co]]

    @property
    def images(self) -> float:
        """Training images, the mean over the repeats."""
        return float(np.mean([len(one.splits.train) for one in self.replicates]))

    def images_of(self, label: str) -> float:
        """Training images of a class, the mean over the repeats."""
        return float(np.mean([(one.splits.train.labels == label).sum() for one in self.replicates]))


def curve_points(protocol: Protocol[SetType], pool: SetType, seed: int) -> list[CurvePoint[SetType]]:
    """The sizes in growing order; each repeat's smaller sets lie within its larger ones.

    All of the training images are the point of fraction 1. Twice as many are one where one split is repeated and the
    pool has them. Whole groups are drawn, and at least two images of a class.
    """
    sizes = [CurvePoint(f"{fraction:g}", fraction, [_subset_of(one, fraction) for one in protocol.replicates])
             for fraction in TRAIN_FRACTIONS]  # fmt: skip
    sizes.append(CurvePoint("1", 1.0, protocol.replicates))
    counts = protocol.first_splits.train.counts()
    if protocol.scheme in ("split", "rotated") and all(pool.counts().get(k, 0) >= count for k, count in counts.items()):
        further_images = pool.take(draw_part(pool, counts, {}, seed, "curve"))
        for splits in protocol.unique_splits:
            check_sides({**splits.sides(), "pool": further_images})
        larger = {own: replace(own, train=join(own.train, further_images)) for own in protocol.unique_splits}
        replicates = [replace(one, splits=larger[one.splits]) for one in protocol.replicates]
        sizes.append(CurvePoint(f"{POOL_FRACTION:g}", POOL_FRACTION, replicates))
    return sizes


def _subset_of(replicate: Replicate[SetType], fraction: float) -> Replicate[SetType]:
    splits = replicate.splits
    want = {label: max(MIN_TRAIN_IMAGES, int(fraction * count + 0.5)) for label, count in splits.train.counts().items()}
    drawn = draw_part(splits.train, want, {}, replicate.seed, "curve")
    return replace(replicate, splits=replace(splits, train=splits.train.take(drawn)))


def class_recalls(
    protocol: Protocol[LabelledSet], scores: Mapping[str, Sequence[NDArray[np.float32]]]
) -> RecallsBySize:
    """Recall of every class, name -> label -> (S,); nan in a repeat without test images of the class."""
    classes = protocol.first_splits.train.classes
    targets = [one.splits.test.targets(classes) for one in protocol.replicates]

    def recall_of(index: int, by_repeat: Sequence[NDArray[np.float32]]) -> NDArray[np.float64]:
        found = [probabilities.argmax(axis=1) for probabilities in by_repeat]
        right = [answers[target == index] == index for answers, target in zip(found, targets, strict=True)]
        return np.array([of_class.mean() if len(of_class) else np.nan for of_class in right])

    return {name: {label: recall_of(index, scores[name]) for index, label in enumerate(classes)} for name in scores}


def learning_curve_rows(
    points: Sequence[CurvePoint[LabelledSet]], table: MetricTable, by_class: RecallsBySize
) -> Iterator[dict[str, object]]:
    """The rows of learning_curve.csv: the metric (no label) and every class's recall, by size and repeat."""
    for point in points:
        values = {"": table.values[point.name], **by_class[point.name]}
        for label, values_of_label in values.items():
            images = point.images_of(label) if label else point.images
            for seed, value in enumerate(values_of_label.tolist()):
                yield {
                    "fraction": point.fraction, "images": point.images, "label": label, "class_images": images,
                    "seed": seed, "value": None if np.isnan(value) else value,
                }  # fmt: skip
