"""Maps moved within an image: mirrored, turned, scaled and shifted about its centre, at any size."""

import torch
import torch.nn.functional as F
from torch import Tensor


def placed(values: Tensor, place: Tensor, size: tuple[int, int] | None = None) -> Tensor:
    """Each of values (n, C, h, w) about the centre mirrored, turned, scaled, then shifted; nothing from outside.

    place: float (n, 6): shift across and down in half sides, mirror across and down (1 or -1), turn (radians), scale.
    size: (H, W) of the result, None: as values have it.
    """
    (across, down, mirror_x, mirror_y, turn, scale), ratio = place.T, values.shape[2] / values.shape[3]
    cosine, sine = torch.cos(turn) / scale, torch.sin(turn) / scale
    rows = [cosine * mirror_x, sine * ratio * mirror_x, -sine / ratio * mirror_y, cosine * mirror_y]
    back = torch.stack(rows, dim=1).reshape(-1, 2, 2)
    offset = -back @ torch.stack([across, down], dim=1)[:, :, None]
    shape = [*values.shape[:2], *(size or values.shape[2:])]
    grid = F.affine_grid(torch.cat([back, offset], dim=2), shape, align_corners=False)
    return F.grid_sample(values, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
