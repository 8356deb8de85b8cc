"""An original changed as a sample of the working size says: its parts move, and what is left to change is added.

A GAN's sample is small, the original that it varies is not. So the sample is not enlarged: the displacement between the
small picture of the original and the sample moves the original itself, and only the difference that no move explains
is enlarged and added, by as much as shrinking needs to give the sample back (back projection: Irani & Peleg 1991).
All detail is the original's.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from augment.synthesis.displacement import displacement, moved, resized

MAX_PASS_VALUES = 2**21  # of the originals of one pass, 14 of 3x224x224, one at least
PROJECTIONS = 2  # of the difference that is left


@torch.no_grad()
def edited(originals: NDArray[np.uint8], before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Originals uint8 (N, C, H, W) with the change from `before` to `after`, both uint8 (N, C, h, w), h <= H, w <= W.

    before: the originals at the working size, of the same field of view; after: the samples. Where both are equal the
    original comes back as it was; shrunk, the result is nearly the sample. An image depends on its own alone, up to
    float rounding.
    """
    size = max(1, MAX_PASS_VALUES // originals[:1].size) if len(originals) else 1
    made = np.empty_like(originals)
    with torch.autocast("cpu", enabled=False):
        for at in range(0, len(originals), size):
            some = (torch.from_numpy(part[at : at + size]).float() / 255 for part in (originals, before, after))
            made[at : at + size] = (255 * _edited(*some)).round().clamp(0, 255).to(torch.uint8).numpy()
    return made


def _edited(originals: Tensor, before: Tensor, after: Tensor) -> Tensor:
    by = displacement(before, after)
    warped = moved(originals, resized(by, originals.shape[2:]))
    left = after - before + resized(originals, before.shape[2:]) - resized(warped, before.shape[2:])
    return warped + _projected(left, originals.shape[2:])


def _projected(left: Tensor, size: torch.Size) -> Tensor:
    """Smooth images of a size that shrink to `left`, float (N, C, h, w), nearly."""
    added = resized(left, size)
    for _ in range(PROJECTIONS):
        added = added + resized(left - resized(added, left.shape[2:]), size)
    return added
