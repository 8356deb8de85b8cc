"""Pairs that may be near duplicates: for every image its nearest others, also cropped, turned or brightened.

Up to `MAX_EXHAUSTIVE_IMAGES` images every pair is compared: for 10,000 square images that is 44 (36 crops, 8 other
views) matrix products of 10,000 x 35 x 10,000. Of more images only those in the same cells are (`cells.py`), so that
time does not grow with the square. Blocks of images bound the memory either way.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from augment.core.progress import with_progress
from augment.data.near.cells import Cells
from augment.data.near.crops import Float32, windows
from augment.data.near.descriptors import COARSE_FREQUENCIES, spectrum, unit, views, weighted

Int = NDArray[np.int64]

MAX_EXHAUSTIVE_IMAGES = 10_000  # images; of more not every pair is compared
MAX_CANDIDATES = 32  # candidates of an image at most
MIN_COARSE_CORRELATION = 0.85  # correlation of their coarse descriptors
_CROP_STEPS = 2  # 6 crops per axis, 5 % apart
_MAX_BLOCK_CORRELATIONS = 1_000_000  # correlations held at once (4 MB)
_QUERY_IMAGES = 64  # images whose cells are found at once


def candidate_pairs(images: Float32, keys: Sequence[str]) -> Int:
    """Pairs (P, 2) of positions (i, j): a crop of i, or i turned or brightened, correlates with j.

    images: float32 (N, H, W). keys: a text for each, by which cells are laid out, whatever the images' order.
    At most `MAX_CANDIDATES` for each i, in order of i; (j, i) may be there too.
    """
    whole = unit(weighted(spectrum(images, COARSE_FREQUENCIES)))
    return (
        _of_all(images, whole)
        if len(images) <= MAX_EXHAUSTIVE_IMAGES
        else _of_cells(images, whole, Cells.of(whole, keys))
    )


def _of_all(images: Float32, whole: Float32) -> Int:
    """Every image against every other."""
    rows = max(1, _MAX_BLOCK_CORRELATIONS // max(1, len(images)))
    found = [np.zeros((0, 2), dtype=np.int64)]
    for start in range(0, len(images), rows):
        variants = _variants(images[start : start + rows])
        best = np.full((variants.shape[1], len(whole)), -1, dtype=np.float32)
        scores = np.empty_like(best)
        for queries in variants:
            np.matmul(queries, whole.T, out=scores)
            np.maximum(best, scores, out=best)
        first = np.arange(start, start + len(best))
        best[first - start, first] = -1
        row, near = _highest(best)
        found.append(np.stack([first[row], near], axis=1))
    return np.concatenate(found)


def _of_cells(images: Float32, whole: Float32, cells: Cells) -> Int:
    """Every image against those in the cells of its variants."""
    found = []
    for start in with_progress("candidates for near duplicates", range(0, len(images), _QUERY_IMAGES)):
        variants = _variants(images[start : start + _QUERY_IMAGES])
        for row, cells_of_image in enumerate(cells.nearest(variants).T):
            others = cells.members(cells_of_image)
            best = (variants[:, row] @ whole[others].T).max(axis=0)
            best[others == start + row] = -1
            near = others[_highest(best[None])[1]]
            found.append(np.stack([np.full_like(near, start + row), near], axis=1))
    return np.concatenate(found)


def _variants(images: Float32) -> Float32:
    """Descriptors (V, n, 35) of every crop of the images, and of their other views."""
    axis = windows(_CROP_STEPS)
    spectra = spectrum(images, COARSE_FREQUENCIES, axis[:, None, None], axis[:, None])  # (6, 6, n, 6, 6)
    crops = unit(weighted(spectra.reshape(-1, *spectra.shape[2:])))
    return np.concatenate([crops, views(images, COARSE_FREQUENCIES).swapaxes(0, 1)[1:]])


def _highest(scores: Float32) -> tuple[Int, Int]:
    """Rows and columns of the highest scores (n, M) of each row, where they reach `MIN_COARSE_CORRELATION`."""
    count = min(MAX_CANDIDATES, scores.shape[1])
    near = np.argpartition(scores, -count, axis=1)[:, -count:]
    row, rank = np.nonzero(np.take_along_axis(scores, near, axis=1) >= MIN_COARSE_CORRELATION)
    return row, near[row, rank]
