"""Twins of images that no good image resembles as a whole: put together from parts of good images, wherever these lie.

As texture is made from patches (Efros & Freeman 2001), and as PatchCore (Roth et al. 2022, arXiv:2106.08265) asks of a
patch how near the nearest of a good image is. What the patches around a pixel do not explain counts little in the next
search (iteratively reweighted least squares), so that a defect is given no twin of its own.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

PATCH_SHARE = 3 / 8  # side of a patch, of the shorter side of an image
CELLS = 12  # of a patch along its side: patches are compared by the means of these
STEP_CELLS = 3  # between patches of an image: each pixel is in 16
ROUNDS = 3
BANK_PATCHES = 60_000
EXPLAINED = 0.1  # difference, of values in [0, 1], up to which a pixel counts in full


@dataclass(frozen=True)
class Bank:
    """Patches of good images. cell: pixels of a cell's side; values: float (P, C * CELLS * CELLS); image, top, left:
    int64 (P,), where each is, pixels."""

    cell: int
    values: Tensor
    image: Tensor
    top: Tensor
    left: Tensor

    @property
    def side(self) -> int:
        """Of a patch, pixels."""
        return self.cell * CELLS


def patch_bank(good: Tensor) -> Bank:
    """good: float (M, C, H, W) in [0, 1]; every so manieth patch, where all would be too many."""
    cell = max(1, round(PATCH_SHARE * min(good.shape[2:]) / CELLS))
    values, _, across = _unfolded(F.avg_pool2d(good, cell), 1)
    places = values.shape[1]
    kept = torch.arange(0, len(good) * places, -(-len(good) * places // BANK_PATCHES))
    place = kept % places
    return Bank(
        cell, values.flatten(0, 1)[kept], kept // places, place // across * cell, place % across * cell
    )  # fmt: skip


def patch_twins(images: Tensor, good: Tensor, own: Tensor) -> Tensor:
    """Twins float (N, C, H, W) of images, put together from good images (M, C, H, W), all in [0, 1].

    own: int64 (N,), the good image that an image is itself and must not use, -1 for none.
    """
    bank = patch_bank(good)
    square = bank.values.square()
    twins = [_twin(image[None], good, bank, square, me) for image, me in zip(images, own.tolist(), strict=True)]
    return torch.cat([images[:0], *twins])


def _twin(image: Tensor, good: Tensor, bank: Bank, square: Tensor, me: int) -> Tensor:
    small = F.avg_pool2d(image, bank.cell)
    (patches,), down, across = _unfolded(small, STEP_CELLS)
    weights, best = torch.ones_like(small), torch.zeros(len(patches), dtype=torch.int64)
    for _ in range(ROUNDS):
        counted = _unfolded(weights, STEP_CELLS)[0][0]
        distance = counted @ square.T - 2 * (counted * patches) @ bank.values.T
        distance[:, bank.image == me] = torch.inf
        best = distance.argmin(dim=1)
        left = (small - _joined(bank.values[best], down, across, small, 1)).abs().mean(dim=1, keepdim=True)
        weights = (EXPLAINED / left.clamp(min=EXPLAINED)).square().expand_as(small)
    side = bank.side
    corners = torch.stack([bank.image[best], bank.top[best], bank.left[best]], dim=1).tolist()
    parts = torch.stack([good[one, :, top : top + side, left : left + side] for one, top, left in corners])
    return _joined(parts, down, across, image, bank.cell)


def _unfolded(images: Tensor, step: int) -> tuple[Tensor, int, int]:
    """Patches float (N, places, values) of images in cells, and how many there are down and across."""
    down, across = ((side - CELLS) // step + 1 for side in images.shape[2:])
    return F.unfold(images, CELLS, stride=step).transpose(1, 2), down, across


def _joined(parts: Tensor, down: int, across: int, like: Tensor, cell: int) -> Tensor:
    """The median of what overlapping parts say of each pixel, (1, C, H, W); outside of all of them the image itself."""
    side, step, layers = CELLS * cell, STEP_CELLS * cell, -(-CELLS // STEP_CELLS)
    placed = parts.reshape(down, across, like.shape[1], side, side)
    stack = torch.full((layers * layers, *like.shape[1:]), torch.nan)
    for row in range(down):
        for column in range(across):
            layer = row % layers * layers + column % layers
            top, left = row * step, column * step
            stack[layer, :, top : top + side, left : left + side] = placed[row, column]
    return torch.where(stack.isnan().all(dim=0), like[0], stack.nanmedian(dim=0).values)[None]
