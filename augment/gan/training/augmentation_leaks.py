"""Augmentation that has leaked: samples that bear the marks of what only D's inputs should have.

G learns to draw what D sees too often (Karras et al. 2020, arXiv:2006.06676, section 2.2). Each operation
leaves a mark that real images hardly ever bear; one that many samples bear and few real images do
has leaked. Shifts of a plain background and flips leave no mark, and are not looked for.
"""

import math
from collections.abc import Callable, Collection
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from augment.core.intervals import wilson_interval
from augment.gan.training.augmentation import Operation, cutout_side

MAX_FLAT_DISTANCE = 0.15  # most mean distance from grey inside a rectangle, in [-1, 1]
MIN_SHARP_STEP = 0.3  # least step at a side of it
MAX_REPEAT_CHANGE = 0.2  # most change from a border line to the next, as a share of what is usual in real images
MIN_BORDER_DEVIATION = 0.1  # least standard deviation along the outermost line: a plain one repeats in real images too
MIN_FOREIGN_DISTANCE = 0.1  # least distance of a border's level from that of every real image
MIN_LEAKED_SHARE = 0.05  # of samples
BOUND_STANDARD_ERRORS = 1.64  # standard errors: one-sided 95 % bounds


def find_leaks(samples: Tensor, real: Tensor, operations: Collection[Operation]) -> dict[Operation, str]:
    """The operations whose mark samples bear and real images do not, each with its figures in words.

    samples, real: float (N, C, H, W) in [-1, 1]; operations: those to suspect. A rectangle at the
    border repeats the border line too, so one accusation at a time is enough for these two.
    """
    leaks: dict[Operation, str] = {}
    for operation in sorted(operations):
        if operation == "translation" and "cutout" in leaks:
            continue
        mark = MARKS[operation]
        made, usual = int(mark.on(samples, real).sum()), int(mark.on(real, real).sum())
        if usual > len(real) / 2:
            continue  # no mark, in this set
        lower_bound, _ = wilson_bounds(made, len(samples))
        _, upper_bound = wilson_bounds(usual, len(real) + (mark.granted if usual == 0 else 0))
        if lower_bound > max(MIN_LEAKED_SHARE, upper_bound):
            leaks[operation] = (
                f"{operation} leaked ({100 * made / len(samples):.0f} % of samples have {mark.words}, "
                f"{100 * usual / len(real):.0f} % of real images)"
            )
    return leaks


def wilson_bounds(marked: int, count: int) -> tuple[float, float]:
    """Between which true shares `marked` of `count` leave it open, 95 % on either side."""
    return wilson_interval(marked, count, BOUND_STANDARD_ERRORS)


def grey_rectangles(images: Tensor, real: Tensor) -> Tensor:
    """bool (N,): somewhere inside lies a flat grey rectangle of cutout's size with at least three sharp sides."""
    height, width = images.shape[2:]
    tall, wide = cutout_side(height), cutout_side(width)
    level = images.abs().amax(dim=1, keepdim=True)  # distance from grey, (N, 1, H, W)
    flat = F.avg_pool2d(level, (tall, wide), 1)[:, :, 1:-1, 1:-1] < MAX_FLAT_DISTANCE  # at each place off the border
    across = F.avg_pool2d(level, (1, wide), 1)[..., 1:-1].diff(dim=2)  # steps between rows of a rectangle's width
    down = F.avg_pool2d(level, (tall, 1), 1)[:, :, 1:-1].diff(dim=3)
    sides = torch.stack([-across[:, :, :-tall], across[:, :, tall:], -down[..., :-wide], down[..., wide:]])
    return (flat & ((sides > MIN_SHARP_STEP).sum(dim=0) >= 3)).flatten(1).any(dim=1)


def repeated_edges(images: Tensor, real: Tensor) -> Tensor:
    """bool (N,): a border line that is not plain hardly differs from the next one, far less than in real images."""
    change, usual = edge_change(images), edge_change(real)
    usual = usual[usual.isfinite()]
    limit = MAX_REPEAT_CHANGE * min(usual.median().item(), 1.0) if len(usual) else MAX_REPEAT_CHANGE
    return change.amin(dim=1) < limit


def foreign_borders(images: Tensor, real: Tensor) -> Tensor:
    """bool (N,): the level around the image is as far off its set's usual one as that of no (other) real image."""
    levels, known = (border_level(some) - border_level(some).median(dim=0).values for some in (images, real))
    distances = torch.cdist(levels, known)
    if images is real:
        distances.fill_diagonal_(math.inf)
    return distances.amin(dim=1) > MIN_FOREIGN_DISTANCE


def border_level(images: Tensor) -> Tensor:
    """Median of the outermost pixels, (N, C)."""
    border = torch.cat([images[:, :, 0], images[:, :, -1], images[..., 0], images[..., -1]], dim=2)
    return border.median(dim=2).values


def edge_change(images: Tensor) -> Tensor:
    """Change from each border line to the next as a share of that between inner ones, (N, 4); inf at a plain line."""
    turns = (images, images.flip(2), images.mT, images.mT.flip(2))
    return torch.stack([_top_change(turned) for turned in turns], dim=1)


def _top_change(images: Tensor) -> Tensor:
    """That of the first row, (N,): inner pairs begin at even rows, as upsampled blocks do."""
    change = images.diff(dim=2).abs().mean(dim=(1, 3))[:, ::2]  # rows 0-1, 2-3, ...
    varied = images[:, :, 0].std(dim=2).amax(dim=1) > MIN_BORDER_DEVIATION
    share = change[:, 0] / change[:, 1:].mean(dim=1).clamp(min=1e-6)
    return torch.where(varied, share, math.inf)


class Mark(NamedTuple):
    """What an operation leaves behind: on which images (of samples or real, given the real ones), and its name.

    granted: where none of the real images has it, so many more without it are taken for granted,
    because hardly any has it in any set: at most one in 200 of each class of four sets.
    """

    on: Callable[[Tensor, Tensor], Tensor]
    words: str
    granted: int


MARKS: dict[Operation, Mark] = {
    "cutout": Mark(grey_rectangles, "a grey rectangle", 100),
    "translation": Mark(repeated_edges, "a repeated border line", 0),
    "color": Mark(foreign_borders, "a border level of their own", 0),
}
