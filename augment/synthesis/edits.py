"""An original changed as a sample of the working size says: its parts move, and take on other light and colour.

A GAN's sample is small, the original that it varies is not. So the sample is not enlarged, what it changes is: the
displacement between the small picture of the original and the sample, and the gain and offset that bring the moved
picture nearest to the sample within each window. Enlarged, both change the original, whose detail stays: the guided
filter (He et al. 2013) as it works at another size (He & Sun 2015, arXiv:1505.00996; Chen et al. 2016, Bilateral guided
upsampling). What no such change explains, most of it a GAN's noise, is left out: enlarged and added, it looks like
noise, and a classifier of native images takes it for the class (benchmarks/LOG.md).
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from augment.synthesis.displacement import displacement, halved, moved, resized, window_mean

COMPARED_PX = 64  # shorter side of the small pictures below which they are compared: changes are smooth
WINDOW_PX = 5  # within which gain and offset are even
FLAT = 0.1  # standard deviation, of values in [0, 1], of a window that shows no gain
MIN_GAIN, MAX_GAIN = -0.5, 1.0  # beside 1
MAX_PASS_VALUES = 2**21  # of the originals of one pass, 14 of 3x224x224, one at least


@torch.no_grad()
def edited(originals: NDArray[np.uint8], before: NDArray[np.uint8], after: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Originals uint8 (N, C, H, W) with the change from `before` to `after`, both uint8 (N, C, h, w).

    before: the originals at the working size, of the same field of view; after: the samples. Where both are equal the
    original comes back as it was. An image depends on its own three alone, up to float rounding.
    """
    size = max(1, MAX_PASS_VALUES // originals[:1].size) if len(originals) else 1
    made = np.empty_like(originals)
    with torch.autocast("cpu", enabled=False):
        for at in range(0, len(originals), size):
            some = (torch.from_numpy(part[at : at + size]).float() / 255 for part in (originals, before, after))
            made[at : at + size] = (255 * _edited(*some)).round().clamp(0, 255).to(torch.uint8).numpy()
    return made


def _edited(originals: Tensor, before: Tensor, after: Tensor) -> Tensor:
    while min(before.shape[2:]) >= COMPARED_PX:
        before, after = halved(before), halved(after)
    by = displacement(before, after)
    gain, offset = _new_light(moved(before, by), after)
    by, gain, offset = (resized(change, originals.shape[2:]) for change in (by, gain, offset))
    images = moved(originals, by)
    return images + gain * images + offset


def _new_light(picture: Tensor, after: Tensor) -> tuple[Tensor, Tensor]:
    """Gain (N, 1, h, w), beside 1, and offset (N, C, h, w): picture + gain * picture + offset is near to `after`.

    The guided filter's equations 5, 6 and 8 for the difference of both, so that no difference is no change.
    """
    left = after - picture
    level, left_level = window_mean(picture, WINDOW_PX), window_mean(left, WINDOW_PX)
    shape, left_shape = picture - level, left - left_level
    variance, covariance = (
        window_mean(shape * other, WINDOW_PX).mean(dim=1, keepdim=True) for other in (shape, left_shape)
    )
    gain = (covariance / (variance + FLAT**2)).clamp(MIN_GAIN, MAX_GAIN)
    return window_mean(gain, WINDOW_PX, 1), window_mean(left_level - gain * level, WINDOW_PX, 1)
