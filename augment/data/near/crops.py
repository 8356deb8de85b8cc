"""Crops of at most a tenth of a side as linear maps, so that cropping many images is one matrix product."""

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Windows = NDArray[np.float64]
"""Where crops begin and end along one axis, as fractions of the side: (..., 2)."""

WHOLE: Windows = np.array([0.0, 1.0])
MAX_CUT = 0.1  # of a side, in all, is cut away
SAMPLES_PER_AXIS = 32  # per axis, from which the cosine transform is taken


def windows(steps: int) -> Windows:
    """The crops of one axis, (n, 2): `WHOLE`, then cut by steps of `MAX_CUT / steps`, in all by at most `MAX_CUT`."""
    cuts = [(low, steps - high) for low in range(steps + 1) for high in range(steps + 1 - low)]
    return np.array(cuts) * MAX_CUT / steps + [0, 1 - MAX_CUT]


def sampler(pixels: int, samples: int, crops: Windows = WHOLE) -> Float32:
    """Float32 (..., samples, pixels): resamples each crop of one axis; rows sum to 1.

    The kernel is a triangle as wide as a sample, so that making an image smaller is antialiased.
    """
    low, high = (crops[..., end, None, None] * pixels for end in (0, 1))
    step = (high - low) / samples
    centres = low + (np.arange(samples)[:, None] + 0.5) * step - 0.5
    weights = np.maximum(0, 1 - np.abs(centres - np.arange(pixels)) / np.maximum(1, step))
    rows: Float32 = (weights / weights.sum(axis=-1, keepdims=True)).astype(np.float32)
    return rows


def cosines(pixels: int, count: int, crops: Windows = WHOLE) -> Float32:
    """Float32 (..., count, pixels): the first coefficients of the orthonormal DCT-II of each crop."""
    positions = (np.arange(SAMPLES_PER_AXIS) + 0.5) / SAMPLES_PER_AXIS
    basis = np.cos(np.pi * np.arange(count)[:, None] * positions) * np.sqrt(2 / SAMPLES_PER_AXIS)
    basis[0] /= np.sqrt(2)
    rows: Float32 = basis.astype(np.float32) @ sampler(pixels, SAMPLES_PER_AXIS, crops)
    return rows
