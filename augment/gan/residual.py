"""A norm-free residual pair for larger images: more arithmetic for each image, and no batch statistics.

Every block adds to its resampled input, and its last convolution starts at zero (Zhang et al. 2019,
arXiv:1901.09321), so a new network of any depth passes its input through at its own scale.
"""

from itertools import pairwise
from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from augment.gan.architecture import Architecture
from augment.gan.dcgan import on_grid

SLOPE = 0.2  # of the leaky ReLU

Layer = TypeVar("Layer", nn.Linear, nn.Conv2d)


class ResidualGenerator(nn.Module):
    """Latent -> base -> doubled by nearest neighbour, convolved twice, and so on -> image in [-1, 1]."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        channels = [*architecture.stages, architecture.features]
        base_height, base_width = architecture.base
        self.project = scale_keeping(nn.Linear(architecture.latent, channels[0] * base_height * base_width))
        factor = 2 if architecture.doublings else 1
        self.upsample = nn.Sequential(*(UpBlock(*pair, factor) for pair in pairwise(channels)))
        self.to_image = scale_keeping(nn.Conv2d(channels[-1], architecture.channels, 3, padding=1))

    def forward(self, z: Tensor) -> Tensor:
        """z float (N, latent) -> float (N, C, H, W) in [-1, 1]."""
        base_height, base_width = self.architecture.base
        h = self.project(z).view(len(z), base_height, base_width, -1).permute(0, 3, 1, 2)  # (N, stages[0], base)
        h = F.leaky_relu(self.upsample(h), SLOPE)  # (N, features, padded)
        image: Tensor = torch.tanh(self.to_image(h))  # (N, C, padded)
        return image[:, :, : self.architecture.height, : self.architecture.width]


class ResidualDiscriminator(nn.Module):
    """The mirror image: convolved twice, halved by averaging, and so on -> logit."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        channels = [architecture.features, *architecture.stages[::-1]]
        self.from_image = scale_keeping(nn.Conv2d(architecture.channels, channels[0], 3, padding=1))
        factor = 2 if architecture.doublings else 1
        self.downsample = nn.Sequential(*(DownBlock(*pair, factor) for pair in pairwise(channels)))
        base_height, base_width = architecture.base
        self.to_logit = scale_keeping(nn.Linear(channels[-1] * base_height * base_width, 1))

    def forward(self, images: Tensor) -> Tensor:
        """images float (N, C, H, W) in [-1, 1] -> logits float (N,), larger is more real."""
        h = self.from_image(on_grid(images, self.architecture))  # (N, features, padded)
        h = F.leaky_relu(self.downsample(h), SLOPE)  # (N, stages[0], base)
        logits: Tensor = self.to_logit(h.permute(0, 2, 3, 1).flatten(1))  # (N, 1)
        return logits.squeeze(1)


class Branch(nn.Module):
    """What a block adds to its input: two convolutions, the second starting at zero."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(before, after, 3, padding=1)
        self.last = nn.Conv2d(after, after, 3, padding=1)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)  # type: ignore[arg-type]

    def forward(self, h: Tensor) -> Tensor:
        """float (N, before, H, W) -> float (N, after, H, W)."""
        added: Tensor = self.last(F.leaky_relu(self.first(F.leaky_relu(h, SLOPE)), SLOPE))
        return added


class UpBlock(nn.Module):
    """Enlarge, then add."""

    def __init__(self, wide: int, narrow: int, factor: int) -> None:
        super().__init__()
        self.factor = factor
        self.branch = Branch(wide, narrow)
        self.skip = scale_keeping(nn.Conv2d(wide, narrow, 1, bias=False))

    def forward(self, h: Tensor) -> Tensor:
        """float (N, wide, H, W) -> float (N, narrow, factor H, factor W)."""
        grown: Tensor = self._enlarge(self.skip(h)) + self.branch(self._enlarge(h))
        return grown

    def _enlarge(self, h: Tensor) -> Tensor:
        return F.interpolate(h, scale_factor=self.factor, mode="nearest")


class DownBlock(nn.Module):
    """Add, then average."""

    def __init__(self, narrow: int, wide: int, factor: int) -> None:
        super().__init__()
        self.factor = factor
        self.branch = Branch(narrow, wide)
        self.skip = scale_keeping(nn.Conv2d(narrow, wide, 1, bias=False))

    def forward(self, h: Tensor) -> Tensor:
        """float (N, narrow, H, W) -> float (N, wide, H / factor, W / factor)."""
        shrunk: Tensor = self.skip(F.avg_pool2d(h, self.factor)) + F.avg_pool2d(self.branch(h), self.factor)
        return shrunk


def scale_keeping(layer: Layer) -> Layer:
    """Draw the weights anew so that outputs vary as much as inputs do."""
    nn.init.kaiming_normal_(layer.weight, nonlinearity="linear")
    return layer
