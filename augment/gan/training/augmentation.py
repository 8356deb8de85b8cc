"""Differentiable augmentation of the discriminator's inputs (Zhao et al. 2020, arXiv:2006.10738).

Each operation is applied to each image with its own coin, so that what D learns to ignore stays
rare enough not to leak into the samples (Karras et al. 2020, arXiv:2006.06676, section 2.2).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
from torch import Generator, Tensor

from augment.params.types import Flips

MIN_CUTOUT_PX = 16
FLIP_PROBABILITY = 0.5  # of the images are flipped, where flips are declared: as likely one way as the other
MAX_CUTOUT_PROBABILITY = 0.3  # of the images: a larger share leaks into samples first of all

Operation = Literal["translation", "cutout", "color"]
Change = Operation | Literal["mirror", "upend"]
ChangeProbability = float | Tensor  # of each image, or float (N,) one by one
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
        return augmented(images, self.probabilities(*images.shape[2:]), rng)

    def probabilities(self, height: int, width: int) -> dict[Change, float]:
        """How probable each change is for one image of this size; those that never happen are left out."""
        allowed = operations(height, width, color=self.color) - self.without if self.probability > 0 else set()
        probabilities: dict[Change, float] = dict.fromkeys(allowed, self.probability)
        if "cutout" in probabilities:
            probabilities["cutout"] = min(self.probability / 2, MAX_CUTOUT_PROBABILITY)
        if self.flips in ("horizontal", "both"):
            probabilities["mirror"] = FLIP_PROBABILITY
        if self.flips in ("vertical", "both"):
            probabilities["upend"] = FLIP_PROBABILITY
        return probabilities


def operations(height: int, width: int, *, color: bool) -> set[Operation]:
    """What may be done to images of this size, besides flips."""
    side = min(height, width)
    fitting: dict[Operation, bool] = {"translation": side > 2, "color": color, "cutout": side >= MIN_CUTOUT_PX}
    return {operation for operation, fits in fitting.items() if fits}


def stacked_augmentation(augments: Sequence[DiffAugment], height: int, width: int, device: torch.device) -> Augment:
    """Those of several models in one, for batches that hold their images in turns, each with its probabilities."""
    of_models = [augment.probabilities(height, width) for augment in augments]
    probabilities = {
        change: torch.tensor([of_model.get(change, 0.0) for of_model in of_models], device=device)
        for change in CHANGES
        if any(change in of_model for of_model in of_models)
    }

    def augment(images: Tensor, rng: Generator) -> Tensor:
        images_of_model = len(images) // len(augments)
        of_images = {change: probability.repeat(images_of_model) for change, probability in probabilities.items()}
        return augmented(images, of_images, rng)

    return augment


def augmented(images: Tensor, probabilities: Mapping[Change, ChangeProbability], rng: Generator) -> Tensor:
    """Images float (N, C, H, W) after all changes, each made where its coin says so."""
    for change, make in CHANGES.items():
        if change in probabilities:
            images = make(images, probabilities[change], rng)
    return images


def translate(images: Tensor, probability: ChangeProbability, rng: Generator) -> Tensor:
    """Shift by whole pixels, up to an eighth of each side (one pixel below 16), repeating the border.

    Whole pixels by indexing, so that nothing is blurred: a discriminator would know blurred images by that.
    """
    count, _, height, width = images.shape
    chosen = _coins(count, probability, rng)
    rows, columns = _shifted(height, chosen, rng), _shifted(width, chosen, rng)  # (N, H), (N, W)
    images = images.gather(2, rows[:, None, :, None].expand_as(images))
    return images.gather(3, columns[:, None, None, :].expand_as(images))


def flip(images: Tensor, probability: ChangeProbability, rng: Generator, *, axis: int) -> Tensor:
    """Left and right (axis 3) or top and bottom (axis 2) change places; only for data declared symmetric."""
    return torch.where(_coins(len(images), probability, rng)[:, None, None, None].bool(), images.flip(axis), images)


mirror, upend = partial(flip, axis=3), partial(flip, axis=2)


def brightness_and_contrast(images: Tensor, probability: ChangeProbability, rng: Generator) -> Tensor:
    """Add up to +-0.25 and scale about the image's mean by 0.75 to 1.25."""
    chosen = _coins(len(images), probability, rng)[:, None, None, None]
    offset, factor = torch.rand((2, len(images), 1, 1, 1), generator=rng, device=images.device) * 0.5 - 0.25
    mean = images.mean(dim=(1, 2, 3), keepdim=True)
    varied: Tensor = images + chosen * (offset + factor * (images - mean))
    return varied


def cutout(images: Tensor, probability: ChangeProbability, rng: Generator) -> Tensor:
    """Grey out a rectangle of a third of each side."""
    count, _, height, width = images.shape
    chosen = _coins(count, probability, rng)[:, None, None, None]
    inside = _span(count, height, rng)[:, None, :, None] & _span(count, width, rng)[:, None, None, :]
    return images * (1 - chosen * inside)


def cutout_side(side: int) -> int:
    """Pixels of a side that a whole rectangle of cutout covers: a third, odd."""
    return side // 6 * 2 + 1


def _coins(count: int, probability: ChangeProbability, rng: Generator) -> Tensor:
    return (torch.rand(count, generator=rng, device=rng.device) < probability).long()


def _shifted(side: int, chosen: Tensor, rng: Generator) -> Tensor:
    reach = max(1, side // 8)
    shift = chosen * torch.randint(-reach, reach + 1, chosen.shape, generator=rng, device=rng.device)
    return (torch.arange(side, device=rng.device) - shift[:, None]).clamp(0, side - 1)


def _span(count: int, side: int, rng: Generator) -> Tensor:
    """bool (N, side): a run of a third of the side around a random centre."""
    centre = torch.randint(0, side, (count, 1), generator=rng, device=rng.device)
    return (torch.arange(side, device=rng.device) - centre).abs() <= cutout_side(side) // 2


CHANGES: dict[Change, Callable[[Tensor, ChangeProbability, Generator], Tensor]] = {
    "translation": translate,
    "mirror": mirror,
    "upend": upend,
    "color": brightness_and_contrast,
    "cutout": cutout,
}
"""In the order in which they are made."""
