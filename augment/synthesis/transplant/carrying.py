"""Defects as they are carried: moved, mirrored, turned and scaled, onto another good image."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from augment.gan.translate.placing import placed
from augment.gan.translate.translator import Translator

PASS_VALUES = 2**22


@dataclass(frozen=True)
class Draws:
    """How each of n samples is made; the same at every size.

    source: int64 (n,), which defective image of its class; lender: int64 (n,), which training image it is carried onto
    place: float32 (n, 6), as `placed` takes it; latents: float32 (n, latent), what a translator draws from: (n, 0)
    where defects are carried as they are
    """

    source: NDArray[np.int64]
    lender: NDArray[np.int64]
    place: NDArray[np.float32]
    latents: NDArray[np.float32]

    def take(self, which: NDArray[np.bool_] | NDArray[np.int64] | slice) -> "Draws":
        return Draws(self.source[which], self.lender[which], self.place[which], self.latents[which])


def joined_draws(parts: Sequence[Draws]) -> Draws:
    return Draws(*(np.concatenate([getattr(one, field.name) for one in parts]) for field in fields(Draws)))


@dataclass(frozen=True)
class Translated:
    """Samples of one class, n of them, at the size of what is carried.

    changes: float (k, C, H, W), defects of the class's images `positions`, int64 (k,); translator: draws defects of
    its own, None: they are carried as they are
    """

    changes: Tensor
    positions: NDArray[np.int64]
    draws: Draws
    translator: Translator | None = None

    def onto(self, lenders: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """lenders: uint8 (n, C, H, W), the images that `draws` names."""
        place = self.draws.place
        if self.translator is not None:
            return self.translator.onto(lenders, torch.from_numpy(self.draws.latents), torch.from_numpy(place))
        at = {int(position): number for number, position in enumerate(self.positions)}
        which = torch.tensor([at[int(one)] for one in self.draws.source], dtype=torch.int64)
        return carried(self.changes[which], place, lenders)

    def take(self, which: NDArray[np.bool_] | NDArray[np.int64] | slice) -> "Translated":
        return replace(self, draws=self.draws.take(which))


def carried(defects: Tensor, place: NDArray[np.float32], lenders: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Good images uint8 (n, C, H, W) with defects float (n, C, H, W), differences of values in [0, 1], put on them.

    place: as `placed` takes it. Where nothing is carried a good image stays as it was, to the last bit.
    """
    made = np.empty_like(lenders)
    size = max(1, PASS_VALUES // max(1, lenders[:1].size))
    for at in range(0, len(lenders), size):
        change = placed(defects[at : at + size], torch.from_numpy(place[at : at + size]))
        whole = torch.from_numpy(lenders[at : at + size]).float() + 255 * change
        made[at : at + size] = whole.round().clamp(0, 255).to(torch.uint8).numpy()
    return made
