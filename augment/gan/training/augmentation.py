"""Differentiable augmentation of the discriminator's inputs (Zhao et al. 2020, arXiv:2006.10738).

Each operation is applied to each image with its own coin, so that what D learns to ignore stays
rare enough not to leak into the samples (Karras et al. 2020, arXiv:2006.06676, section 2.2).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Generator, Tensor

from augment.params.types import Flips

CUTOUT_FROM_PX = 16
HALF = 0.5  # of the images are flipped, where flips are declared: as likely one way as the other
MOST_CUTOUT = 0.3  # of the images: a larger share leaks into samples first of all

Operation = Literal["translation", "cutout", "color"]
Change = Operation | Literal["mirror", "upend"]
Chance = float | Tensor  # of each image, or float (N,) one by one
Augment = Callable[[Tensor, Generator], Tensor]


@dataclass(frozen=True)
class DiffAugment:
    """Which operations, and how probable each is for one image."""

    probability: float  # of each operation, for each image
    flips: Flips  # of half the images, whatever the probability: declared images are as likely one way as the other
    color: bool  # brightness and contrast
    without: frozenset[Operation] = frozenset()  # switched off, because they leaked

    def __call__(self, images: Tensor, rng: Generator) -> Tensor:
        """images float (N, C, H, W) in [-1, 1] -> the same shape; gradients pass through."""
        return augmented(images, self.chances(*images.shape[2:]), rng)

    def chances(self, height: int, width: int) -> dict[Change, float]:
        """How probable each change is for one image of this size; those that never happen are left out."""
        allowed = operations(height, width, color=self.color) - self.without if self.probability > 0 else set()
        every: dict[Change, float] = dict.fromkeys(allowed, self.probability)
        if "cutout" in every:
            every["cutout"] = min(self.probability / 2, MOST_CUTOUT)
        if self.flips in ("horizontal", "both"):
            every["mirror"] = HALF
        if self.flips in ("vertical", "both"):
            every["upend"] = HALF
        return every


def operations(height: int, width: int, *, color: bool) -> set[Operation]:
    """What may be done to images of this size, besides flips."""
    fitting: dict[Operation, bool] = {
        "translation": min(height, width) > 2,
        "color": color,
        "cutout": min(height, width) >= CUTOUT_FROM_PX,
    }
    return {operation for operation, fits in fitting.items() if fits}


def abreast(augments: Sequence[DiffAugment], height: int, width: int, device: torch.device) -> Augment:
    """Those of several members in one, for batches that hold their images in turns, each with its member's chances."""
    each = [augment.chances(height, width) for augment in augments]
    chances = {
        change: torch.tensor([own.get(change, 0.0) for own in each], device=device)
        for change in CHANGES
        if any(change in own for own in each)
    }

    def augment(images: Tensor, rng: Generator) -> Tensor:
        own = len(images) // len(augments)
        return augmented(images, {change: chance.repeat(own) for change, chance in chances.items()}, rng)

    return augment


def augmented(images: Tensor, chances: Mapping[Change, Chance], rng: Generator) -> Tensor:
    """Images float (N, C, H, W) after all changes, each made where its coin says so."""
    for change, make in CHANGES.items():
        if change in chances:
            images = make(images, chances[change], rng)
    return images


def translate(images: Tensor, probability: Chance, rng: Generator) -> Tensor:
    """Shift by whole pixels, up to an eighth of each side (one pixel below 16), repeating the border.

    Whole pixels by indexing, so that nothing is blurred: a discriminator would know blurred images by that.
    """
    count, _, height, width = images.shape
    chosen = _coins(count, probability, rng)
    rows = _shifted(height, chosen * _shift(count, height, rng))  # (N, H)
    columns = _shifted(width, chosen * _shift(count, width, rng))  # (N, W)
    images = images.gather(2, rows[:, None, :, None].expand_as(images))
    return images.gather(3, columns[:, None, None, :].expand_as(images))


def mirror(images: Tensor, probability: Chance, rng: Generator) -> Tensor:
    """Left and right change places; only for data declared symmetric."""
    return _flip(images, 3, probability, rng)


def upend(images: Tensor, probability: Chance, rng: Generator) -> Tensor:
    """Top and bottom change places; only for data declared symmetric."""
    return _flip(images, 2, probability, rng)


def brightness_and_contrast(images: Tensor, probability: Chance, rng: Generator) -> Tensor:
    """Add up to +-0.25 and scale about the image's mean by 0.75 to 1.25."""
    chosen = _coins(len(images), probability, rng)[:, None, None, None]
    offset, factor = torch.rand((2, len(images), 1, 1, 1), generator=rng, device=images.device) * 0.5 - 0.25
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    varied: Tensor = images + chosen * (offset + factor * (images - mean))
    return varied


def cutout(images: Tensor, probability: Chance, rng: Generator) -> Tensor:
    """Grey out a rectangle of a third of each side."""
    count, _, height, width = images.shape
    chosen = _coins(count, probability, rng)[:, None, None, None]
    inside = _span(count, height, rng)[:, None, :, None] & _span(count, width, rng)[:, None, None, :]
    holed: Tensor = images * (1 - chosen * inside)
    return holed


def hole(side: int) -> int:
    """Pixels of a side that a whole rectangle of cutout covers: a third, odd."""
    return side // 6 * 2 + 1


def _flip(images: Tensor, axis: int, probability: Chance, rng: Generator) -> Tensor:
    chosen = _coins(len(images), probability, rng)
    return torch.where(chosen[:, None, None, None].bool(), images.flip(axis), images)


def _coins(count: int, probability: Chance, rng: Generator) -> Tensor:
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


CHANGES: dict[Change, Callable[[Tensor, Chance, Generator], Tensor]] = {
    "translation": translate,
    "mirror": mirror,
    "upend": upend,
    "color": brightness_and_contrast,
    "cutout": cutout,
}
"""In the order in which they are made."""
