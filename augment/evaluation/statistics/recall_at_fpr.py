"""Recall of all classes but the normal one, at a share of false alarms that normal images alone set."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment.core.errors import DataError
from augment.evaluation.statistics.bootstrap import MIN_CLASS_GROUPS

Bool = NDArray[np.bool_]
Float = NDArray[np.float64]
Int = NDArray[np.int64]
ScoreArray = NDArray[np.floating[Any]]

TOLERANCE = 1e-9
MIN_GROUPS_ABOVE_THRESHOLD = 2  # normal groups; with fewer, draws of them do not show how uncertain the threshold is


def recall_at_far(alarm: ScoreArray, is_normal: Bool, weights: Float, rate: float) -> Float:
    """Weighted share of the other images above the threshold that the normal ones set, (B,).

    alarm: (N,) higher is more suspect; weights: (B, N), the first row the set as it is, then one for each draw; a
    draw that lacks one side altogether takes that side as it is. The threshold is the
    ceil((1 - rate)(n + 1))-th smallest of the n normal scores, or the largest where there are too few;
    then a new normal image lies above it with a probability of at most the rate (split conformal
    prediction, Vovk et al. 2005), whatever its distribution. An alarm is a score above the threshold.
    """
    normal, other = alarm[is_normal], alarm[~is_normal]
    above = _images_above_threshold(len(normal), rate) / len(normal)
    descending = np.argsort(-normal, kind="stable")
    share = np.cumsum(_weights_of_side(weights, is_normal)[:, descending], axis=1)
    share /= share[:, -1:]
    threshold = normal[descending][(share > above + TOLERANCE).argmax(axis=1)]  # (B,)
    order = np.argsort(-other, kind="stable")
    found = np.cumsum(_weights_of_side(weights, ~is_normal)[:, order], axis=1)
    alarms = np.searchsorted(-other[order], -threshold, side="left")  # others strictly above
    recalled = np.where(alarms > 0, found[np.arange(len(found)), alarms - 1], 0.0)
    return np.asarray(recalled / found[:, -1])


def threshold_changes(alarm: ScoreArray, is_normal: Bool, groups: NDArray[Any], weights: Float, rate: float) -> Float:
    """What the recall of the set as it is changes by when each group of normal images is left out, (groups,).

    As in `recall_at_far`, with one row of weights (N,). As many normal images as before stay above the threshold, which
    moves to the next one below. A bootstrap can only repeat the images that there are: where the threshold is the
    largest or second largest of them no draw lies above it, and its error is underestimated.
    """
    normal, other, of_other = alarm[is_normal], alarm[~is_normal], weights[~is_normal]
    names, of_image = np.unique(groups[is_normal], return_inverse=True)
    above = _images_above_threshold(len(normal), rate)

    def recall(kept: ScoreArray) -> float:
        threshold = np.sort(kept)[::-1][min(above, len(kept) - 1)]
        return float(of_other[other > threshold].sum() / of_other.sum())

    changes, whole = np.zeros(len(names)), recall(normal)
    for group in np.unique(of_image[np.argsort(-normal, kind="stable")[: above + 1]]):
        changes[group] = recall(normal[of_image != group]) - whole if len(names) > 1 else 0.0
    return changes


def draws_miss_threshold(groups: int, rate: float) -> bool:
    """Of so many normal groups too few lie above the threshold for draws of them to show how uncertain it is."""
    return _images_above_threshold(groups, rate) < MIN_GROUPS_ABOVE_THRESHOLD


def check_false_alarm_rate(targets: Int, groups: NDArray[Any], normal: int, label: str, rate: float) -> None:
    """Raises DataError when test cannot show a recall at this false-alarm rate."""
    is_normal = targets == normal
    images, independent = int(is_normal.sum()), len(np.unique(groups[is_normal]))
    needed = max(MIN_CLASS_GROUPS, math.ceil(1 / rate - TOLERANCE) - 1)
    if independent < needed:
        raised = f"Raise it to {math.ceil(100 / (independent + 1)) / 100:g}, add"
        raise DataError(
            f"evaluate.false_alarm_rate {rate:g}: it needs at least {needed} independent test images of the normal "
            f"class {label!r}, found {images} images in {independent} groups. "
            f"{raised if independent >= MIN_CLASS_GROUPS else 'Add'} normal images, "
            "or set `evaluate.primary: balanced_accuracy`."
        )
    if is_normal.all():
        raise DataError(f"evaluate.normal {label!r}: test holds no image of any other class, so nothing can be missed.")


def _images_above_threshold(images: int, rate: float) -> int:
    """How many of so many normal images lie above the threshold, that of a false alarm for a new one."""
    return max(0, math.floor(rate * (images + 1) + TOLERANCE) - 1)


def _weights_of_side(weights: Float, side: Bool) -> Float:
    of_side = weights[:, side]
    of_side[of_side.sum(axis=1) == 0] = of_side[0]
    return of_side
