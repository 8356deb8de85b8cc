"""What defective images show that their twins among good images do not."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from augment.synthesis.displacement import window_mean
from augment.synthesis.transplant.masks import limits, main_parts, soft_masks, unexplained
from augment.synthesis.transplant.neighbours import neighbour_twins
from augment.synthesis.transplant.patches import CELLS, patch_twins

Way = Literal["neighbours", "patches"]
RESEMBLING = 0.35  # of what good images differ from their middle, left by neighbours at most: else patches
GRAIN, GRAIN_SHARE = 0.5, 1 / 8  # of what neighbours leave, in windows of that share of a side: 0.3 for noise
PATCHED = 0.12  # left by patches at most; more, and good images have no twins
COMPACT_SHARE = 0.5  # of all that is unexplained, in one part at least
LARGEST_AREA = 0.5  # of an image
USUAL_QUANTILE = 0.75  # of what good images leave: a defect leaves more


@dataclass(frozen=True)
class Defects:
    """Of N defective images: what was found.

    twins, changes: float (N, C, H, W): changes are differences from the twins under the masks, in [-1, 1]
    masks: float (N, 1, H, W) in [0, 1]; area: float (N,), share of the image that is unlike a good one; usable: bool
    (N,), one compact part of less than half of the image, and more than good images leave
    """

    twins: Tensor
    masks: Tensor
    changes: Tensor
    area: Tensor
    usable: Tensor


@dataclass(frozen=True)
class Good:
    """Good images float (M, C, H, W) in [0, 1] and how their like are told from defective ones.

    limit: float (1, 1, H, W); usual: what a good image leaves unexplained in one part, seldom exceeded
    """

    images: Tensor
    way: Way
    limit: Tensor
    usual: float


def known_good(images: Tensor, held: Tensor, way: Way) -> Good:
    """held: int64 (n,), those that are compared with the others to learn what good images leave."""
    some = images[held]
    excess = unexplained(some, twins_of(some, images, held, way))
    limit = limits(excess, way == "neighbours")
    masks = soft_masks(excess, limit)
    parts, _ = main_parts(masks, excess)
    usual = float((parts * excess).sum(dim=(1, 2, 3)).quantile(USUAL_QUANTILE))
    return Good(images, way, limit, usual)


@dataclass(frozen=True)
class Likeness:
    """How good images resemble each other: whether they have twins, and how these are found.

    left: what twins leave, of what good images differ from their middle; way: None where that is too much
    """

    left: float
    way: Way | None


def likeness(images: Tensor, held: Tensor) -> Likeness:
    """Of good images float (M, C, H, W), by those held out: neighbours where these leave little or nothing but grain,
    which goes when windows are averaged; else patches."""
    some = images[held]
    rest = some - neighbour_twins(some, images, held)
    differing = (some - images.median(dim=0).values).abs().mean().clamp(min=1e-6)
    side = max(3, round(GRAIN_SHARE * min(images.shape[2:])) // 2 * 2 + 1)
    left, coarse = rest.abs().mean(), window_mean(rest, side, 1).abs().mean()
    if left <= RESEMBLING * differing or coarse <= GRAIN * left:
        return Likeness(float(left / differing), "neighbours")
    if min(images.shape[2:]) >= 2 * CELLS:
        left = unexplained(some, patch_twins(some, images, held)).mean()
        return Likeness(float(left / differing), "patches" if left <= PATCHED * differing else None)
    return Likeness(float(left / differing), None)


def twins_of(images: Tensor, good: Tensor, own: Tensor, way: Way) -> Tensor:
    """Twins float (N, C, H, W) of images, which are the good ones `own`, -1 for none."""
    return neighbour_twins(images, good, own) if way == "neighbours" else patch_twins(images, good, own)


def defects_of(images: Tensor, good: Good) -> Defects:
    """images: float (N, C, H, W) in [0, 1], of one defective class."""
    twins = twins_of(images, good.images, torch.full((len(images),), -1), good.way)
    excess = unexplained(images, twins)
    masks = soft_masks(excess, good.limit)
    parts, share = main_parts(masks, excess)
    area, mass = masks.mean(dim=(1, 2, 3)), (parts * excess).sum(dim=(1, 2, 3))
    usable = (share > COMPACT_SHARE) & (area < LARGEST_AREA) & (mass > good.usual)
    return Defects(twins, parts, parts * (images - twins), area, usable)
