"""What an arm learns from: real and made rows, and how much each counts; the table of arms says it for all."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augment.data.rows.encoding import Encoded
from augment.data.split.labelled import minority_classes
from augment.evaluation.arms.draws import SYNTHETIC_SHARE
from augment.params.arms import ROW_OF, Arm


@dataclass(frozen=True)
class WeightedRows:
    """rows: float32 (N, width), the real ones first; targets: int64 (N,); weights: float64 (N,) that sum to 1."""

    rows: Encoded
    targets: NDArray[np.int64]
    weights: NDArray[np.float64]


def rows_of_arm(
    arm: Arm, rows: Encoded, targets: NDArray[np.int64], classes: list[str], made: Mapping[str, Encoded],
    rng: np.random.Generator,
) -> WeightedRows:  # fmt: skip
    """rows, targets: real ones; made: of the arm's source, by label.

    A class without made rows keeps its real ones. Random oversampling repeats whole rows, as that method does.
    """
    use = ROW_OF[arm].use
    counts = np.bincount(targets, minlength=len(classes))
    if use in ("uniform", "adjusted"):
        return WeightedRows(rows, targets, np.full(len(rows), 1 / len(rows)))
    if use == "balanced" and not ROW_OF[arm].base:
        times = _times(targets, counts, rng)
        return WeightedRows(rows, targets, times / times.sum())
    shares = made_shares(use, dict(zip(classes, counts.tolist(), strict=True)))
    parts, labels = [rows], [targets]
    weights = [1 / (len(classes) * counts[targets])]
    for label, share in shares.items():
        own = made.get(label, rows[:0])
        if not len(own) or not share:
            continue
        index = classes.index(label)
        weights[0] = np.where(targets == index, weights[0] * (1 - share), weights[0])
        parts.append(own)
        labels.append(np.full(len(own), index))
        weights.append(np.full(len(own), share / (len(classes) * len(own))))
    data = WeightedRows(np.concatenate(parts), np.concatenate(labels), np.concatenate(weights))
    seen = data.weights > 0
    return WeightedRows(data.rows[seen], data.targets[seen], data.weights[seen])


def made_shares(use: str, counts: Mapping[str, int]) -> dict[str, float]:
    """Share of made rows in what each class counts."""
    if use == "fill":
        return {label: 1 - count / max(counts.values()) for label, count in counts.items()}
    if use == "half":
        return dict.fromkeys(minority_classes(counts), SYNTHETIC_SHARE)
    return dict.fromkeys(counts, 1.0) if use == "only" else {}


def _times(targets: NDArray[np.int64], counts: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.float64]:
    """How often each row is there once every class has as many as the largest."""
    times = np.ones(len(targets))
    for index, count in enumerate(counts):
        own = np.flatnonzero(targets == index)
        np.add.at(times, rng.choice(own, counts.max() - count), 1)
    return times
