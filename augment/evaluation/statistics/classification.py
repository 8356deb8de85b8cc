"""Metrics beside the primary one, from class probabilities; the bins of the reliability diagram, which shows whether a
classifier is right as often as it says."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, average_precision_score, f1_score, roc_auc_score

from augment.evaluation.statistics.estimates import wilson

Int = NDArray[np.int64]
Float = NDArray[np.floating]

CLASSIFICATION_METRICS = ("balanced_accuracy", "accuracy", "macro_f1", "auroc", "auprc_minority", "brier", "ece")
CALIBRATION_BINS = 15
RELIABILITY_BINS = 10
RELIABILITY_COLUMNS = ("arm", "low_edge", "high_edge", "answers", "groups", "confidence", "right", "low", "high")


def classification_metrics(targets: Int, probabilities: Float, minority: Sequence[int]) -> dict[str, float | None]:
    """The metrics named in `CLASSIFICATION_METRICS`, over the classes present in `targets`.

    targets: int (N,); probabilities: (N, classes), rows summing to 1; minority: class indices.
    auroc: one class against the rest, mean over classes; None with a single class. auprc_minority: average
    precision of the minority classes, their mean; None where test has none of them, or nothing else.
    brier: mean over images of the squared distance from the certain right answer, 0 to 2 (Brier 1950).
    """
    predicted = probabilities.argmax(axis=1)
    present = np.unique(targets)
    truth = targets[:, None] == np.arange(probabilities.shape[1])
    several = len(present) > 1
    present_minority = [index for index in minority if index in present]
    return {
        "balanced_accuracy": float(np.mean([(predicted[targets == index] == index).mean() for index in present])),
        "accuracy": float(accuracy_score(targets, predicted)),
        "macro_f1": float(f1_score(targets, predicted, labels=present, average="macro", zero_division=0)),
        "auroc": float(roc_auc_score(truth[:, present], probabilities[:, present])) if several else None,
        "auprc_minority": float(average_precision_score(truth[:, present_minority], probabilities[:, present_minority]))
        if several and present_minority
        else None,
        "brier": float(((probabilities - truth) ** 2).sum(axis=1).mean()),
        "ece": calibration_error(predicted == targets, probabilities.max(axis=1)),
    }


def calibration_error(correct: NDArray[np.bool_], confidence: Float) -> float:
    """Expected calibration error with adaptive bins, in [0, 1].

    correct, confidence: (N,). Images are cut by confidence into up to 15 bins of equally many; the error is the
    mean over images of the distance between a bin's share of right answers and its mean confidence
    (Nguyen & O'Connor 2015, section 3.2).
    """
    order = np.argsort(confidence, kind="stable")
    bins = np.array_split(order, min(CALIBRATION_BINS, len(order)))
    gaps = [len(members) * abs(correct[members].mean() - confidence[members].mean()) for members in bins]
    return float(sum(gaps) / len(order))


def reliability_rows(
    targets: Sequence[Int], groups: Sequence[NDArray[Any]], scores: Mapping[Any, Sequence[Float]]
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
        for bin_number in np.unique(bin_of):
            in_bin = bin_of == bin_number
            count = len(np.unique(all_groups[in_bin]))
            share = float(right[in_bin].mean())
            low, high = wilson(share * count, count)
            rows.append({
                "arm": arm, "low_edge": bin_number / RELIABILITY_BINS, "high_edge": (bin_number + 1) / RELIABILITY_BINS,
                "answers": int(in_bin.sum()), "groups": count, "confidence": float(confidence[in_bin].mean()),
                "right": share, "low": low, "high": high,
            })  # fmt: skip
    return rows
