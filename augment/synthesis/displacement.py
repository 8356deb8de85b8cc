"""The smooth displacement that turns one small picture into another as far as moving its parts can.

Pyramidal Lucas-Kanade (Lucas & Kanade 1981; Bouguet 2001) at every pixel: within a soft window around it, the move
that leaves the least square difference, from coarse pictures to fine ones. A displacement is float (N, 2, h, w): from
where, relative to each pixel, its value comes, across and down, in half widths and half heights (as `grid_sample`
counts), so that it holds at every size.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

COARSEST_PX = 8  # shorter side of the coarsest picture, or the picture's own where that is smaller
STEPS = 5  # of each picture of the pyramid
WINDOW_PASSES = 3  # of a mean over 3x3 pixels: a window of standard deviation 1.4
NOISE = 0.02  # of values in [0, 1]: where a window varies less there is nothing to hold on to
MAX_SHARE = 0.2  # of a side: the farthest move


def displacement(before: Tensor, after: Tensor) -> Tensor:
    """Of `before` that brings it near to `after`, both float (N, C, h, w) in [0, 1]: float (N, 2, h, w).

    Zero where both are equal.
    """
    pictures = [(before, after)]
    while min(pictures[-1][0].shape[2:]) >= 2 * COARSEST_PX:
        pictures.append((F.avg_pool2d(pictures[-1][0], 2), F.avg_pool2d(pictures[-1][1], 2)))
    found = torch.zeros_like(pictures[-1][0][:, :1]).repeat(1, 2, 1, 1)
    for coarse_before, coarse_after in reversed(pictures):
        found = resized(found, coarse_before.shape[2:])
        for _ in range(STEPS):
            found = _smooth(found + _step(moved(coarse_before, found), coarse_after)).clamp(
                -2 * MAX_SHARE, 2 * MAX_SHARE
            )
    return found


def moved(images: Tensor, by: Tensor) -> Tensor:
    """Images float (N, C, H, W), each pixel from where the displacement (N, 2, H, W) says; borders go on."""
    count, _, height, width = images.shape
    identity = torch.eye(2, 3, device="cpu").expand(count, 2, 3)
    places = F.affine_grid(identity, [count, 1, height, width], align_corners=False) + by.movedim(1, 3)
    return F.grid_sample(images, places, mode="bicubic", padding_mode="border", align_corners=False)


def resized(values: Tensor, size: torch.Size) -> Tensor:
    """float (N, C, h, w) -> (N, C, *size), bicubic, antialiased where it shrinks."""
    return F.interpolate(values, list(size), mode="bicubic", antialias=True, align_corners=False)


def _step(warped: Tensor, after: Tensor) -> Tensor:
    """The move that leaves the least square difference within each window: two equations in two unknowns."""
    height, width = after.shape[2:]
    down, across = torch.gradient(warped, dim=(2, 3))
    rest = after - warped
    across_2, both, down_2, left_across, left_down = (
        _window((one * other).sum(dim=1, keepdim=True))
        for one, other in ((across, across), (across, down), (down, down), (across, rest), (down, rest))
    )
    across_2, down_2 = across_2 + NOISE**2, down_2 + NOISE**2
    determinant = across_2 * down_2 - both.square()
    pixels_across = (down_2 * left_across - both * left_down) / determinant
    pixels_down = (across_2 * left_down - both * left_across) / determinant
    return torch.cat([2 / width * pixels_across.clamp(-1, 1), 2 / height * pixels_down.clamp(-1, 1)], dim=1)


def _window(values: Tensor) -> Tensor:
    for _ in range(WINDOW_PASSES):
        values = _smooth(values)
    return values


def _smooth(values: Tensor) -> Tensor:
    """The mean over 3x3 pixels, at borders over those that there are."""
    return F.avg_pool2d(values, 3, stride=1, padding=1, count_include_pad=False)
