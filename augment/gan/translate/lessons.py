"""What a translator learns from: a class's images, good ones, and defects carried onto these."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from augment.core.seeds import derive_seed
from augment.gan.networks.build import to_float
from augment.gan.translate.network import LATENT, TranslatorShape
from augment.gan.translate.placing import placed

LARGEST_SCALE = 1.44  # of a defect's area, where it is carried with a side 1.2 times as long


@dataclass(frozen=True)
class Lessons:
    """Of one class.

    images: uint8 (n, C, H, W), its own; good: uint8 (M, C, H, W)
    changes, masks: float (k, C, H, W) and (k, 1, H, W), its defects, in the middle: differences of values in [0, 1],
    under the masks
    which, lender, place: int64 (m,), int64 (m,), float32 (m, 6), samples to learn from: which defect is carried onto
    which good image, and where, as `placed` takes it
    """

    label: str
    images: NDArray[np.uint8]
    good: NDArray[np.uint8]
    changes: Tensor
    masks: Tensor
    which: NDArray[np.int64]
    lender: NDArray[np.int64]
    place: NDArray[np.float32]

    @property
    def max_area(self) -> float:
        """Of a mask, as a share of the image: that of the largest defect as large as it is carried."""
        return min(1.0, LARGEST_SCALE * float(self.masks.mean(dim=(1, 2, 3)).max()))

    def codes(self, seed: int) -> Tensor:
        """z float (k, LATENT) of each defect: drawn once, of length sqrt(LATENT). The first layer is linear in them, so
        where there are no more defects than numbers this is as free as learnt codes are (Bojanowski et al. 2018, GLO,
        arXiv:1707.05776)."""
        rng = torch.Generator().manual_seed(derive_seed(seed, "codes", self.label))
        drawn = torch.randn(len(self.changes), LATENT, generator=rng)
        codes: Tensor = drawn / drawn.norm(dim=1, keepdim=True) * LATENT**0.5
        return codes


@dataclass(frozen=True)
class Batch:
    """good: float (N, C, H, W) in [-1, 1]; z: float (N, latent); place: float (N, 6); change: float (N, C, H, W) in
    [-2, 2], what is to be added to the good image; mask: float (N, 1, H, W), where."""

    good: Tensor
    z: Tensor
    place: Tensor
    change: Tensor
    mask: Tensor


def batch_of(lessons: Lessons, codes: Tensor, rows: Tensor) -> Batch:
    """Samples to learn from, of these rows, int64 (N,)."""
    which, place = torch.from_numpy(lessons.which)[rows], torch.from_numpy(lessons.place)[rows]
    good = to_float(torch.from_numpy(lessons.good[lessons.lender[rows.numpy()]]))
    both = placed(torch.cat([2 * lessons.changes[which], lessons.masks[which]], dim=1), place)
    return Batch(good, codes[which], place, both[:, :-1], both[:, -1:])


def joined(batches: list[Batch]) -> Batch:
    """One of several classes."""
    return Batch(*(torch.cat([getattr(one, name) for one in batches]) for name in Batch.__dataclass_fields__))


def shape_of(every: Sequence[Lessons]) -> TranslatorShape:
    """Of a network that learns all of them."""
    channels, height, width = every[0].good.shape[1:]
    defects, places = (sum(len(getattr(one, name)) for one in every) for name in ("changes", "place"))
    return TranslatorShape(channels, height, width, defects, places, max(one.max_area for one in every))
