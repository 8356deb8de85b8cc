"""The smooth displacement that brings one small picture to another as far as moving its parts can.

Pyramidal Lucas-Kanade (Lucas & Kanade 1981; Bouguet 2001) at every pixel: within a window around it the move that
leaves the least square difference, from coarse pictures to fine ones. Pictures are compared by their contrast within
windows, so that another light or colour is no move. A displacement is float (N, 2, h, w): from where, relative to each
pixel, its value comes, across and down, in half widths and half heights (as `grid_sample` counts), so that it holds at
every size.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

COARSEST_PX = 8  # shorter side of the coarsest picture at least, or the picture's own
STEPS = 5  # of each picture of the pyramid
WINDOW_PX = 7  # of the windows, and of what smooths a displacement
FLAT, NOISE = 0.05, 0.1  # standard deviation, slope of contrast: where there is less is nothing to hold on to
MAX_MOVE = 0.3  # half sides


def displacement(before: Tensor, after: Tensor) -> Tensor:
    """Of `before` that brings it near to `after`, both float (N, C, h, w) in [0, 1]: float (N, 2, h, w).

    Zero where both are equal.
    """
    pictures = [(before, after)]
    while min(pictures[-1][0].shape[2:]) >= 2 * COARSEST_PX:
        pictures.append((halved(pictures[-1][0]), halved(pictures[-1][1])))
    found = torch.zeros_like(pictures[-1][0][:, :1]).repeat(1, 2, 1, 1)
    for coarse_before, coarse_after in reversed(pictures):
        here, there = _contrast(coarse_before), _contrast(coarse_after)
        found = resized(found, here.shape[2:])
        for _ in range(STEPS):
            found = found + _step(moved(here, found), there)
            found = window_mean(found, WINDOW_PX, 1).clamp(-MAX_MOVE, MAX_MOVE)
    return found


def moved(images: Tensor, by: Tensor) -> Tensor:
    """Images float (N, C, H, W), each pixel from where the displacement (N, 2, H, W) says; borders are mirrors."""
    count, _, height, width = images.shape
    identity = torch.eye(2, 3, device="cpu", dtype=images.dtype).expand(count, 2, 3)
    places = F.affine_grid(identity, [count, 1, height, width], align_corners=False) + by.movedim(1, 3)
    return F.grid_sample(images, places, mode="bicubic", padding_mode="reflection", align_corners=False)


def resized(values: Tensor, size: torch.Size) -> Tensor:
    """float (N, C, h, w) -> (N, C, *size), bicubic, antialiased where it shrinks."""
    return F.interpolate(values, list(size), mode="bicubic", antialias=True, align_corners=False)


def halved(values: Tensor) -> Tensor:
    """float (N, C, h, w) -> (N, C, h // 2, w // 2)."""
    return F.avg_pool2d(values, 2)


def window_mean(values: Tensor, side: int, times: int = 2) -> Tensor:
    """The mean over side x side pixels, so many times over; at borders over those that there are."""
    for _ in range(times):
        for window in ((side, 1), (1, side)):
            padding = (window[0] // 2, window[1] // 2)
            values = F.avg_pool2d(values, window, stride=1, padding=padding, count_include_pad=False)
    return values


def _contrast(picture: Tensor) -> Tensor:
    """Of each pixel to the window around it, in its standard deviations."""
    rest = picture - window_mean(picture, WINDOW_PX)
    variance = window_mean(rest.square(), WINDOW_PX).mean(dim=1, keepdim=True)
    return rest / (variance + FLAT**2).sqrt()


def _step(here: Tensor, there: Tensor) -> Tensor:
    """The move that leaves the least square difference within each window: two equations in two unknowns."""
    height, width = there.shape[2:]
    down, across = torch.gradient(here, dim=(2, 3))
    left = there - here
    across_2, both, down_2, left_across, left_down = (
        window_mean((one * other).sum(dim=1, keepdim=True), WINDOW_PX)
        for one, other in ((across, across), (across, down), (down, down), (across, left), (down, left))
    )
    across_2, down_2 = across_2 + NOISE**2, down_2 + NOISE**2
    determinant = across_2 * down_2 - both.square()
    right_px = (down_2 * left_across - both * left_down) / determinant
    below_px = (across_2 * left_down - both * left_across) / determinant
    return torch.cat([2 / width * right_px.clamp(-1, 1), 2 / height * below_px.clamp(-1, 1)], dim=1)
