"""What defective images show that their twins among good images do not."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from augment.synthesis.transplant.masks import limits, main_parts, soft_masks, unexplained
from augment.synthesis.transplant.neighbours import neighbour_twins
from augment.synthesis.transplant.patches import CELLS, patch_twins

Way = Literal["neighbours", "patches"]
RESEMBLING = 0.5  # of what good images differ from their middle, left by neighbours at most: else patches
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
    area: mean share of a held-out good image that looks like a defect
    """

    images: Tensor
    way: Way
    limit: Tensor
    usual: float
    area: float


def known_good(images: Tensor, held: Tensor, way: Way | None = None) -> Good:
    """held: int64 (n,), those that are compared with the others to learn what good images leave; way: None to find the
    better one."""
    some = images[held]
    chosen: Way = way or ("neighbours" if resemble(images, held) else "patches")
    excess = unexplained(some, twins_of(some, images, held, chosen))
    limit = limits(excess, chosen == "neighbours")
    masks = soft_masks(excess, limit)
    parts, _ = main_parts(masks, excess)
    usual = float((parts * excess).sum(dim=(1, 2, 3)).quantile(USUAL_QUANTILE))
    return Good(images, chosen, limit, usual, float(masks.mean()))


def resemble(images: Tensor, held: Tensor) -> bool:
    """Whether good images are known from their neighbours, up to half of how they differ; or are too small for patches."""
    some = images[held]
    left = (some - neighbour_twins(some, images, held)).abs().mean()
    middle = (some - images.median(dim=0).values).abs().mean()
    return bool(left <= RESEMBLING * middle) or min(images.shape[2:]) < 2 * CELLS


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
