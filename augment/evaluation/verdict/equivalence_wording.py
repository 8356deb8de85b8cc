"""The exchange rate in words, and which class to label instead."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from augment.evaluation.experiment.learning_curve import Point, Recalls
from augment.evaluation.statistics.metric_table import Figures
from augment.evaluation.statistics.sample_equivalence import FARTHEST, Worth, power_law, worth

LEAST_RISE = 0.005  # half a point of recall: less is no reason to label anything


@dataclass(frozen=True)
class Labelling:
    """The class whose recall `number` more images would raise most, from what to what."""

    label: str
    number: int
    before: float
    after: float


def labelling(curve: Sequence[Point], recalls: Recalls, number: int | None, tested: Mapping[str, int]) -> Labelling:
    """The class that gains most recall from `number` more images; None: from as many as it has.

    recalls: name of a size -> label -> (S,); tested: test images of each class. Each class's error is taken as a power
    law of its own images.
    """
    now = next(point for point in curve if point.fraction == 1)

    def of(label: str) -> Labelling:
        count = now.images_of(label)
        more = round(min(count if number is None else number, (FARTHEST - 1) * count))
        sizes = np.array([point.images_of(label) for point in curve])
        errors = np.array([1 - np.nanmean(recalls[point.name][label]) for point in curve])
        errors = np.maximum(errors, 0.5 / tested[label])
        before, after = (1 - power_law(sizes, errors, at) for at in (count, count + more))
        return Labelling(label, more, before, after)

    return max((of(label) for label in tested), key=lambda one: one.after - one.before)


def sentence(found: Worth, candidate: str, real: str) -> str:
    """What the images are worth, or why that cannot be told."""
    if not found.rises:
        return (
            f"What the synthetic images are worth in real ones is not measured: with {round(found.least)} to "
            f"{round(found.measured)} real images `{real}` does not surely get better."
        )
    low, equal, high = (round(size - found.images) for size in (found.low, found.equal, found.high))
    down, up = found.low <= found.least, found.high >= found.most
    if down and up:
        return (
            "What the synthetic images are worth in real ones cannot be told: the interval holds all that was "
            f"looked at, from {low:+d} to {high:+d} real images."
        )
    interval = f"[{low:+d}{' or fewer' if down else ''}, {high:+d}{' or more' if up else ''}]"
    if low > 0:
        amount = f"at least {low}" if up else f"about {equal}"
        text = f"The synthetic images are worth {amount} more real ones {interval}"
    elif high < 0:
        text = f"The synthetic images are worth less than none: as if {-equal} real ones were missing {interval}"
    else:
        text = f"The synthetic images are not shown to be worth any real ones: {equal:+d} {interval}"
    beyond = (
        f" What lies beyond the {round(found.measured)} images that were measured is extrapolated."
        if max(found.equal, found.high) > found.measured
        else ""
    )
    return (
        f"{text}: with {round(found.images)} real images `{candidate}` does as well as `{real}` would with "
        f"{round(found.equal)}.{beyond}"
    )


def advice(found: Labelling, exchanged: Worth) -> str:
    """Which class to label instead."""
    if found.after - found.before < LEAST_RISE:
        return "No class's recall is expected to rise by half a point or more with more labelled images of it."
    as_much = "instead " if exchanged.rises and exchanged.equal > exchanged.images else ""
    return (
        f"Label about {found.number} more of {found.label!r} {as_much}if you can: of all classes its recall is "
        f"expected to rise most, from {100 * found.before:.0f} to about {100 * found.after:.0f} %, as far as its own "
        "images made the difference."
    )


def told(
    curve: Sequence[Point], figures: Figures, recalls: Recalls, tested: Mapping[str, int], candidate: str, real: str
) -> dict[str, Any]:
    """The entry `exchange` of verdict.json: numbers of images beyond those that there are, and the words.

    figures: of every size, by its name, and of the candidate. Numbers are null where nothing can be told.
    """
    now = next(point for point in curve if point.fraction == 1)
    found = worth(figures, candidate, {point.name: point.images for point in curve}, now.images)
    extra = [round(size - found.images) for size in (found.equal, found.low, found.high)] if found.rises else [None] * 3
    number = extra[0] if extra[0] is not None and extra[0] > 0 else None
    class_ = labelling(curve, recalls, number, tested)
    return {
        "arm": real,
        "candidate": candidate,
        "images": found.images,
        "reached": figures.mean(candidate),
        "curve": [{"images": point.images, "mean": figures.mean(point.name)} for point in curve],
        **dict(zip(("mean", "low", "high"), extra, strict=True)),
        "bounded": {"low": found.low > found.least, "high": found.high < found.most},
        "label": asdict(class_),
        "sentence": sentence(found, candidate, real),
        "advice": advice(class_, found),
    }
