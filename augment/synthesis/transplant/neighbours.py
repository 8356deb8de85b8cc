"""Twins of images that good images resemble as a whole: the median of the nearest of them."""

import torch
import torch.nn.functional as F
from torch import Tensor

NEIGHBOURS = 8
COMPARED_PX = 32  # shorter side at which images are compared
TRUNCATED = 0.1  # difference, of values in [0, 1], beyond which a pixel is no further away: a defect decides nothing


def neighbour_twins(images: Tensor, good: Tensor, own: Tensor) -> Tensor:
    """Twins float (N, C, H, W) of images, in their own light, from good images (M, C, H, W), all in [0, 1].

    own: int64 (N,), the good image that an image is itself and must not use, -1 for none. Light and colour are the
    median of each channel, which a defect of less than half an image does not move.
    """
    small, of_good = _compared(images), _compared(good)
    light, light_of_good = small.flatten(2).median(dim=2).values, of_good.flatten(2).median(dim=2).values
    made = torch.empty_like(images)
    for at, me in enumerate(own.tolist()):
        by = (light[at] - light_of_good)[:, :, None, None]
        distance = (small[at] - of_good - by).abs().clamp(max=TRUNCATED).mean(dim=(1, 2, 3))
        if me >= 0:
            distance[me] = torch.inf
        nearest = distance.topk(min(NEIGHBOURS, len(good) - 1), largest=False).indices
        made[at] = (good[nearest] + by[nearest]).median(dim=0).values
    return made


def _compared(images: Tensor) -> Tensor:
    times = max(1, min(images.shape[2:]) // COMPARED_PX)
    return F.avg_pool2d(images, times)
