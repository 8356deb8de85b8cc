"""Cells of descriptors: a query is compared with the images near it and not with all.

An inverted file (Sivic & Zisserman 2003). The cells' centres are images of the set, so cells lie as densely as
images do. Every image is in the `CELLS_PER_IMAGE` cells nearest to it, since a copy may fall on the other side of
a border.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from augment.data.near.crops import Float32

Int = NDArray[np.int64]

CELLS_PER_IMAGE = 4  # cells that an image is in
IMAGES_PER_CENTRE = 32  # images for each centre
_PLACED_IMAGES = 4096  # images placed at once


@dataclass(frozen=True)
class Cells:
    """centres: float32 (C, D) of length 1; inside: for each of them the sorted positions of its images."""

    centres: Float32
    inside: list[Int]

    @classmethod
    def of(cls, vectors: Float32, keys: Sequence[str]) -> "Cells":
        """Cells of vectors (N, D) of length 1; the images of the first keys, which should be hashes, are centres."""
        chosen = np.argsort(np.asarray(keys), kind="stable")[: max(CELLS_PER_IMAGE, len(vectors) // IMAGES_PER_CENTRE)]
        centres = vectors[chosen]
        blocks = range(0, len(vectors), _PLACED_IMAGES)
        cell = np.concatenate([_nearest_cells(vectors[start : start + _PLACED_IMAGES] @ centres.T) for start in blocks])
        order = np.argsort(cell.ravel(), kind="stable")
        bounds = np.searchsorted(cell.ravel()[order], np.arange(len(centres) + 1))
        positions = order // cell.shape[1]
        return cls(centres, [positions[start:stop] for start, stop in pairwise(bounds)])

    def nearest(self, vectors: Float32) -> Int:
        """The cell nearest to each of the vectors (..., D)."""
        nearest: Int = np.argmax(vectors @ self.centres.T, axis=-1)
        return nearest

    def members(self, cells: Int) -> Int:
        """Sorted positions of the images in any of the cells."""
        every = np.sort(np.concatenate([self.inside[cell] for cell in set(cells.tolist())]))
        return every[np.diff(every, prepend=-1) > 0]


def _nearest_cells(scores: Float32) -> Int:
    """The `CELLS_PER_IMAGE` highest scores (n, C) of each row."""
    return np.argpartition(scores, -CELLS_PER_IMAGE, axis=1)[:, -CELLS_PER_IMAGE:]
