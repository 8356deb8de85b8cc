"""Maps moved within an image: mirrored, turned, scaled and shifted about its centre, at any size."""

import torch
import torch.nn.functional as F
from torch import Tensor


def placed(values: Tensor, place: Tensor, size: tuple[int, int] | None = None) -> Tensor:
    """Each of values (n, C, h, w) about the centre mirrored, turned, scaled, then shifted; nothing from outside.

    place: float (n, 6): shift across and down in half sides, mirror across and down (1 or -1), turn (radians), scale.
    size: (H, W) of the result, None: as values have it.
    """
    back = _backward(place, values.shape[2] / values.shape[3])
    offset = -back @ place[:, :2, None]
    shape = [*values.shape[:2], *(size or values.shape[2:])]
    grid = F.affine_grid(torch.cat([back, offset], dim=2), shape, align_corners=False)
    return F.grid_sample(values, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def centres(masks: Tensor) -> Tensor:
    """Of what masks (n, 1, h, w) cover, from the middle, float (n, 2) across and down in half sides: whole pixels."""
    height, width = masks.shape[2:]
    weight = masks.sum(dim=(1, 2, 3)).clamp(min=1e-9)
    across = (masks.sum(dim=(1, 2)) * torch.arange(width)).sum(dim=1) / weight - (width - 1) / 2
    down = (masks.sum(dim=(1, 3)) * torch.arange(height)).sum(dim=1) / weight - (height - 1) / 2
    return torch.stack([2 * across.round() / width, 2 * down.round() / height], dim=1)


def centred(values: Tensor, of: Tensor) -> Tensor:
    """Values (n, C, h, w) with what stands at these centres, (n, 2), in the middle."""
    still = torch.tensor([1.0, 1.0, 0.0, 1.0]).expand(len(of), 4)
    return placed(values, torch.cat([-of, still], dim=1))


def place_of_centred(place: Tensor, of: Tensor, ratio: float) -> Tensor:
    """Where centred values come to what `place`, (n, 6), makes of them as they were; ratio: of height to width."""
    shift = place[:, :2] + torch.linalg.solve(_backward(place, ratio), of[:, :, None])[:, :, 0]
    return torch.cat([shift, place[:, 2:]], dim=1)


def _backward(place: Tensor, ratio: float) -> Tensor:
    """From a place of the result to that of the values, about the centre, without the shift: (n, 2, 2)."""
    _, _, mirror_x, mirror_y, turn, scale = place.T
    cosine, sine = torch.cos(turn) / scale, torch.sin(turn) / scale
    rows = [cosine * mirror_x, sine * ratio * mirror_x, -sine / ratio * mirror_y, cosine * mirror_y]
    return torch.stack(rows, dim=1).reshape(-1, 2, 2)
