"""Figures of sample quality as pure functions of features: KID, precision, recall, density, coverage.

Features are float (N, D). `real` and `fake` are keyword-only, since swapping them changes the meaning.
None of these decides anything alone; each is read beside the same figure for held-out real images. Names follow the
field; the features are ours, so compare only with figures of this project.
FID is for thousands of images only: below, it is biased (Chong & Forsyth 2020).
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment.core.errors import DataError

Features = NDArray[Any]
Float = NDArray[np.float64]
Int = NDArray[np.int64]

MAX_BLOCK_ENTRIES = 4_000_000  # entries of a distance or kernel matrix held at once (32 MB)


def kid(*, real: Features, fake: Features) -> float:
    """Kernel inception distance: the unbiased MMD^2 with kernel (x.y / D + 1)^3; may be negative.

    Binkowski et al. 2018, "Demystifying MMD GANs", over whole sets instead of random subsets.
    Raises DataError with fewer than 2 rows on either side.
    """
    _require_rows(2, "kid", real=real, fake=fake)
    within = _mean_kernel_of_pairs(real) + _mean_kernel_of_pairs(fake)
    return within - 2 * _kernel_sum(real, fake) / (len(real) * len(fake))


def fid(*, real: Features, fake: Features) -> float:
    """Frechet inception distance: that of two normal distributions with the sides' means and covariances, 0 or more.
    Heusel et al. 2017, equation 6. Raises DataError with fewer than 2 rows on either side."""
    _require_rows(2, "fid", real=real, fake=fake)
    means = [side.mean(axis=0, dtype=np.float64) for side in (real, fake)]
    centred = [side - mean for side, mean in zip((real, fake), means, strict=True)]
    first, second = (side.T @ side / (len(side) - 1) for side in centred)
    values, vectors = np.linalg.eigh(first)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    # The trace of (first second)^(1/2) is that of this symmetric matrix's root, which eigenvalues give stably.
    shared = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ second @ root), 0)).sum()
    return float(((means[0] - means[1]) ** 2).sum() + first.trace() + second.trace() - 2 * shared)


def precision_recall(*, real: Features, fake: Features, k: int = 3) -> tuple[float, float]:
    """Improved precision and recall, each in [0, 1].

    Precision: share of fakes inside the k-th neighbour ball of some real image; recall: share of real images inside the
    ball of some fake. Kynkaanniemi et al. 2019, section 2. Raises DataError unless both sides have more than k rows.
    """
    _require_rows(k + 1, "precision and recall", real=real, fake=fake)
    inside_real = [near.any(axis=1) for near in _inside(fake, real, _radii(real, k))]
    inside_fake = [near.any(axis=1) for near in _inside(real, fake, _radii(fake, k))]
    return float(np.concatenate(inside_real).mean()), float(np.concatenate(inside_fake).mean())


def density_coverage(*, real: Features, fake: Features, k: int = 5) -> tuple[float, float]:
    """Density (0 or more, about 1 for equal distributions) and coverage in [0, 1].

    Density: how many real k-th neighbour balls hold a fake, divided by k, mean over fakes; coverage:
    share of real balls that hold any fake. Naeem et al. 2020, section 3.
    Raises DataError unless real has more than k rows and fake has one.
    """
    _require_rows(k + 1, "density and coverage", real=real)
    _require_rows(1, "density and coverage", fake=fake)
    held = np.zeros(len(real), dtype=np.int64)  # fakes in each real ball
    for near in _inside(fake, real, _radii(real, k)):
        held += near.sum(axis=0)
    return float(held.sum() / (k * len(fake))), float((held > 0).mean())


def nearest(queries: Features, references: Features) -> tuple[Int, Float]:
    """For each query the position of its nearest reference and the Euclidean distance, both (N,). Equal rows are at
    distance exactly 0. Raises DataError when there is no reference."""
    _require_rows(1, "nearest neighbour", references=references)
    blocks = [squared.argmin(axis=1) for _, squared in _squared_distances(queries, references)]
    return _with_distances(queries, references, blocks)


def leave_one_out_nearest(points: Features) -> tuple[Int, Float]:
    """For each point the nearest *other* point and its distance. Raises DataError below 2 points."""
    _require_rows(2, "leave-one-out nearest neighbour", points=points)
    return _nearest_of_another(points, np.arange(len(points)))


def nearest_elsewhere(points: Features, groups: NDArray[Any]) -> Float:
    """For each point (N, D) the distance to the nearest point of another group. Raises DataError below 2 groups."""
    names, unit = np.unique(groups, return_inverse=True)
    _require_rows(2, "nearest neighbour of another group", groups=names)
    return _nearest_of_another(points, unit)[1]


def _nearest_of_another(points: Features, unit: Int) -> tuple[Int, Float]:
    """For each point the nearest one whose unit is another, and its distance."""
    blocks = []
    for start, squared in _squared_distances(points, points):
        squared[unit[start : start + len(squared), None] == unit] = np.inf
        blocks.append(squared.argmin(axis=1))
    return _with_distances(points, points, blocks)


def _with_distances(queries: Features, references: Features, blocks: list[Int]) -> tuple[Int, Float]:
    """Distances anew from differences: the expansion below loses small ones to rounding."""
    index = np.concatenate([np.zeros(0, dtype=np.int64), *blocks])
    distance = np.zeros(len(queries))
    step = max(1, MAX_BLOCK_ENTRIES // max(1, queries.shape[1]))
    for start in range(0, len(queries), step):
        rows = slice(start, start + step)
        difference = queries[rows].astype(np.float64) - references[index[rows]]
        distance[rows] = np.sqrt((difference**2).sum(axis=1))
    return index, distance


def _radii(points: Features, k: int) -> Float:
    """Squared distance from each point to its k-th nearest other point; itself is nearest number 0."""
    rows = []
    for start, squared in _squared_distances(points, points):
        position = np.arange(len(squared))
        squared[position, start + position] = 0.0
        rows.append(np.partition(squared, k, axis=1)[:, k])
    return np.concatenate(rows)


def _inside(points: Features, centres: Features, radii: Float) -> Iterator[NDArray[np.bool_]]:
    """Blocks of rows, bool (rows, centres): is the point in the closed ball around the centre?"""
    for _, squared in _squared_distances(points, centres):
        yield squared <= radii


def _squared_distances(first: Features, second: Features) -> Iterator[tuple[int, Float]]:
    """Blocks (first row, squared distances (rows, M)) in float64, centred so that little cancels."""
    centre = second.mean(axis=0, dtype=np.float64)
    right = second - centre
    right_norms = (right**2).sum(axis=1)
    step = max(1, MAX_BLOCK_ENTRIES // len(second))
    for start in range(0, len(first), step):
        left = first[start : start + step] - centre
        squared = (left**2).sum(axis=1)[:, None] + right_norms - 2 * left @ right.T
        yield start, np.maximum(squared, 0.0)


def _kernel_sum(first: Features, second: Features) -> float:
    right = second.astype(np.float64)
    step = max(1, MAX_BLOCK_ENTRIES // len(second))
    blocks = (first[start : start + step].astype(np.float64) for start in range(0, len(first), step))
    return float(sum(((left @ right.T / right.shape[1] + 1) ** 3).sum() for left in blocks))


def _mean_kernel_of_pairs(points: Features) -> float:
    trace = float((((points.astype(np.float64) ** 2).mean(axis=1) + 1) ** 3).sum())
    return (_kernel_sum(points, points) - trace) / (len(points) * (len(points) - 1))


def _require_rows(min_rows: int, metric: str, **sides: Features) -> None:
    for side, rows in sides.items():
        if len(rows) < min_rows:
            raise DataError(
                f"{metric}: {len(rows)} {side} rows, at least {min_rows} are needed. "
                "Give more images, or pool the classes."
            )
