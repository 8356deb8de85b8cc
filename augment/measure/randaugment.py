"""RandAugment: two operations drawn at random, for grey and colour and any size."""

import kornia.augmentation as K
import torch
from torch import Tensor, nn

from augment.measure.classical import flipping
from augment.measure.classifiers import Augment

OPERATIONS_PER_IMAGE = 2  # drawn for each part of the images
OPERATION_GROUPS = 8  # of the images that draw operations of their own


def randaugment(flips: str, channels: int, height: int, width: int) -> Augment:
    """RandAugment (Cubuk et al. 2020), and the flips that the data allows.

    Every eighth image draws the same two of the paper's operations, and each its own magnitude, uniform
    up to half of the paper's largest. Without identity, colour only for three channels, sharpness from
    3 px up. New borders repeat the old ones. Draws come from torch's global generator.
    """
    operations = K.ImageSequential(*_operations(channels, min(height, width)), random_apply=OPERATIONS_PER_IMAGE)
    flip = nn.Sequential(*flipping(flips))

    def augment(images: Tensor) -> Tensor:
        changed = torch.empty_like(images)
        for part in range(min(OPERATION_GROUPS, len(images))):
            changed[part::OPERATION_GROUPS] = operations(images[part::OPERATION_GROUPS])
        flipped: Tensor = flip(changed).clamp(0, 1)
        return flipped

    return augment


def _operations(channels: int, shortest: int) -> list[nn.Module]:
    border = "border"
    operations: list[nn.Module] = [
        K.RandomAutoContrast(p=1.0),
        K.RandomEqualize(p=1.0),
        K.RandomSolarize(thresholds=(0.5, 1.0), additions=(0.0, 0.0), p=1.0),
        K.RandomPosterize(bits=(6, 8), p=1.0),
        K.RandomContrast((0.55, 1.45), p=1.0),
        K.RandomBrightness((0.55, 1.45), p=1.0),
        K.RandomAffine(degrees=15.0, padding_mode=border, p=1.0),
        K.RandomAffine(degrees=0.0, shear=(-8.6, 8.6, 0.0, 0.0), padding_mode=border, p=1.0),
        K.RandomAffine(degrees=0.0, shear=(0.0, 0.0, -8.6, 8.6), padding_mode=border, p=1.0),
        K.RandomAffine(degrees=0.0, translate=(0.15, 0.0), padding_mode=border, p=1.0),
        K.RandomAffine(degrees=0.0, translate=(0.0, 0.15), padding_mode=border, p=1.0),
    ]
    if channels == 3:
        operations.append(K.RandomSaturation((0.55, 1.45), p=1.0))
    if shortest >= 3:
        operations.append(K.RandomSharpness((0.55, 1.45), p=1.0))
    return operations
