"""The sample equivalence in words, and which class to label instead."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from augment.data.split.labelled import LabelledSet
from augment.evaluation.experiment.learning_curve import CurvePoint, RecallsBySize
from augment.evaluation.statistics.metric_table import MetricTable
from augment.evaluation.statistics.sample_equivalence import (
    MAX_EXTRAPOLATION,
    SampleEquivalence,
    power_law,
    sample_equivalence,
)
from augment.params.arms import ROW_OF

MIN_RECALL_RISE = 0.005  # half a point of recall: less is no reason to label anything


@dataclass(frozen=True)
class LabellingGain:
    """The class whose recall `number` more images would raise most, from what to what."""

    label: str
    number: int
    before: float
    after: float


def best_class_to_label(
    curve: Sequence[CurvePoint[LabelledSet]], recalls: RecallsBySize, number: int | None, tested: Mapping[str, int]
) -> LabellingGain:
    """The class that gains most recall from `number` more images; None: from as many as it has.

    recalls: name of a size -> label -> (S,); tested: test images of each class. Each class's error is taken as a power
    law of its own images.
    """
    all_images = next(point for point in curve if point.fraction == 1)

    def gain_of(label: str) -> LabellingGain:
        count = all_images.images_of(label)
        more = round(min(count if number is None else number, (MAX_EXTRAPOLATION - 1) * count))
        sizes = np.array([point.images_of(label) for point in curve])
        errors = np.array([1 - np.nanmean(recalls[point.name][label]) for point in curve])
        errors = np.maximum(errors, 0.5 / tested[label])
        before, after = (1 - power_law(sizes, errors, at) for at in (count, count + more))
        return LabellingGain(label, more, before, after)

    return max((gain_of(label) for label in tested), key=lambda gain: gain.after - gain.before)


def equivalence_sentence(equivalence: SampleEquivalence, candidate: str, real: str) -> str:
    """What the images are worth, or why that cannot be told."""
    if not equivalence.curve_rises:
        return (
            f"What the synthetic images are worth in real ones is not measured: with {round(equivalence.min_measured)} "
            f"to {round(equivalence.max_measured)} real images {ROW_OF[real].spoken} does not surely get better."
        )
    low, equivalent, high = (
        round(size - equivalence.images) for size in (equivalence.low, equivalence.equivalent, equivalence.high)
    )
    down, up = equivalence.low <= equivalence.min_measured, equivalence.high >= equivalence.max_searched
    if down and up:
        return (
            "What the synthetic images are worth in real ones cannot be told: the interval holds all that was "
            f"looked at, from {low:+d} to {high:+d} real images."
        )
    interval = f"[{low:+d}{' or fewer' if down else ''}, {high:+d}{' or more' if up else ''}]"
    if low > 0:
        amount = f"at least {low}" if up else f"about {equivalent}"
        text = f"The synthetic images are worth {amount} more real ones {interval}"
    elif high < 0:
        text = f"The synthetic images are worth less than none: as if {-equivalent} real ones were missing {interval}"
    else:
        text = f"The synthetic images are not shown to be worth any real ones: {equivalent:+d} {interval}"
    beyond = (
        f" What lies beyond the {round(equivalence.max_measured)} images that were measured is extrapolated."
        if max(equivalence.equivalent, equivalence.high) > equivalence.max_measured
        else ""
    )
    return (
        f"{text}: with {round(equivalence.images)} real images and {ROW_OF[candidate].spoken} one does as well as "
        f"{ROW_OF[real].spoken} would with {round(equivalence.equivalent)} real ones.{beyond}"
    )


def labelling_advice(labelling: LabellingGain, equivalence: SampleEquivalence) -> str:
    """Which class to label instead."""
    if labelling.after - labelling.before < MIN_RECALL_RISE:
        return "No class's recall is expected to rise by half a point or more with more labelled images of it."
    as_much = "instead " if equivalence.curve_rises and equivalence.equivalent > equivalence.images else ""
    return (
        f"Label about {labelling.number} more of {labelling.label!r} {as_much}if you can: of all classes its recall is "
        f"expected to rise most, from {100 * labelling.before:.0f} to about {100 * labelling.after:.0f} %, as far as "
        "its own images made the difference."
    )


def equivalence_entry(
    curve: Sequence[CurvePoint[LabelledSet]],
    table: MetricTable,
    recalls: RecallsBySize,
    tested: Mapping[str, int],
    candidate: str,
    real: str,
) -> dict[str, Any]:
    """The entry `exchange` of verdict.json: numbers of images beyond those that there are, and the words.

    table: of every size, by its name, and of the candidate. Numbers are null where nothing can be told.
    """
    all_images = next(point for point in curve if point.fraction == 1)
    equivalence = sample_equivalence(table, candidate, {point.name: point.images for point in curve}, all_images.images)
    sizes = (equivalence.equivalent, equivalence.low, equivalence.high)
    extra_images = [round(size - equivalence.images) if equivalence.curve_rises else None for size in sizes]
    number = extra_images[0]
    labelling = best_class_to_label(curve, recalls, number if number and number > 0 else None, tested)
    return {
        "arm": real,
        "candidate": candidate,
        "images": equivalence.images,
        "reached": table.mean(candidate),
        "curve": [{"images": point.images, "mean": table.mean(point.name)} for point in curve],
        **dict(zip(("mean", "low", "high"), extra_images, strict=True)),
        "bounded": {
            "low": equivalence.low > equivalence.min_measured,
            "high": equivalence.high < equivalence.max_searched,
        },
        "label": asdict(labelling),
        "sentence": equivalence_sentence(equivalence, candidate, real),
        "advice": labelling_advice(labelling, equivalence),
    }
