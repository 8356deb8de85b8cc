"""Differentiable augmentation of the discriminator's inputs (Zhao et al. 2020, arXiv:2006.10738).

Each operation is applied to each image with its own coin, so that what D learns to ignore stays
rare enough not to leak into the samples (Karras et al. 2020, arXiv:2006.06676, section 2.2).
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Generator, Tensor

CUTOUT_FROM_PX = 16
MOST_CUTOUT = 0.3  # of the images: a larger share leaks into samples first of all

Operation = Literal["translation", "cutout", "color"]


@dataclass(frozen=True)
class DiffAugment:
    """Which operations, and how probable each is for one image."""

    probability: float  # of each operation, for each image
    flips: Literal["none", "horizontal", "vertical", "both"]
    color: bool  # brightness and contrast
    without: frozenset[Operation] = frozenset()  # switched off, because they leaked

    def __call__(self, images: Tensor, rng: Generator) -> Tensor:
        """images float (N, C, H, W) in [-1, 1] -> the same shape; gradients pass through."""
        if self.probability == 0:
            return images
        operations = self.operations(*images.shape[2:])
        if "translation" in operations:
            images = translate(images, self.probability, rng)
        if self.flips in ("horizontal", "both"):
            images = flip(images, 3, rng)
        if self.flips in ("vertical", "both"):
            images = flip(images, 2, rng)
        if "color" in operations:
            images = brightness_and_contrast(images, self.probability, rng)
        if "cutout" in operations:
            images = cutout(images, min(self.probability / 2, MOST_CUTOUT), rng)
        return images

    def operations(self, height: int, width: int) -> set[Operation]:
        """What may be done to images of this size, besides flips."""
        fitting: dict[Operation, bool] = {
            "translation": min(height, width) > 2,
            "color": self.color,
            "cutout": min(height, width) >= CUTOUT_FROM_PX,
        }
        return {operation for operation, fits in fitting.items() if fits} - self.without


def translate(images: Tensor, probability: float, rng: Generator) -> Tensor:
    """Shift by whole pixels, up to an eighth of each side (one pixel below 16), repeating the border.

    Whole pixels by indexing: interpolating grids have no deterministic backward pass on CUDA.
    """
    count, _, height, width = images.shape
    chosen = _coins(count, probability, rng)
    rows = _shifted(height, chosen * _shift(count, height, rng))  # (N, H)
    columns = _shifted(width, chosen * _shift(count, width, rng))  # (N, W)
    images = images.gather(2, rows[:, None, :, None].expand_as(images))
    return images.gather(3, columns[:, None, None, :].expand_as(images))


def flip(images: Tensor, axis: int, rng: Generator) -> Tensor:
    """Mirror half of the images; only for data declared symmetric."""
    chosen = _coins(len(images), 0.5, rng)
    return torch.where(chosen[:, None, None, None].bool(), images.flip(axis), images)


def brightness_and_contrast(images: Tensor, probability: float, rng: Generator) -> Tensor:
    """Add up to +-0.25 and scale about the image's mean by 0.75 to 1.25."""
    chosen = _coins(len(images), probability, rng)[:, None, None, None]
    offset, factor = torch.rand((2, len(images), 1, 1, 1), generator=rng, device=images.device) * 0.5 - 0.25
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    varied: Tensor = images + chosen * (offset + factor * (images - mean))
    return varied


def cutout(images: Tensor, probability: float, rng: Generator) -> Tensor:
    """Grey out a rectangle of a third of each side."""
    count, _, height, width = images.shape
    chosen = _coins(count, probability, rng)[:, None, None, None]
    inside = _span(count, height, rng)[:, None, :, None] & _span(count, width, rng)[:, None, None, :]
    holed: Tensor = images * (1 - chosen * inside)
    return holed


def hole(side: int) -> int:
    """Pixels of a side that a whole rectangle of cutout covers: a third, odd."""
    return side // 6 * 2 + 1


def _coins(count: int, probability: float, rng: Generator) -> Tensor:
    return (torch.rand(count, generator=rng, device=rng.device) < probability).long()


def _shift(count: int, side: int, rng: Generator) -> Tensor:
    reach = max(1, side // 8)
    return torch.randint(-reach, reach + 1, (count,), generator=rng, device=rng.device)


def _shifted(side: int, shift: Tensor) -> Tensor:
    return (torch.arange(side, device=shift.device) - shift[:, None]).clamp(0, side - 1)


def _span(count: int, side: int, rng: Generator) -> Tensor:
    """bool (N, side): a run of a third of the side around a random centre."""
    centre = torch.randint(0, side, (count, 1), generator=rng, device=rng.device)
    return (torch.arange(side, device=rng.device) - centre).abs() <= hole(side) // 2
