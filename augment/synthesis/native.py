"""Samples at the size of originals: edits of these where a sample varies one, enlarged samples elsewhere."""

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from augment.synthesis.edits import edited

UInt8 = NDArray[np.uint8]
PASS_IMAGES = 64


def native_samples(samples: UInt8, source: NDArray[np.int64], pictures: UInt8, originals: UInt8) -> UInt8:
    """Samples uint8 (n, C, h, w) of one class at the size of its originals, uint8 (n, C, H, W).

    source: (n,), which training image each varies, -1 for none; pictures, originals: uint8 (m, C, h, w) and (m, C, H,
    W), the training images of the class at the working size, and larger.
    """
    made = np.empty((len(samples), *originals.shape[1:]), dtype=np.uint8)
    varied = source >= 0
    made[~varied] = upscaled(samples[~varied], originals.shape[2:])
    made[varied] = edited(originals[source[varied]], pictures[source[varied]], samples[varied])
    return made


def upscaled(samples: UInt8, size: tuple[int, ...]) -> UInt8:
    """uint8 (n, C, h, w) -> (n, C, *size), bicubic."""
    made = np.empty((*samples.shape[:2], *size), dtype=np.uint8)
    for at in range(0, len(samples), PASS_IMAGES):
        some = torch.from_numpy(samples[at : at + PASS_IMAGES]).float()
        larger = F.interpolate(some, list(size), mode="bicubic", align_corners=False)
        made[at : at + PASS_IMAGES] = larger.round().clamp(0, 255).to(torch.uint8).numpy()
    return made
