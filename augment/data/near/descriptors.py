"""What an image looks like from afar: its low spatial frequencies as one vector of length 1.

The scalar product of two descriptors is the correlation of the images, each frequency weighted by its root,
since natural images have most of their energy in the lowest (Field 1987). Brightness and contrast do not count.
It is the perceptual hash by DCT (Zauner 2010) without its rounding to bits. Crops of at most a tenth of a side
are linear maps, so cropping many images is one matrix product.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Levels = NDArray[np.uint8] | Float32
"""Images in levels 0 to 255: as they are stored, where descriptors see every pixel of them, takes a quarter."""

Windows = NDArray[np.float64]
"""Where crops begin and end along one axis, as fractions of the side: (..., 2)."""

WHOLE: Windows = np.array([0.0, 1.0])
MAX_CUT = 0.1  # of a side, in all, is cut away
SAMPLES_PER_AXIS = 32  # from which the cosine transform is taken
COARSE_FREQUENCIES, FINE_FREQUENCIES = 6, 10  # frequencies per axis, to find candidates and to compare them
COLOUR_FREQUENCIES = 3  # frequencies per axis of what channels differ from luma, which JPEG stores at half the size
_BLOCK_IMAGES = 1024  # described at once
BRIGHTENING = 1.2  # a copy brightened by so much may have lost its highlights

Turn = tuple[bool, bool, bool]
"""Transpose, then mirror top to bottom, then left to right."""
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601


def windows(steps: int) -> Windows:
    """The crops of one axis, (n, 2): `WHOLE`, then cut by steps of `MAX_CUT / steps`, in all by at most `MAX_CUT`."""
    cuts = [(low, steps - high) for low in range(steps + 1) for high in range(steps + 1 - low)]
    return np.array(cuts) * MAX_CUT / steps + [0, 1 - MAX_CUT]


def sampler(pixels: int, samples: int, crops: Windows = WHOLE) -> Float32:
    """Float32 (..., samples, pixels): resamples each crop of one axis; rows sum to 1. The kernel is a triangle as wide
    as a sample, so that making an image smaller is antialiased."""
    low, high = (crops[..., end, None, None] * pixels for end in (0, 1))
    step = (high - low) / samples
    centres = low + (np.arange(samples)[:, None] + 0.5) * step - 0.5
    weights = np.maximum(0, 1 - np.abs(centres - np.arange(pixels)) / np.maximum(1, step))
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True), dtype=np.float32)


def cosines(pixels: int, count: int, crops: Windows = WHOLE) -> Float32:
    """Float32 (..., count, pixels): the first coefficients of the orthonormal DCT-II of each crop."""
    positions = (np.arange(SAMPLES_PER_AXIS) + 0.5) / SAMPLES_PER_AXIS
    basis = np.cos(np.pi * np.arange(count)[:, None] * positions) * np.sqrt(2 / SAMPLES_PER_AXIS)
    basis[0] /= np.sqrt(2)
    return np.asarray(basis.astype(np.float32) @ sampler(pixels, SAMPLES_PER_AXIS, crops))


def luma(images: Float32) -> Float32:
    """(..., H, W) of images (..., C, H, W)."""
    return images[..., 0, :, :] if images.shape[-3] == 1 else np.einsum("c,...chw->...hw", _LUMA, images)


def turns(height: int, width: int) -> list[Turn]:
    """The 8 rotations and mirror images of a square, the 4 that keep any other shape; none at all is first."""
    both = (False, True)
    return [(swap, rows, columns) for swap in both[: 1 + (height == width)] for rows in both for columns in both]


def views(images: Float32, count: int) -> Float32:
    """Descriptors (N, V, count**2 - 1) of images (N, H, W) as a copy may show them: in every turn, then brightened."""
    spectra = spectrum(images, count)
    brightened: Float32 = np.minimum(images * BRIGHTENING, 255).astype(np.float32)
    every = [turned_spectrum(spectra, turn) for turn in turns(*images.shape[1:])]
    return unit(weighted(np.stack([*every, spectrum(brightened, count)], axis=1)))


def of_blocks(describe: Callable[[Float32], Float32], images: Levels) -> Float32:
    """`describe` of all images (N, H, W), of some at a time: nothing of several times their memory is made at once."""
    described = describe(images[:0].astype(np.float32))
    every = np.empty((len(images), *described.shape[1:]), dtype=np.float32)
    for start in range(0, len(images), _BLOCK_IMAGES):
        block = images[start : start + _BLOCK_IMAGES].astype(np.float32)
        every[start : start + len(block)] = describe(block)
    return every


def view_turns(height: int, width: int) -> list[Turn]:
    """How each of the `views` is turned."""
    return [*turns(height, width), turns(height, width)[0]]


def turned(images: Float32, turn: Turn) -> Float32:
    """Images (..., H, W) turned; with a transposition H must equal W."""
    swap, rows, columns = turn
    images = images.swapaxes(-1, -2) if swap else images
    return images[..., :: -1 if rows else 1, :: -1 if columns else 1]


def spectrum(images: Float32, count: int, rows: Windows = WHOLE, columns: Windows = WHOLE) -> Float32:
    """The lowest DCT coefficients (..., count, count) of a crop of images (..., H, W)."""
    height, width = images.shape[-2:]
    spectra = cosines(height, count, rows) @ images @ cosines(width, count, columns).swapaxes(-1, -2)
    return spectra.astype(np.float32, copy=False)


def turned_spectrum(spectra: Float32, turn: Turn) -> Float32:
    """The spectra (..., K, K) of the turned images: mirroring changes the sign of every odd frequency."""
    swap, rows, columns = turn
    signs = np.where(np.arange(spectra.shape[-1]) % 2, -1, 1).astype(np.float32)
    spectra = spectra.swapaxes(-1, -2) if swap else spectra
    return spectra * (signs[:, None] if rows else 1) * (signs if columns else 1)


def weighted(spectra: Float32) -> Float32:
    """Spectra (..., K, K) as vectors (..., K * K - 1), each frequency weighted by its root; the mean stays out."""
    count = spectra.shape[-1]
    vectors: Float32 = (spectra * _weights(count)).reshape(*spectra.shape[:-2], count**2)
    return vectors[..., 1:]


def unit(vectors: Float32) -> Float32:
    """Vectors (..., D) at length 1; zeros stay."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-6))


def deviation(spectra: Float32) -> Float32:
    """The standard deviation (...) of what spectra (..., K, K) describe, in the units of the images."""
    energy = (spectra**2).sum(axis=(-1, -2)) - spectra[..., 0, 0] ** 2
    return np.asarray(np.sqrt(np.maximum(energy, 0)) / SAMPLES_PER_AXIS)


@cache
def _weights(count: int) -> Float32:
    return np.asarray(np.sqrt(np.hypot(*np.mgrid[:count, :count])), dtype=np.float32)
