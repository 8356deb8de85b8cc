"""Classical augmentation: small affine changes, and the flips that the data allows."""

import kornia.augmentation as K
import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from augment.core.seeds import derive_seed, global_torch_rng, torch_rng
from augment.measure.classifiers import Augment

Images = NDArray[np.uint8]


def classical_augmentation(flips: str) -> Augment:
    """Shifts of up to an eighth, small rotations and scalings, and the flips that the data allows."""
    affine = K.RandomAffine(degrees=10.0, translate=(0.125, 0.125), scale=(0.9, 1.1), padding_mode="border", p=0.8)
    return nn.Sequential(affine, *flipping(flips))


def flipping(flips: str) -> list[nn.Module]:
    """The random flips that the data allows: none, horizontal, vertical or both."""
    steps: list[nn.Module] = []
    if flips in ("horizontal", "both"):
        steps.append(K.RandomHorizontalFlip(p=0.5))
    if flips in ("vertical", "both"):
        steps.append(K.RandomVerticalFlip(p=0.5))
    return steps


def jittered(images: Images, count: int, flips: str, seed: int) -> Images:
    """`count` copies of images drawn with replacement, each classically augmented once; uint8 (count, C, H, W)."""
    rng = torch_rng(seed, "jitter", "which")
    chosen = torch.randint(len(images), (count,), generator=rng)
    with global_torch_rng(derive_seed(seed, "jitter", "how")), torch.no_grad():
        copies = classical_augmentation(flips)(torch.from_numpy(images)[chosen].float() / 255)
    result: Images = (copies * 255).round().clamp(0, 255).to(torch.uint8).numpy()
    return result
