"""How a classifier's batches are augmented: classical moves, RandAugment, mixup and CutMix.

The first two change images, float (N, C, H, W) in [0, 1] of any size, grey or RGB, one by one, and make the flips that
the data allows; mixup and CutMix blend the images and the labels of a batch.
"""

import math
from collections.abc import Sequence
from functools import lru_cache

import kornia.augmentation as K
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from augment.core.errors import ArgumentError
from augment.core.seeds import derive_seed, global_torch_rng, torch_rng
from augment.data.arguments import short
from augment.data.imageset import UInt8
from augment.measure.classifiers import Augment, Blend
from augment.params.arm_row import Augmentation

OPERATIONS_PER_IMAGE = 2  # of RandAugment
PART_VALUES = 8_000_000  # of copies that are made in one go: each takes some 30 bytes meanwhile
ROUNDING = 1e-3  # beyond 0 to 1, of resizing and half precision


def augment_of(augmentation: Augmentation | None, flips: str, channels: int, height: int, width: int) -> Augment | None:
    """What changes the images one by one; None for nothing. Blends across classes come on top of classical moves."""
    match augmentation:
        case "classical" | "mixup_cutmix":
            return classical_augmentation(flips)
        case "randaugment":
            return randaugment(flips, channels, height, width)
        case "trivialaugment":
            return trivialaugment(flips, channels, height, width)
    return None


def augment_batch(images: Tensor, augmentation: Augmentation, flips: str) -> Tensor:
    """`augment_of` for a batch of any size, float (N, C, H, W) in [0, 1]. Raises `ArgumentError` for another.

    Draws come from torch's global generator.
    """
    if not isinstance(images, Tensor) or images.ndim != 4 or not images.is_floating_point():
        given = f"{images.dtype} {tuple(images.shape)}" if isinstance(images, Tensor) else short(images)
        raise ArgumentError(f"images to augment are a float batch (N, C, H, W) in 0 to 1, got {given}")
    low, high = (float(images.min()), float(images.max())) if len(images) else (0.0, 0.0)
    if not -ROUNDING <= low <= high <= 1 + ROUNDING:  # so that NaN is outside
        raise ArgumentError("images to augment go beyond 0 to 1: divide by 255 before, and normalise after it")
    change = _kept_augment(augmentation, flips, *images.shape[1:])
    with torch.no_grad():
        return change(images) if change is not None and len(images) else images


_kept_augment = lru_cache(maxsize=16)(augment_of)  # a batch of another size needs another


def classical_augmentation(flips: str) -> Augment:
    """Shifts of up to an eighth, small rotations and scalings, and the flips that the data allows."""
    affine = K.RandomAffine(degrees=10.0, translate=(0.125, 0.125), scale=(0.9, 1.1), padding_mode="border", p=0.8)
    return nn.Sequential(affine, *flipping(flips))


def flipping(flips: str) -> list[nn.Module]:
    """The random flips that the data allows: none, horizontal, vertical or both."""
    steps = (("horizontal", K.RandomHorizontalFlip), ("vertical", K.RandomVerticalFlip))
    return [flip(p=0.5) for direction, flip in steps if flips in (direction, "both")]


def jittered(images: UInt8, count: int, flips: str, seed: int) -> UInt8:
    """`count` copies of images drawn with replacement, each classically augmented once; uint8 (count, C, H, W)."""
    chosen = torch.randint(len(images), (count,), generator=torch_rng(seed, "jitter", "which"))
    augment, together = classical_augmentation(flips), max(1, PART_VALUES // max(1, math.prod(images.shape[1:])))
    copies = np.empty((count, *images.shape[1:]), dtype=np.uint8)
    with global_torch_rng(derive_seed(seed, "jitter", "how")), torch.no_grad():
        for at in range(0, count, together):
            some = augment(torch.from_numpy(images)[chosen[at : at + together]].float() / 255)
            copies[at : at + together] = (some * 255).round().clamp(0, 255).to(torch.uint8).numpy()
    return copies


def randaugment(flips: str, channels: int, height: int, width: int) -> Augment:
    """RandAugment (Cubuk et al. 2020), and the flips that the data allows.

    Each image draws two different ones of the paper's operations, and each operation its own magnitude, uniform up to
    half of the paper's largest. Without identity, colour only for three channels, sharpness from 3 px up. New borders
    repeat the old ones. Draws come from torch's global generator.
    """
    return _random_operations(_operations(channels, min(height, width), 1.0), OPERATIONS_PER_IMAGE, flips)


def trivialaugment(flips: str, channels: int, height: int, width: int) -> Augment:
    """TrivialAugment (Mueller & Hutter 2021): one operation, of a magnitude up to the paper's largest; else as
    `randaugment`."""
    return _random_operations(_operations(channels, min(height, width), 2.0), 1, flips)


def _random_operations(operations: Sequence[nn.Module], per_image: int, flips: str) -> Augment:
    """So many different operations for each image, then the flips."""
    flip = nn.Sequential(*flipping(flips))

    def augment(images: Tensor) -> Tensor:
        drawn = torch.multinomial(torch.ones(len(images), len(operations)), per_image)
        for chosen in drawn.unbind(dim=1):
            images = _each_its_own(operations, chosen, images)
        return torch.clamp(flip(images), 0, 1)

    return augment


def _each_its_own(operations: Sequence[nn.Module], chosen: Tensor, images: Tensor) -> Tensor:
    """Every image after one operation, that at `chosen`, int64 (N,): all that draw the same one in one call, since a
    call costs as much as many small images."""
    changed = torch.empty_like(images)
    for number, operation in enumerate(operations):
        rows = (chosen == number).nonzero().squeeze(1)
        if len(rows):
            changed[rows] = operation(images[rows])
    return changed


def _operations(channels: int, shortest: int, strength: float) -> list[nn.Module]:
    """strength: of the largest magnitudes, 1 for half of the paper's."""
    levels = (1 - 0.45 * strength, 1 + 0.45 * strength)
    degrees, shear, shift = 15.0 * strength, 8.6 * strength, 0.15 * strength
    return [
        K.RandomAutoContrast(p=1.0),
        K.RandomEqualize(p=1.0),
        K.RandomSolarize(thresholds=(1 - 0.5 * strength, 1.0), additions=(0.0, 0.0), p=1.0),
        K.RandomPosterize(bits=(8 - int(2 * strength), 8), p=1.0),
        K.RandomContrast(levels, p=1.0),
        K.RandomBrightness(levels, p=1.0),
        K.RandomAffine(degrees=degrees, padding_mode="border", p=1.0),
        K.RandomAffine(degrees=0.0, shear=(-shear, shear, 0.0, 0.0), padding_mode="border", p=1.0),
        K.RandomAffine(degrees=0.0, shear=(0.0, 0.0, -shear, shear), padding_mode="border", p=1.0),
        K.RandomAffine(degrees=0.0, translate=(shift, 0.0), padding_mode="border", p=1.0),
        K.RandomAffine(degrees=0.0, translate=(0.0, shift), padding_mode="border", p=1.0),
        *([K.RandomSaturation(levels, p=1.0)] if channels == 3 else []),
        *([K.RandomSharpness(levels, p=1.0)] if shortest >= 3 else []),
    ]


def mixup_or_cutmix(classes: int) -> Blend:
    """Blend a batch with itself in another order, across classes.

    Each batch tosses a coin between `mixup` and `cutmix` and has one share, uniform in [0, 1]: the
    Beta(1, 1) that both papers use for small images. Its targets become float32 (B, classes), whose rows sum
    to 1, or to what the rows that it brings sum to.
    """

    def mixed(images: Tensor, targets: Tensor, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        order = torch.randperm(len(images), generator=rng)
        coin, share = torch.rand(2, generator=rng).tolist()
        blended, kept = mixup(images, order, share) if coin < 0.5 else cutmix(images, order, share, rng)
        rows = targets if targets.is_floating_point() else F.one_hot(targets, classes).float()
        return blended, kept * rows + (1 - kept) * rows[order]

    return mixed


def mixup(images: Tensor, order: Tensor, share: float) -> tuple[Tensor, float]:
    """share * images + (1 - share) * images[order], and the share (Zhang et al. 2018, section 2)."""
    return share * images + (1 - share) * images[order], share


def cutmix(images: Tensor, order: Tensor, share: float, rng: torch.Generator) -> tuple[Tensor, float]:
    """Paste a box of images[order], and the share of pixels that stay (Yun et al. 2019, section 3.1). The box has about
    (1 - share) of the area and its centre anywhere, so that it is cut at the border."""
    height, width = images.shape[2:]
    side = math.sqrt(1 - share)
    (top, bottom), (left, right) = _span(height, side, rng), _span(width, side, rng)
    pasted = images.clone()
    pasted[:, :, top:bottom, left:right] = images[order, :, top:bottom, left:right]
    return pasted, 1 - (bottom - top) * (right - left) / (height * width)


def _span(length: int, part: float, rng: torch.Generator) -> tuple[int, int]:
    """Where a part of a side of this length begins and ends, around a random centre."""
    centre = int(torch.randint(length, (1,), generator=rng))
    half = part * length / 2
    return max(0, round(centre - half)), min(length, round(centre + half))
