"""How two images lie on each other, and how far they then are from being one picture.

They lie as the crop of one does that correlates most with a view of the other; their distance counts colour, but not
brightness.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from augment.data.near.descriptors import (
    COLOUR_FREQUENCIES,
    FINE_FREQUENCIES,
    MAX_CUT,
    SAMPLES_PER_AXIS,
    WHOLE,
    Float32,
    Levels,
    Windows,
    cosines,
    deviation,
    luma,
    sampler,
    spectrum,
    turned,
    unit,
    view_turns,
    weighted,
    windows,
)

Int = NDArray[np.int64]

ROUGH_STEPS, EXACT_STEPS = 3, 6  # steps of the crops: 10 per axis, 3.3 % apart, then 28, 1.7 % apart
MIN_ROUGH_CORRELATION = 0.93  # correlation at the best of the rough crops, from which the exact ones are tried
MIN_EXACT_CORRELATION = 0.95  # correlation at the best of the exact crops, below which a pair is dropped
SATURATED_LEVEL = 250.0  # grey levels; above, a brighter copy may have lost what the darker one shows
MAX_CONTRAST_RATIO = 1.5  # a copy has at most this many times the contrast
MAX_BRIGHTNESS_DIFFERENCE = 64.0  # grey levels by which the means of copies may differ
MAX_TINT_DIFFERENCE = 24.0  # grey levels by which the mean of one channel may differ more than that of all
MAX_REFINED_DISTANCE = 0.02  # distance from which the crop is refined, by half a step at each of its four ends
_CHUNK_PAIRS = 512  # pairs compared at once, 6 MB of colour each time


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


def align(images: Levels, descriptors: Float32, pairs: Int) -> Aligned:
    """The best crop for every view in the pairs (P, 2) of images (N, H, W), where it correlates well.

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


def _best_crops(images: Levels, descriptors: Float32, cases: Int, axis: Windows) -> tuple[Float32, Int]:
    """The highest correlation of each case (first, second, view) over all crops, and the crop that has it."""
    rows, columns = (cosines(side, FINE_FREQUENCIES, axis) for side in images.shape[1:])
    scores, crops = np.zeros(len(cases), dtype=np.float32), np.zeros(len(cases), dtype=np.int64)
    bounds = [*np.flatnonzero(np.diff(cases[:, 0], prepend=-1)).tolist(), len(cases)]
    for start, stop in pairwise(bounds):
        first = images[cases[start, 0]].astype(np.float32)
        spectra = (rows @ first)[:, None] @ columns.swapaxes(1, 2)  # (crops, crops, 10, 10)
        cropped = unit(weighted(spectra)).reshape(len(axis) ** 2, -1)
        correlations = descriptors[cases[start:stop, 1], cases[start:stop, 2]] @ cropped.T
        scores[start:stop], crops[start:stop] = correlations.max(axis=1), correlations.argmax(axis=1)
    return scores, crops


def distances(images: Levels | NDArray[np.float16], aligned: Aligned) -> Float32:
    """1 - correlation (P,) of all channels of each aligned pair; 1 where contrast, brightness or tint differ too much.

    images: (N, C, H, W), levels 0 to 255.
    """
    result = np.ones(len(aligned.first), dtype=np.float32)
    for view, turn in enumerate(view_turns(*images.shape[2:])):
        pairs = np.flatnonzero(aligned.view == view)
        for chunk in (pairs[start : start + _CHUNK_PAIRS] for start in range(0, len(pairs), _CHUNK_PAIRS)):
            first, second = (images[side[chunk]].astype(np.float32) for side in (aligned.first, aligned.second))
            crops = np.stack([aligned.rows[chunk], aligned.columns[chunk]], axis=1)
            result[chunk] = _refined(first, crops, turned(_resampled(second), turn))
    return result


def _refined(first: Float32, crops: Windows, second: Float32) -> Float32:
    """Distances (n,) at the best crops nearby; first (n, C, H, W), crops (n, 2, 2), second (n, C, SAMPLES, SAMPLES)."""
    best = _distances(_resampled(first, crops), second)
    near = np.flatnonzero(best <= MAX_REFINED_DISTANCE)
    first, crops, second, refined = first[near], crops[near], second[near], best[near]
    for axis, end, step in [(axis, end, step) for axis in (0, 1) for end in (0, 1) for step in (-0.5, 0.5)]:
        moved = crops.copy()
        moved[:, axis, end] = np.clip(moved[:, axis, end] + step * MAX_CUT / EXACT_STEPS, 0, 1)
        trial = _distances(_resampled(first, moved), second)
        crops = np.where((trial < refined)[:, None, None], moved, crops)
        refined = np.minimum(trial, refined)
    best[near] = refined
    return best


def _resampled(images: Float32, crops: Windows | None = None) -> Float32:
    """Images (n, C, H, W), or their crops (n, 2, 2), as (n, C, SAMPLES, SAMPLES)."""
    rows, columns = (
        sampler(side, SAMPLES_PER_AXIS, WHOLE if crops is None else crops[:, None, axis])
        for axis, side in enumerate(images.shape[2:])
    )
    samples = rows @ images @ columns.swapaxes(-1, -2)
    return samples.astype(np.float32, copy=False)


def _distances(first: Float32, second: Float32) -> Float32:
    """Distances (n,) of images (n, C, SAMPLES, SAMPLES), whichever of the two is the brighter."""
    means = first.mean(axis=(1, 2, 3)), second.mean(axis=(1, 2, 3))
    swap = (means[0] > means[1])[:, None, None, None]
    dark, bright = np.where(swap, second, first), np.where(swap, first, second)
    brightened = _brightened(dark, bright)
    correlation = (_vectors(brightened) * _vectors(bright)).sum(axis=1)
    contrast = _contrast(bright) / np.maximum(_contrast(dark), 1e-6)
    alike = (contrast <= MAX_CONTRAST_RATIO) & (contrast >= 1 / MAX_CONTRAST_RATIO)
    alike &= np.abs(means[0] - means[1]) <= MAX_BRIGHTNESS_DIFFERENCE
    alike &= _tint(brightened, bright) <= MAX_TINT_DIFFERENCE
    return np.where(alike, np.maximum(1 - correlation, 0), 1).astype(np.float32)


def _brightened(dark: Float32, bright: Float32) -> Float32:
    """The dark images at the brightness of the others, cut off at white as a brightened file is."""
    shows = bright < SATURATED_LEVEL
    sums = [(images * shows).sum(axis=(1, 2, 3), keepdims=True) for images in (bright, dark)]
    return np.asarray(np.minimum(dark * np.maximum(sums[0] / np.maximum(sums[1], 1), 1), 255))


def _vectors(images: Float32) -> Float32:
    """One descriptor (n, D) of luma and, more coarsely, of what each channel differs from it."""
    grey = luma(images)
    if images.shape[1] == 1:
        return unit(weighted(spectrum(grey, FINE_FREQUENCIES)))
    colour = weighted(spectrum(images - grey[:, None], COLOUR_FREQUENCIES))
    parts = [np.sqrt(images.shape[1]) * weighted(spectrum(grey, FINE_FREQUENCIES)), *colour.swapaxes(0, 1)]
    return unit(np.concatenate(parts, axis=1))


def _contrast(images: Float32) -> Float32:
    return deviation(spectrum(luma(images), FINE_FREQUENCIES))


def _tint(first: Float32, second: Float32) -> Float32:
    """By how many grey levels the mean of a channel differs more than that of all, (n,)."""
    means = second.mean(axis=(2, 3)) - first.mean(axis=(2, 3))
    return np.asarray(np.abs(means - means.mean(axis=1, keepdims=True)).max(axis=1))
