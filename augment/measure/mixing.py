"""Mixup and cutmix: batches of blended images with blended labels."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from augment.measure.classifiers import Blend


def mixup_or_cutmix(classes: int) -> Blend:
    """Blend a batch with itself in another order, across classes.

    Each batch tosses a coin between `mixup` and `cutmix` and has one share, uniform in [0, 1]: the
    Beta(1, 1) that both papers use for small images. Its targets become float32 (B, classes), whose rows sum
    to 1, or to what the rows that it brings sum to.
    """

    def mixed(images: Tensor, targets: Tensor, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        order = torch.randperm(len(images), generator=rng)
        coin, share = torch.rand(2, generator=rng).tolist()
        blended, kept = mixup(images, order, share) if coin < 0.5 else cutmix(images, order, share, rng)
        rows = targets if targets.is_floating_point() else F.one_hot(targets, classes).float()
        return blended, kept * rows + (1 - kept) * rows[order]

    return mixed


def mixup(images: Tensor, order: Tensor, share: float) -> tuple[Tensor, float]:
    """share * images + (1 - share) * images[order], and the share (Zhang et al. 2018, section 2)."""
    return share * images + (1 - share) * images[order], share


def cutmix(images: Tensor, order: Tensor, share: float, rng: torch.Generator) -> tuple[Tensor, float]:
    """Paste a box of images[order], and the share of pixels that stay (Yun et al. 2019, section 3.1).

    The box has about (1 - share) of the area and its centre anywhere, so that it is cut at the border.
    """
    height, width = images.shape[2:]
    side = math.sqrt(1 - share)
    (top, bottom), (left, right) = _span(height, side, rng), _span(width, side, rng)
    pasted = images.clone()
    pasted[:, :, top:bottom, left:right] = images[order, :, top:bottom, left:right]
    return pasted, 1 - (bottom - top) * (right - left) / (height * width)


def _span(length: int, part: float, rng: torch.Generator) -> tuple[int, int]:
    """Where a part of a side of this length begins and ends, around a random centre."""
    centre = int(torch.randint(length, (1,), generator=rng))
    half = part * length / 2
    return max(0, round(centre - half)), min(length, round(centre + half))
