"""Near duplicates: images that are one picture but for re-encoding, resizing, brightness, a turn, or a crop of a tenth.

Exhaustive and cheap first, exact last: candidates by coarse descriptors, then the best alignment of each,
then the correlation in colour, which must be high, and must stand out from the image's class.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augment.core.progress import with_progress
from augment.data.near.alignment import align, distances
from augment.data.near.candidates import candidate_pairs
from augment.data.near.descriptors import (
    FINE_FREQUENCIES,
    Float32,
    Levels,
    deviation,
    luma,
    of_blocks,
    sampler,
    spectrum,
    views,
)

UInt8 = NDArray[np.uint8]
Int = NDArray[np.int64]

MIN_SEARCHED_PX = 16  # below, on either side, distinct images are too alike to tell
MAX_DISTANCE = 0.011  # distance (1 - correlation) of near duplicates at most,
ROUNDING_LEVELS = 0.5  # but for errors of so many grey levels (JPEG of quality 75), which count where contrast is low;
MAX_USUAL_SHARE = 1 / 20  # at most this share, too, of the image's usual distance from its class
MIN_DEVIATION = 2.5  # grey levels; an image that deviates less looks like nothing
MAX_KIN_DISTANCE = 4.0  # times that of near duplicates: two of one picture differ at most so much (these are squares)
_USUAL_QUANTILE = 0.75  # quantile of the distances from its class
_MAX_SAMPLE = 256  # images of a class that stand for it
_MIN_SAMPLE = 4  # a class of fewer others has no usual distance
_BLOCK_PAIRS = 100_000  # pairs aligned at once, some 100 MB
_THUMBNAIL_PX = 32  # a side; all that descriptors can see


@dataclass(frozen=True, order=True)
class Pair:
    """Two alike images: positions, first < second, and their distance, where 1 is the largest of near duplicates."""

    distance: float
    first: int
    second: int


def near_duplicate_pairs(images: Sequence[UInt8], labels: Sequence[str], keys: Sequence[str]) -> list[Pair]:
    """All pairs up to a distance of `MAX_KIN_DISTANCE`, nearest first; up to 1 they are near duplicates.

    images: uint8 (H, W, C) of one height and width, C = 1 or 3 each; below 16 px either way nothing is found, nor
    among images that hardly vary. keys: distinct texts that name the images' content: which images stand for
    a large class is decided by them, so the result does not depend on the order of the images.
    """
    if len(images) < 2 or min(images[0].shape[:2]) < MIN_SEARCHED_PX:
        return []
    colour, grey = _thumbnails(images)
    contrast = of_blocks(lambda some: deviation(spectrum(some, FINE_FREQUENCIES)), grey)
    varied = np.flatnonzero(contrast >= MIN_DEVIATION)
    if len(varied) < 2:
        return []
    if len(varied) < len(images):
        colour, grey = colour[varied], grey[varied]
    descriptors = of_blocks(lambda some: views(some, FINE_FREQUENCIES), grey)
    usual = usual_distances(descriptors[:, 0], np.asarray(labels)[varied], np.asarray(keys)[varied])
    limits = np.minimum(MAX_DISTANCE + (ROUNDING_LEVELS / contrast[varied]) ** 2, MAX_USUAL_SHARE * usual)
    distance_of: dict[tuple[int, int], float] = {}
    pairs = candidate_pairs(grey, np.asarray(keys)[varied].tolist())
    pairs = _both_ways(pairs, len(grey))  # a crop of either may lie on the other
    for block in with_progress("near duplicates", np.array_split(pairs, range(_BLOCK_PAIRS, len(pairs), _BLOCK_PAIRS))):
        aligned = align(grey, descriptors, block)
        limit = np.maximum(np.minimum(limits[aligned.first], limits[aligned.second]), 1e-9)
        distance = distances(colour, aligned) / limit
        kin = distance <= MAX_KIN_DISTANCE
        ends = np.sort(varied[np.stack([aligned.first[kin], aligned.second[kin]], axis=1)], axis=1)
        for (i, j), near in zip(ends.tolist(), distance[kin].tolist(), strict=True):  # rounded: orders of sums differ
            distance_of[i, j] = min(round(near, 4), distance_of.get((i, j), MAX_KIN_DISTANCE))
    return sorted(Pair(distance, *pair) for pair, distance in distance_of.items())


def usual_distances(descriptors: Float32, labels: NDArray[np.str_], keys: NDArray[np.str_]) -> Float32:
    """How far an image (N, D) usually lies from its class: the upper quartile of 1 - correlation; (N,).

    In a class photographed in one fixture everything correlates, and only what correlates still more is a copy.
    A quartile near the far end, so that a burst of copies does not pass for the class.
    """
    usual = np.full(len(descriptors), np.inf, dtype=np.float32)
    for label in np.unique(labels):
        of_class = np.flatnonzero(labels == label)
        sample = of_class[np.argsort(keys[of_class], kind="stable")[:_MAX_SAMPLE]]
        if len(of_class) <= _MIN_SAMPLE:
            continue
        distances = 1 - descriptors[of_class] @ descriptors[sample].T
        distances[of_class[:, None] == sample] = np.nan
        usual[of_class] = np.nanquantile(distances, _USUAL_QUANTILE, axis=1)
    return usual


def _both_ways(pairs: Int, count: int) -> Int:
    """Pairs (P, 2) of so many images and their reverses, sorted, none of them twice."""
    numbers = np.unique(np.concatenate([pairs @ [count, 1], pairs @ [1, count]]))
    return np.stack(np.divmod(numbers, count), axis=1)


def _thumbnails(images: Sequence[UInt8]) -> tuple[NDArray[np.uint8] | NDArray[np.float16], Levels]:
    """At most 32 px a side: all channels (N, C, h, w) and luma (N, h, w). Of larger images as float16, to an eighth of
    a grey level, and as float32; of others their pixels are as exact, and take less."""
    height, width = images[0].shape[:2]
    rows, columns = sampler(height, min(height, _THUMBNAIL_PX)), sampler(width, min(width, _THUMBNAIL_PX))
    channels, is_reduced = max(image.shape[2] for image in images), max(height, width) > _THUMBNAIL_PX
    shape = len(images), channels, len(rows), len(columns)
    colour = np.empty(shape, dtype=np.float16) if is_reduced else np.empty(shape, dtype=np.uint8)
    is_luma = channels == 1 and not is_reduced
    grey: Levels = colour[:, 0] if is_luma else np.empty((len(images), *shape[2:]), dtype=np.float32)
    for position, image in enumerate(images):
        whole = image.transpose(2, 0, 1).astype(np.float32)
        small = np.asarray(rows @ whole @ columns.T if is_reduced else whole, dtype=np.float32)
        colour[position] = small
        grey[position] = luma(small)
    return colour, grey
