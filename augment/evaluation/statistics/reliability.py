"""Reliability: is a classifier right as often as it says? The bins of the reliability diagram."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment.evaluation.statistics.estimates import wilson

RELIABILITY_BINS = 10
RELIABILITY_COLUMNS = ("arm", "low_edge", "high_edge", "answers", "groups", "confidence", "right", "low", "high")


def reliability_rows(
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
    rows, actual, all_groups = [], np.concatenate(targets), np.concatenate(groups)
    for arm, by_repeat in scores.items():
        probabilities = np.concatenate(by_repeat)
        confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == actual
        bin_of = np.minimum((confidence * RELIABILITY_BINS).astype(np.int64), RELIABILITY_BINS - 1)
        for index in np.unique(bin_of):
            in_bin = bin_of == index
            count = len(np.unique(all_groups[in_bin]))
            share = float(right[in_bin].mean())
            low, high = wilson(share * count, count)
            rows.append(
                {"arm": arm, "low_edge": index / RELIABILITY_BINS, "high_edge": (index + 1) / RELIABILITY_BINS,
                 "answers": int(in_bin.sum()), "groups": count,
                 "confidence": float(confidence[in_bin].mean()), "right": share, "low": low,
                 "high": high}
            )  # fmt: skip
    return rows
