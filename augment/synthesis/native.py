"""Samples at the size of originals: edits of these where a sample varies one, enlarged samples elsewhere; and images of
other classes treated alike, so that no classifier takes the treatment for a class."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from augment.core.seeds import numpy_rng
from augment.synthesis.edits import edited

UInt8 = NDArray[np.uint8]
Enlarge = Callable[[UInt8, tuple[int, ...]], UInt8]
"""uint8 (n, C, h, w), (H, W) -> uint8 (n, C, H, W)."""

PASS_IMAGES = 64


@dataclass(frozen=True)
class Change:
    """What is to be seen of an image in another: from `before`, its small picture, uint8 (C, h, w), to `after`, the
    same; before: None where `after` alone is known, which is enlarged."""

    before: UInt8 | None
    after: UInt8


@dataclass(frozen=True)
class Varied:
    """Samples uint8 (n, C, h, w) of one class; source: int64 (n,), which of its training images, pictures uint8 (m, C,
    h, w), each varies, -1 for none."""

    samples: UInt8
    source: NDArray[np.int64]
    pictures: UInt8

    def change(self, at: int) -> Change:
        """What one sample makes of the original that it varies."""
        of = int(self.source[at])
        return Change(None if of < 0 else self.pictures[of], self.samples[at])


def upscaled(samples: UInt8, size: tuple[int, ...]) -> UInt8:
    """uint8 (n, C, h, w) -> (n, C, *size), bicubic."""
    made = np.empty((*samples.shape[:2], *size), dtype=np.uint8)
    for at in range(0, len(samples), PASS_IMAGES):
        some = torch.from_numpy(samples[at : at + PASS_IMAGES]).float()
        larger = F.interpolate(some, list(size), mode="bicubic", align_corners=False)
        made[at : at + PASS_IMAGES] = larger.round().clamp(0, 255).to(torch.uint8).numpy()
    return made


def native_samples(varied: Varied, originals: UInt8, enlarge: Enlarge = upscaled) -> UInt8:
    """The samples at the size of the originals of `pictures`, uint8 (m, C, H, W): uint8 (n, C, H, W).

    enlarge: what becomes of samples that vary no original.
    """
    made = np.empty((len(varied.samples), *originals.shape[1:]), dtype=np.uint8)
    is_edit = varied.source >= 0
    source = varied.source[is_edit]
    made[~is_edit] = enlarge(varied.samples[~is_edit], originals.shape[2:])
    made[is_edit] = edited(originals[source], varied.pictures[source], varied.samples[is_edit])
    return made


def treated_alike(pictures: UInt8, originals: UInt8, others: Sequence[Varied], seed: int) -> UInt8:
    """Images of a class without samples, each treated as `changes_alike` says, uint8 (n, C, H, W); untouched where
    there are no samples of other classes.

    pictures, originals: uint8 (n, C, h, w) and (n, C, H, W).
    """
    return changed(originals, changes_alike(pictures, others, seed))


def changes_alike(pictures: UInt8, others: Sequence[Varied], seed: int) -> list[Change]:
    """How each image of a class without samples, uint8 (n, C, h, w), is treated as a sample of another class that is
    drawn for it: edited by the same change, or sent through the working size; by none where there are no such samples.

    Who has edits of some classes only teaches that edited means these. Image i takes what (seed, i) draws.
    """
    drawn = [(varied, at) for varied in others for at in range(len(varied.samples))]
    if not drawn:
        return [Change(picture, picture) for picture in pictures]
    chosen = (drawn[int(numpy_rng(seed, index).integers(len(drawn)))] for index in range(len(pictures)))
    changes = [varied.change(at) for varied, at in chosen]
    pairs = zip(changes, pictures, strict=True)
    return [Change(None, picture) if change.before is None else change for change, picture in pairs]


def changed(originals: UInt8, changes: Sequence[Change]) -> UInt8:
    """Each of the originals, uint8 (n, C, H, W), as its change makes it, n of them."""
    made = np.empty_like(originals)
    alone = [at for at, change in enumerate(changes) if change.before is None]
    if alone:
        made[alone] = upscaled(np.stack([changes[at].after for at in alone]), originals.shape[2:])
    pairs = {at: (change.before, change.after) for at, change in enumerate(changes) if change.before is not None}
    if pairs:
        before, after = (np.stack(side) for side in zip(*pairs.values(), strict=True))
        made[[*pairs]] = edited(originals[[*pairs]], before, after)
    return made
