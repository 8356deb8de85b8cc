"""Defects as they are carried: moved, mirrored, turned and scaled, onto another good image."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

PASS_VALUES = 2**22


@dataclass(frozen=True)
class Draws:
    """How each of n samples is made; the same at every size.

    source: int64 (n,), which defective image of its class; lender: int64 (n,), which training image it is carried onto
    place: float32 (n, 6): shift across and down in half sides, mirror across and down (1 or -1), turn (radians), scale
    """

    source: NDArray[np.int64]
    lender: NDArray[np.int64]
    place: NDArray[np.float32]

    def take(self, which: NDArray[np.bool_] | NDArray[np.int64] | slice) -> "Draws":
        return Draws(self.source[which], self.lender[which], self.place[which])


def joined_draws(parts: Sequence[Draws]) -> Draws:
    source, lender = (np.concatenate([getattr(one, name) for one in parts]) for name in ("source", "lender"))
    return Draws(source, lender, np.concatenate([one.place for one in parts]))


@dataclass(frozen=True)
class Translated:
    """Samples of one class, n of them, at the size of what is carried.

    changes: float (k, C, H, W), defects of the class's images `positions`, int64 (k,)
    """

    changes: Tensor
    positions: NDArray[np.int64]
    draws: Draws

    def onto(self, lenders: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """lenders: uint8 (n, C, H, W), the images that `draws` names."""
        at = {int(position): number for number, position in enumerate(self.positions)}
        which = torch.tensor([at[int(one)] for one in self.draws.source], dtype=torch.int64)
        return carried(self.changes[which], self.draws.place, lenders)

    def take(self, which: NDArray[np.bool_] | NDArray[np.int64] | slice) -> "Translated":
        return Translated(self.changes, self.positions, self.draws.take(which))


def carried(defects: Tensor, place: NDArray[np.float32], lenders: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Good images uint8 (n, C, H, W) with defects float (n, C, H, W), differences of values in [0, 1], put on them.

    place: as `Draws` has it. Where nothing is carried a good image stays as it was, to the last bit.
    """
    made = np.empty_like(lenders)
    size = max(1, PASS_VALUES // max(1, lenders[:1].size))
    for at in range(0, len(lenders), size):
        change = _placed(defects[at : at + size], torch.from_numpy(place[at : at + size]))
        whole = torch.from_numpy(lenders[at : at + size]).float() + 255 * change
        made[at : at + size] = whole.round().clamp(0, 255).to(torch.uint8).numpy()
    return made


def _placed(values: Tensor, place: Tensor) -> Tensor:
    """Each of values (n, C, H, W) about the centre mirrored, turned, scaled, then shifted; nothing from outside."""
    (across, down, mirror_x, mirror_y, turn, scale), ratio = place.T, values.shape[2] / values.shape[3]
    cosine, sine = torch.cos(turn) / scale, torch.sin(turn) / scale
    rows = [cosine * mirror_x, sine * ratio * mirror_x, -sine / ratio * mirror_y, cosine * mirror_y]
    back = torch.stack(rows, dim=1).reshape(-1, 2, 2)
    offset = -back @ torch.stack([across, down], dim=1)[:, :, None]
    grid = F.affine_grid(torch.cat([back, offset], dim=2), list(values.shape), align_corners=False)
    return F.grid_sample(values, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
