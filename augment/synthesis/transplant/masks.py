"""Where an image shows what its twin does not, and by more than good images differ from theirs: a soft mask."""

import torch
import torch.nn.functional as F
from torch import Tensor

from augment.synthesis.displacement import window_mean

WINDOW_PX, SMOOTH_PX = 3, 5  # of differences; of what good images leave at each pixel
LIMIT_DEVIATIONS = 3.0
FLOOR = 0.02  # of values in [0, 1]: less is no defect, five grey levels
SLACK_SHARE, GROWTH_SHARE = 1 / 64, 1 / 64  # of the shorter side: edges that lie elsewhere, a margin around a defect


def unexplained(images: Tensor, twins: Tensor) -> Tensor:
    """How far images (N, C, H, W) are out of what their twins show nearby, mean of the channels: float (N, 1, H, W)."""
    slack = round(SLACK_SHARE * min(images.shape[2:]))
    highest, lowest = (F.max_pool2d(values, 2 * slack + 1, 1, slack) for values in (twins, -twins))
    excess = (images - highest).clamp(min=0) + (-lowest - images).clamp(min=0)
    return window_mean(excess.mean(dim=1, keepdim=True), WINDOW_PX, 1)


def limits(of_good: Tensor, aligned: bool) -> Tensor:
    """What is more than good images leave, (1, 1, H, W), of what each left (M, 1, H, W): at each pixel, or where these
    do not lie on each other, anywhere."""
    square = of_good.square().mean(dim=0, keepdim=True)
    level = window_mean(square, SMOOTH_PX) if aligned else square.mean().expand_as(square)
    return (LIMIT_DEVIATIONS * level.sqrt()).clamp(min=FLOOR)


def soft_masks(excess: Tensor, limit: Tensor) -> Tensor:
    """float (N, 1, H, W) in [0, 1]: 0 up to the limit, 1 from twice that, with a margin that fades."""
    grown = max(1, round(GROWTH_SHARE * min(excess.shape[2:])))
    over = (excess / limit - 1).clamp(0, 1)
    return window_mean(F.max_pool2d(over, 2 * grown + 1, 1, grown), 2 * grown + 1, 1)


def main_parts(masks: Tensor, excess: Tensor) -> tuple[Tensor, Tensor]:
    """Of each mask its connected part with the most excess, and the share of all excess under the mask that it has."""
    inside = masks > 0
    labels = torch.arange(1, 1 + masks[0].numel(), dtype=torch.float32).reshape(masks[:1].shape) * inside
    spread = _spread(labels, inside)
    while not torch.equal(spread, labels):
        labels, spread = spread, _spread(spread, inside)
    part = labels.flatten(1).long()
    sums = torch.zeros(len(masks), 1 + masks[0].numel()).scatter_add_(1, part, (masks * excess).flatten(1))
    largest, which = sums[:, 1:].max(dim=1)
    kept = (part == 1 + which[:, None]).reshape(masks.shape)
    return masks * kept, largest / sums.sum(dim=1).clamp(min=1e-9)


def _spread(labels: Tensor, inside: Tensor) -> Tensor:
    return F.max_pool2d(labels, 3, 1, 1) * inside
