"""The repeats of a comparison, and the primary metric on them.

    split      one train, val and test for all; only seeds differ (`evaluate.protocol: holdout`)
    rotated    the same test for all; every repeat holds out other images of train and val as its val (also `holdout`)
    subsets    disjoint training sets of the delivered size, the first being the delivered one, and one test set
    folds      5 times 5 folds of all prepared images, cut by class and group; each is the test of one repeat

The last two are `evaluate.protocol: repeated`: subsets where the split left images enough for them in the pool.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, Literal

import numpy as np
from numpy.typing import NDArray
from typing_extensions import TypeVar

from augment.core.errors import DataError, ParamsError
from augment.core.seeds import numpy_rng
from augment.data.imageset import ImageSet
from augment.data.split.labelled import LabelledSet
from augment.data.split.pool import FOLDS, join
from augment.evaluation.statistics.metric_table import MetricTable, join_repeats, metric_table
from augment.evaluation.statistics.recall_at_fpr import check_false_alarm_rate
from augment.params import Params

Set_co = TypeVar("Set_co", bound=LabelledSet, default=ImageSet, covariant=True)
Scheme = Literal["split", "rotated", "subsets", "folds"]
ProtocolName = Literal["holdout", "repeated"]


@dataclass(frozen=True, eq=False)  # a key by itself, as image sets are
class Splits(Generic[Set_co]):
    """The three sides; nothing learned ever sees val or test. Of images, where nothing else is said."""

    train: Set_co
    val: Set_co
    test: Set_co

    def sides(self) -> dict[str, Set_co]:
        """Each side by its name."""
        return {"train": self.train, "val": self.val, "test": self.test}


@dataclass(frozen=True)
class Replicate(Generic[Set_co]):
    """One repeat: the seed of all its draws, and the images that it may see."""

    seed: int
    splits: Splits[Set_co]


@dataclass(frozen=True)
class Protocol(Generic[Set_co]):
    """All repeats of a comparison, in order; `ratio` is that of `corrected_t`, None where draws of test give intervals.

    first_is_delivered: the first repeat has the delivered training set, so its GANs are the delivered ones
    """

    scheme: Scheme
    replicates: Sequence[Replicate[Set_co]]
    ratio: float | None
    first_is_delivered: bool

    @property
    def name(self) -> ProtocolName:
        return "holdout" if self.scheme in ("split", "rotated") else "repeated"

    @property
    def val_ratio(self) -> float | None:
        """The ratio for val: rotated parts of it are folds, though there is one test for all."""
        if self.scheme != "rotated":
            return self.ratio
        return float(np.mean([len(one.splits.val) / len(one.splits.train) for one in self.replicates]))

    @property
    def seeds(self) -> list[int]:
        return [replicate.seed for replicate in self.replicates]

    @property
    def first_splits(self) -> Splits[Set_co]:
        return self.replicates[0].splits

    @property
    def unique_splits(self) -> list[Splits[Set_co]]:
        """Every split once: repeats may share one."""
        return list(dict.fromkeys(replicate.splits for replicate in self.replicates))

    @property
    def single_pass(self) -> Sequence[Replicate[Set_co]]:
        """The first repeats that together test every image once."""
        return self.replicates[: FOLDS if self.scheme == "folds" else 1]

    @property
    def tested_images(self) -> Set_co:
        """Every image that is tested, once."""
        return join(*(replicate.splits.test for replicate in self.single_pass))

    def tested_on(self, images: Set_co) -> "Protocol[Set_co]":  # type: ignore[misc]
        """The same repeats with these images as their test."""
        swapped = {splits: replace(splits, test=images) for splits in self.unique_splits}
        replicates = [replace(replicate, splits=swapped[replicate.splits]) for replicate in self.replicates]
        return replace(self, replicates=replicates)


@dataclass(frozen=True)
class PrimaryMetric:
    """What is measured of every arm, and how its spread is drawn.

    normal, rate: the class without a finding and the false-alarm rate of recall_at_far; normal None: balanced accuracy
    draws, seed: of the bootstrap
    """

    normal: str | None
    rate: float
    draws: int
    seed: int


def primary_metric(params: Params) -> PrimaryMetric:
    """As params.yaml says."""
    chosen = params.evaluate
    normal = chosen.normal if chosen.primary == "recall_at_far" else None
    return PrimaryMetric(normal, chosen.false_alarm_rate, chosen.resamples, params.seed)


def check_primary(splits: Splits[LabelledSet], metric: PrimaryMetric) -> None:
    """Stop before anything is trained when the metric cannot be had from this test set.

    Raises `ParamsError` for a class that is not there, `DataError` for too few images.
    """
    if metric.normal is None:
        return
    classes, test = splits.train.classes, splits.test
    if metric.normal not in classes:
        raise ParamsError(f"params.yaml: evaluate.normal: no class {metric.normal!r}; there are {', '.join(classes)}")
    check_false_alarm_rate(test.targets(classes), test.groups, classes.index(metric.normal), metric.normal, metric.rate)


def possible_metric(splits: Splits[LabelledSet], metric: PrimaryMetric) -> PrimaryMetric:
    """The metric, or balanced accuracy where this test set has too few normal images, or no others."""
    try:
        check_primary(splits, metric)
    except DataError:
        return replace(metric, normal=None)
    return metric


def protocol_metric_table(
    side: Literal["val", "test"],
    protocol: Protocol[LabelledSet],
    scores: Mapping[str, Sequence[NDArray[np.float32]]],
    metric: PrimaryMetric,
) -> MetricTable | None:
    """The metric of every arm that has run; None where this side cannot tell.

    scores: arm, or another name -> float (N, classes) for each repeat of the protocol, on this side.
    """
    classes = protocol.first_splits.train.classes
    ratio = protocol.val_ratio if side == "val" else protocol.ratio
    t_test = ratio is not None and side == "test"  # over training sets; it asks for no other test images

    def table_of(repeats: slice, name: tuple[int, ...]) -> MetricTable | None:
        images = protocol.replicates[repeats.start].splits.sides()[side]
        return metric_table(
            images.targets(classes),
            images.groups,
            {arm: np.stack(list(by_repeat[repeats])) for arm, by_repeat in scores.items()},
            normal=None if metric.normal is None else classes.index(metric.normal),
            rate=metric.rate,
            draws=0 if t_test else metric.draws,
            rng=numpy_rng(metric.seed, "bootstrap", side, *name),
        )

    if ratio is None:
        return table_of(slice(0, len(protocol.replicates)), ())
    return join_repeats([table_of(slice(at, at + 1), (at,)) for at in range(len(protocol.replicates))], ratio)
