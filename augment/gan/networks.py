"""Generator and discriminator for images of any size from 2 to 256 pixels.

Both sides count in doublings from a base of 3 to 7 pixels: the generator doubles and crops to the
image, the discriminator pads the image with its own border and halves.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

MAX_WIDTH_FACTOR = 8  # channels stop growing at this multiple of the width


@dataclass(frozen=True)
class Architecture:
    """All that decides the shapes of both networks."""

    network: Literal["dcgan"]
    channels: int  # 1 (grey) or 3 (RGB)
    height: int  # pixels
    width: int  # pixels
    latent: int  # length of z
    features: int  # channels of the layer nearest to the image

    @property
    def doublings(self) -> int:
        """Stride-2 layers: as exact a fit as a base of 3 to 7 pixels allows, then the smallest base."""
        shorter = min(self.height, self.width)
        possible = [k for k in range(7) if 3 <= -(-shorter // 2**k) <= 7] or [0]
        return min(possible, key=lambda k: (_padded(self.height, k) * _padded(self.width, k), -k))

    @property
    def base(self) -> tuple[int, int]:
        """Height and width in pixels before the first doubling."""
        return -(-self.height // 2**self.doublings), -(-self.width // 2**self.doublings)

    @property
    def padded(self) -> tuple[int, int]:
        """Height and width after the last doubling; the image is cropped out of this."""
        return _padded(self.height, self.doublings), _padded(self.width, self.doublings)

    @property
    def stages(self) -> list[int]:
        """Feature channels from the base towards the image, one entry per resolution below the image's.

        Halving towards the image; tiny images keep the channels of the second layer, since one
        narrow layer draws no digit.
        """
        depth = max(self.doublings, 2)
        channels = [self.features * min(2 ** (depth - 1 - level), MAX_WIDTH_FACTOR) for level in range(depth)]
        return channels[: max(self.doublings, 1)]


class Generator(nn.Module):
    """DCGAN's generator (Radford et al. 2015, arXiv:1511.06434): latent -> image in [-1, 1]."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        stages = architecture.stages
        base_height, base_width = architecture.base
        self.project = nn.Linear(architecture.latent, stages[0] * base_height * base_width, bias=False)
        self.normalise = nn.BatchNorm2d(stages[0])
        self.upsample = nn.Sequential(*(_doubling(*pair) for pair in pairwise(stages)))
        self.to_image = (
            nn.ConvTranspose2d(stages[-1], architecture.channels, 4, stride=2, padding=1)
            if architecture.doublings
            else nn.Conv2d(stages[-1], architecture.channels, 3, padding=1)
        )

    def forward(self, z: Tensor) -> Tensor:
        """z float (N, latent) -> float (N, C, H, W) in [-1, 1]."""
        base_height, base_width = self.architecture.base
        h = self.project(z).view(len(z), -1, base_height, base_width)  # (N, stages[0], base, base)
        h = self.upsample(F.relu(self.normalise(h)))  # (N, stages[-1], padded / 2)
        image: Tensor = torch.tanh(self.to_image(h))  # (N, C, padded)
        return image[:, :, : self.architecture.height, : self.architecture.width]


class Discriminator(nn.Module):
    """The mirror image without normalisation, so penalties and joint passes see single images."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        stages = [*architecture.stages[::-1]]
        first = (
            nn.Conv2d(architecture.channels, stages[0], 4, stride=2, padding=1)
            if architecture.doublings
            else nn.Conv2d(architecture.channels, stages[0], 3, padding=1)
        )
        layers: list[nn.Module] = [first, nn.LeakyReLU(0.2)]
        for narrow, wide in pairwise(stages):
            layers += [nn.Conv2d(narrow, wide, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        self.downsample = nn.Sequential(*layers)
        base_height, base_width = architecture.base
        self.to_logit = nn.Linear(stages[-1] * base_height * base_width, 1)

    def forward(self, images: Tensor) -> Tensor:
        """images float (N, C, H, W) in [-1, 1] -> logits float (N,), larger is more real."""
        padded_height, padded_width = self.architecture.padded
        bottom, right = padded_height - images.shape[2], padded_width - images.shape[3]
        if bottom or right:
            images = F.pad(images, (0, right, 0, bottom), mode="replicate")
        logits: Tensor = self.to_logit(self.downsample(images).flatten(1))  # (N, 1)
        return logits.squeeze(1)


def build(architecture: Architecture, seed: int) -> tuple[Generator, Discriminator]:
    """Both networks with weights that depend on `seed` alone; the global generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Generator(architecture), Discriminator(architecture)


def to_float(images: Tensor) -> Tensor:
    """uint8 [0, 255] -> float32 [-1, 1]."""
    return images.float() / 127.5 - 1.0


def to_uint8(images: Tensor) -> Tensor:
    """float [-1, 1] -> uint8 [0, 255], rounded to the nearest."""
    return ((images.float() + 1.0) * 127.5).round().clamp(0, 255).to(torch.uint8)


def _padded(pixels: int, doublings: int) -> int:
    block: int = 2**doublings
    return -(-pixels // block) * block


def _doubling(wide: int, narrow: int) -> nn.Sequential:
    return nn.Sequential(
        nn.ConvTranspose2d(wide, narrow, 4, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(narrow),
        nn.ReLU(),
    )
