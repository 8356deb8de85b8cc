"""Pairs that may be near duplicates: for every image its nearest others, also cropped, turned or brightened.

Every pair is compared. For 10,000 square images that is 44 (36 crops, 8 other views) matrix products of
10,000 x 35 x 10,000, made in blocks of rows, which bound the memory.
"""

import numpy as np
from numpy.typing import NDArray

from augment.data.near.crops import Float32, windows
from augment.data.near.descriptors import COARSE, spectrum, unit, views, weighted

Int = NDArray[np.int64]

NEAREST = 32  # candidates of an image at most
LEAST = 0.85  # correlation of their coarse descriptors
_STEPS = 2  # 6 crops per axis, 5 % apart
_BLOCK = 1_000_000  # correlations held at once (4 MB)


def candidates(images: Float32) -> Int:
    """Pairs (P, 2) of positions (i, j): a crop of i, or i turned or brightened, correlates with j.

    images: float32 (N, H, W). At most `NEAREST` for each i, in order of i; (j, i) may be there too.
    """
    whole = unit(weighted(spectrum(images, COARSE)))
    rows = max(1, _BLOCK // max(1, len(images)))
    found = [np.zeros((0, 2), dtype=np.int64)]
    for start in range(0, len(images), rows):
        found.append(_nearest(_variants(images[start : start + rows]), whole, start))
    return np.concatenate(found)


def _variants(images: Float32) -> list[Float32]:
    """Descriptors (n, 35) of every crop of the images, and of their other views."""
    axis = windows(_STEPS)
    crops = [unit(weighted(spectrum(images, COARSE, down, across))) for down in axis for across in axis]
    return [*crops, *views(images, COARSE).swapaxes(0, 1)[1:]]


def _nearest(variants: list[Float32], whole: Float32, start: int) -> Int:
    """The candidates of n images, from `start` on, whose variants are given."""
    best = np.full((len(variants[0]), len(whole)), -1, dtype=np.float32)
    scores = np.empty_like(best)
    for queries in variants:
        np.matmul(queries, whole.T, out=scores)
        np.maximum(best, scores, out=best)
    rows = np.arange(len(best))
    best[rows, start + rows] = -1
    count = min(NEAREST, len(whole))
    near = np.argpartition(best, -count, axis=1)[:, -count:]
    row, rank = np.nonzero(np.take_along_axis(best, near, axis=1) >= LEAST)
    return np.stack([start + row, near[row, rank]], axis=1)
