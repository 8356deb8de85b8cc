"""Copies: how many synthetic images lie as near to a training image as unseen real ones hardly ever do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment.measure.metrics import Features, Float, nearest

COPY_QUANTILE = 0.01  # of the control's distances; at or below it lies a copy
MIN_CONTROL_IMAGES = 20  # with fewer held-out images the figure is not measured
HALVINGS = 20
POOLED = "pooled"
COPIES_COLUMNS = ("label", "synthetic_rate", "control_rate", "synthetic", "control", "note")


@dataclass(frozen=True)
class CopyRow:
    """A row of copies.csv. A rate of None was not measured, and `note` says why; it never stands for 0."""

    label: str
    synthetic_rate: float | None
    control_rate: float | None
    synthetic: int
    control: int
    note: str


def copy_rate(
    synthetic: Mapping[str, Features],
    train: Mapping[str, Features],
    control: Mapping[str, Features],
    control_groups: Mapping[str, NDArray[Any]],
    rng: np.random.Generator,
) -> list[CopyRow]:
    """Share of copies among synthetic images, beside the same share among held-out real images.

    All map label -> features (n, D) of one space; control_groups: label -> (n,). Synthetic images are
    those of before any selection. A distance to the nearest training image of the class is divided
    by the class's median for control, then classes are pooled. A copy lies at or below the 1st
    percentile of control. That percentile comes from one half of the control's groups and the
    control's own rate from the other half, both ways, over 20 random halvings; the same thresholds
    judge the synthetic images, so independent samples score as control does.
    Returns a row per label of `train`, then `pooled`. Below 20 control images, or with all of them
    in one group, nothing is measured; a label without control images is left out of `pooled`.
    """
    labels = list(train)
    sides = [(real, synthetic.get(label, real[:0]), control.get(label, real[:0])) for label, real in train.items()]
    sizes = [(len(samples), len(held_out)) for _, samples, held_out in sides]
    distances = [_scaled_distances(*each) for each in sides]
    groups = np.concatenate([
        control_groups[label].astype(np.str_)
        for label, (_, held_out) in zip(labels, distances, strict=True)
        if len(held_out)
    ] or [np.zeros(0, dtype=np.str_)])  # fmt: skip
    used = (sum(len(samples) for samples, _ in distances), len(groups))
    if used[1] < MIN_CONTROL_IMAGES or len(np.unique(groups)) < 2:
        note = (
            f"not measured: {used[1]} usable held-out images in {len(np.unique(groups))} groups, "
            f"at least {MIN_CONTROL_IMAGES} in 2 are needed"
        )
        rows = zip([*labels, POOLED], [*sizes, used], strict=True)
        return [CopyRow(label, None, None, *size, note) for label, size in rows]
    thresholds, below = _cross_fitted_thresholds(np.concatenate([held_out for _, held_out in distances]), groups, rng)
    copied = [(samples[:, None] <= thresholds).mean(axis=1) for samples, _ in distances]
    below_of = np.split(below, np.cumsum([len(held_out) for _, held_out in distances])[:-1])
    return [
        *(_copy_row(*columns) for columns in zip(labels, copied, below_of, sizes, strict=True)),
        _copy_row(POOLED, np.concatenate(copied), below, used),
    ]


def _scaled_distances(train: Features, samples: Features, control: Features) -> tuple[Float, Float]:
    """Distances of samples and control to train over the control's median; empty without a scale. A class has no scale
    without control, or when most of its control equals training images."""
    held_out = nearest(control, train)[1]
    scale = np.median(held_out) if len(held_out) else 0.0
    if scale == 0:
        return np.zeros(0), np.zeros(0)
    return nearest(samples, train)[1] / scale, held_out / scale


def _cross_fitted_thresholds(control: Float, groups: NDArray[Any], rng: np.random.Generator) -> tuple[Float, Float]:
    """Thresholds (2 * halvings,), and for each control image how often the other half's was not passed."""
    names = np.unique(groups)
    thresholds, below = [], np.zeros(len(control))
    for _ in range(HALVINGS):
        first = np.isin(groups, rng.permutation(names)[: len(names) // 2])
        for half in (first, ~first):
            thresholds.append(np.quantile(control[half], COPY_QUANTILE))
            below[~half] += control[~half] <= thresholds[-1]
    return np.array(thresholds), below / HALVINGS


def _copy_row(label: str, copied: Float, below: Float, size: tuple[int, int]) -> CopyRow:
    """One label, or all; a small class keeps its own rate and is read beside the pooled control."""
    if len(below) == 0:
        return CopyRow(label, None, None, *size, "not measured: no held-out images that give a scale")
    synthetic_rate = float(copied.mean()) if len(copied) else None
    control_rate = float(below.mean()) if len(below) >= MIN_CONTROL_IMAGES else None
    notes = []
    if synthetic_rate is None:
        notes.append("no synthetic images")
    if control_rate is None:
        notes.append(f"fewer than {MIN_CONTROL_IMAGES} held-out images: compare with {POOLED}")
    return CopyRow(label, synthetic_rate, control_rate, *size, "; ".join(notes))
