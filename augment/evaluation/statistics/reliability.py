"""Reliability: is a classifier right as often as it says? The bins of the reliability diagram."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment.evaluation.statistics.estimates import wilson

BINS = 10
COLUMNS = ("arm", "low_edge", "high_edge", "answers", "groups", "confidence", "right", "low", "high")


def reliability(
    targets: Sequence[NDArray[np.int64]],
    groups: Sequence[NDArray[Any]],
    scores: Mapping[Any, Sequence[NDArray[np.floating]]],
) -> list[dict[str, Any]]:
    """Rows of reliability.csv: of every arm's answers on test, those of a stated probability, and how many are right.

    All by repeat: targets int (N,), groups (N,) and, for every arm, class probabilities (N, classes). Ten bins of equal
    width over the probability of the answer; empty ones have no row. The answers of all repeats count, but the 95 %
    interval (Wilson's) is over the independent groups, since five seeds on ten images are still ten images.
    DeGroot & Fienberg 1983; Guo et al. 2017, section 2.
    """
    rows, actual, group = [], np.concatenate(targets), np.concatenate(groups)
    for arm, by_repeat in scores.items():
        own = np.concatenate(by_repeat)
        confidence, right = own.max(axis=1), own.argmax(axis=1) == actual
        place = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
        for number in np.unique(place):
            mine = place == number
            count = len(np.unique(group[mine]))
            share = float(right[mine].mean())
            low, high = wilson(share * count, count)
            rows.append(
                {"arm": arm, "low_edge": number / BINS, "high_edge": (number + 1) / BINS, "answers": int(mine.sum()),
                 "groups": count, "confidence": float(confidence[mine].mean()), "right": share, "low": low,
                 "high": high}
            )  # fmt: skip
    return rows
