"""Samples at the size of originals: edits of these where a sample varies one, enlarged samples elsewhere; and images of
other classes treated alike, so that no classifier takes the treatment for a class."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from augment.core.seeds import numpy_rng
from augment.synthesis.edits import edited

UInt8 = NDArray[np.uint8]
Enlarge = Callable[[UInt8, tuple[int, ...]], UInt8]
"""uint8 (n, C, h, w), (H, W) -> uint8 (n, C, H, W)."""

PASS_IMAGES = 64


@dataclass(frozen=True)
class Varied:
    """Samples uint8 (n, C, h, w) of one class; source: int64 (n,), which of its training images, pictures uint8 (m, C,
    h, w), each varies, -1 for none."""

    samples: UInt8
    source: NDArray[np.int64]
    pictures: UInt8


def upscaled(samples: UInt8, size: tuple[int, ...]) -> UInt8:
    """uint8 (n, C, h, w) -> (n, C, *size), bicubic."""
    made = np.empty((*samples.shape[:2], *size), dtype=np.uint8)
    for at in range(0, len(samples), PASS_IMAGES):
        some = torch.from_numpy(samples[at : at + PASS_IMAGES]).float()
        larger = F.interpolate(some, list(size), mode="bicubic", align_corners=False)
        made[at : at + PASS_IMAGES] = larger.round().clamp(0, 255).to(torch.uint8).numpy()
    return made


def native_samples(varied: Varied, originals: UInt8, enlarge: Enlarge = upscaled) -> UInt8:
    """The samples at the size of the originals of `pictures`, uint8 (m, C, H, W): uint8 (n, C, H, W).

    enlarge: what becomes of samples that vary no original.
    """
    made = np.empty((len(varied.samples), *originals.shape[1:]), dtype=np.uint8)
    is_edit = varied.source >= 0
    source = varied.source[is_edit]
    made[~is_edit] = enlarge(varied.samples[~is_edit], originals.shape[2:])
    made[is_edit] = edited(originals[source], varied.pictures[source], varied.samples[is_edit])
    return made


def treated_alike(pictures: UInt8, originals: UInt8, others: Sequence[Varied], seed: int, start: int = 0) -> UInt8:
    """Images of a class without samples, each treated as a sample of another class that is drawn for it: edited by the
    same change, or sent through the working size. uint8 (n, C, H, W); untouched where there are no such samples.

    Who has edits of some classes only teaches that edited means these. Image i takes what (seed, i) draws.

    pictures, originals: uint8 (n, C, h, w) and (n, C, H, W), images start to start + n - 1 of the class.
    """
    drawn = [(varied, at) for varied in others for at in range(len(varied.samples))]
    if not drawn:
        return originals.copy()
    numbers = [int(numpy_rng(seed, start + index).integers(len(drawn))) for index in range(len(pictures))]
    made, is_edit = np.empty_like(originals), np.zeros(len(pictures), dtype=bool)
    before, after = pictures.copy(), pictures.copy()
    for index, number in enumerate(numbers):
        varied, at = drawn[number]
        if varied.source[at] >= 0:
            is_edit[index] = True
            before[index], after[index] = varied.pictures[varied.source[at]], varied.samples[at]
    made[~is_edit] = upscaled(pictures[~is_edit], originals.shape[2:])
    made[is_edit] = edited(originals[is_edit], before[is_edit], after[is_edit])
    return made
