"""How two images lie on each other: the crop of one that correlates most with each view of the other."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from augment.data.near.crops import Float32, Windows, cosines, windows
from augment.data.near.descriptors import FINE_FREQUENCIES, unit, weighted

Int = NDArray[np.int64]

ROUGH_STEPS, EXACT_STEPS = 3, 6  # steps of the crops: 10 per axis, 3.3 % apart, then 28, 1.7 % apart
MIN_ROUGH_CORRELATION = 0.93  # correlation at the best of the rough crops, from which the exact ones are tried
MIN_EXACT_CORRELATION = 0.95  # correlation at the best of the exact crops, below which a pair is dropped


@dataclass(frozen=True)
class Aligned:
    """P pairs: a crop of image `first` lies on a view of image `second`.

    first, second, view: int64 (P,), view a position in `views`; rows, columns: the crop, (P, 2) each.
    """

    first: Int
    second: Int
    view: Int
    rows: Windows
    columns: Windows


def align(images: Float32, descriptors: Float32, pairs: Int) -> Aligned:
    """The best crop for every view in the pairs (P, 2) of images float32 (N, H, W), where it correlates well.

    descriptors: `views` (N, V, 99) of the images. Pairs of one first image must follow each other.
    """
    count = descriptors.shape[1]
    cases = np.column_stack([np.repeat(pairs, count, axis=0), np.tile(np.arange(count), len(pairs))])
    scores, _ = _best_crops(images, descriptors, cases, windows(ROUGH_STEPS))
    cases = cases[scores >= MIN_ROUGH_CORRELATION]
    axis = windows(EXACT_STEPS)
    scores, crops = _best_crops(images, descriptors, cases, axis)
    good = scores >= MIN_EXACT_CORRELATION
    first, second, view = cases[good].T
    rows, columns = np.divmod(crops[good], len(axis))
    return Aligned(first, second, view, axis[rows], axis[columns])


def _best_crops(images: Float32, descriptors: Float32, cases: Int, axis: Windows) -> tuple[Float32, Int]:
    """The highest correlation of each case (first, second, view) over all crops, and the crop that has it."""
    rows, columns = (cosines(side, FINE_FREQUENCIES, axis) for side in images.shape[1:])
    scores, crops = np.zeros(len(cases), dtype=np.float32), np.zeros(len(cases), dtype=np.int64)
    bounds = [*np.flatnonzero(np.diff(cases[:, 0], prepend=-1)).tolist(), len(cases)]
    for start, stop in pairwise(bounds):
        spectra = (rows @ images[cases[start, 0]])[:, None] @ columns.swapaxes(1, 2)  # (crops, crops, 10, 10)
        cropped = unit(weighted(spectra)).reshape(len(axis) ** 2, -1)
        correlations = descriptors[cases[start:stop, 1], cases[start:stop, 2]] @ cropped.T
        scores[start:stop], crops[start:stop] = correlations.max(axis=1), correlations.argmax(axis=1)
    return scores, crops
