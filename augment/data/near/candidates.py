"""Pairs that may be near duplicates: for every image its nearest others, also cropped, turned or brightened.

Up to `MAX_EXHAUSTIVE_IMAGES` images every pair is compared: for 10,000 square images that is 44 (36 crops, 8 other
views) matrix products of 10,000 x 35 x 10,000. Of more images only those in the same cells are, an inverted file
(Sivic & Zisserman 2003), so that time does not grow with the square. Blocks of images bound the memory either way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from augment.core.progress import with_progress
from augment.data.near.descriptors import (
    COARSE_FREQUENCIES,
    Float32,
    Levels,
    of_blocks,
    spectrum,
    unit,
    views,
    weighted,
    windows,
)

Int = NDArray[np.int64]

CELLS_PER_IMAGE = 4  # since a copy may fall on the other side of a border
IMAGES_PER_CENTRE = 32
MAX_CENTRES = 1000  # compared with every query; of more only those in the same cells of centres are
MAX_EXHAUSTIVE_IMAGES = 10_000  # images; of more not every pair is compared
MAX_CANDIDATES = 32  # candidates of an image at most
MIN_COARSE_CORRELATION = 0.85  # correlation of their coarse descriptors
_CROP_STEPS = 2  # 6 crops per axis, 5 % apart
_MAX_BLOCK_CORRELATIONS = 1_000_000  # correlations held at once (4 MB)
_QUERY_IMAGES = 64  # images described at once


@dataclass(frozen=True)
class Cells:
    """Images by the centres that are nearest to them. Centres are images of the set, so cells lie as densely as those.

    centres: float32 (C, D) of length 1; inside: for each of them the sorted positions of its images; above: cells of
    the centres, where there are so many that comparing with all would take time by the square of the images.
    """

    centres: Float32
    inside: list[Int]
    above: "Cells | None"

    @classmethod
    def of(cls, vectors: Float32, keys: Sequence[str] | NDArray[np.str_]) -> "Cells":
        """Cells of vectors (N, D) of length 1; the images of the first keys, which should be hashes, are centres."""
        names = np.asarray(keys)
        chosen = np.argsort(names, kind="stable")[: max(CELLS_PER_IMAGE, len(vectors) // IMAGES_PER_CENTRE)]
        centres = vectors[chosen]
        cell = np.empty((len(vectors), CELLS_PER_IMAGE), dtype=np.int64)
        placed = max(1, _MAX_BLOCK_CORRELATIONS // len(centres))  # images at once
        for start in range(0, len(vectors), placed):
            scores = vectors[start : start + placed] @ centres.T  # (n, C)
            cell[start : start + placed] = np.argpartition(scores, -CELLS_PER_IMAGE)[:, -CELLS_PER_IMAGE:]
        order = np.argsort(cell.ravel(), kind="stable")
        bounds = np.searchsorted(cell.ravel()[order], np.arange(len(centres) + 1))
        positions = order // cell.shape[1]
        inside = [positions[start:stop] for start, stop in pairwise(bounds)]
        return cls(centres, inside, cls.of(centres, names[chosen]) if len(centres) > MAX_CENTRES else None)

    def nearest(self, vectors: Float32) -> Int:
        """The cell nearest to each of the vectors (V, D) of one image; of very many cells, among those whose centres
        lie in the same cells above as any of the vectors."""
        if self.above is None:
            return np.asarray(np.argmax(vectors @ self.centres.T, axis=-1))
        near = self.above.members(self.above.nearest(vectors))
        return np.asarray(near[np.argmax(vectors @ self.centres[near].T, axis=-1)])

    def members(self, cells: Int) -> Int:
        """Sorted positions of the images in any of the cells."""
        return np.unique(np.concatenate([self.inside[cell] for cell in set(cells.tolist())]))


def candidate_pairs(images: Levels, keys: Sequence[str]) -> Int:
    """Pairs (P, 2) of positions (i, j): a crop of i, or i turned or brightened, correlates with j.

    images: (N, H, W). keys: a text for each, by which cells are laid out, whatever the images' order.
    At most `MAX_CANDIDATES` for each i, in order of i; (j, i) may be there too.
    """
    whole = of_blocks(lambda some: unit(weighted(spectrum(some, COARSE_FREQUENCIES))), images)
    if len(images) <= MAX_EXHAUSTIVE_IMAGES:
        return _of_all(images, whole)
    return _of_cells(images, whole, Cells.of(whole, keys))


def _of_all(images: Levels, whole: Float32) -> Int:
    """Every image against every other."""
    rows = max(1, _MAX_BLOCK_CORRELATIONS // max(1, len(images)))
    pairs = [np.zeros((0, 2), dtype=np.int64)]
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
        pairs.append(np.stack([first[row], near], axis=1))
    return np.concatenate(pairs)


def _of_cells(images: Levels, whole: Float32, cells: Cells) -> Int:
    """Every image against those in the cells of its variants."""
    pairs = []
    for start in with_progress("candidates for near duplicates", range(0, len(images), _QUERY_IMAGES)):
        variants = _variants(images[start : start + _QUERY_IMAGES])
        for row in range(variants.shape[1]):
            others = cells.members(cells.nearest(variants[:, row]))
            best = (variants[:, row] @ whole[others].T).max(axis=0)
            best[others == start + row] = -1
            near = others[_highest(best[None])[1]]
            pairs.append(np.stack([np.full_like(near, start + row), near], axis=1))
    return np.concatenate(pairs)


def _variants(levels: Levels) -> Float32:
    """Descriptors (V, n, 35) of every crop of the images, and of their other views."""
    images = levels.astype(np.float32, copy=False)
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
