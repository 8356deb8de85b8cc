"""A norm-free residual pair for larger images: more arithmetic for each image, and no batch statistics.

Every block adds to its resampled input, and its last convolution starts at zero (Zhang et al. 2019,
arXiv:1901.09321), so a new network of any depth passes its input through at its own scale.
"""

from itertools import pairwise
from math import prod
from typing import TypeVar

import torch.nn.functional as F
from torch import Tensor, nn

from augment.gan.networks.architecture import Architecture
from augment.gan.networks.dcgan import cropped, on_base, on_grid
from augment.gan.networks.layers import Convolution, Linear, leaky_relu, to_batch, to_channels

Layer = TypeVar("Layer", nn.Linear, nn.Conv2d)


class ResidualGenerator(nn.Module):
    """Latent -> base -> doubled by nearest neighbour, convolved twice, and so on -> image in [-1, 1]."""

    def __init__(self, architecture: Architecture, models: int = 1) -> None:
        super().__init__()
        self.architecture, self.models = architecture, models
        channels = [*architecture.stages, architecture.features]
        self.project = scale_keeping(Linear(architecture.latent, channels[0] * prod(architecture.base_size), models))
        factor = 2 if architecture.doublings else 1
        self.upsample = nn.Sequential(*(UpBlock(*pair, factor, models) for pair in pairwise(channels)))
        self.to_image = scale_keeping(Convolution(channels[-1], architecture.channels, 3, models))

    def forward(self, z: Tensor) -> Tensor:
        h = on_base(self.project(z), self.architecture, self.models)  # (N, stages[0], base)
        h = leaky_relu(self.upsample(h))  # (N, features, padded)
        return cropped(self.to_image(h), self.architecture, self.models)


class ResidualDiscriminator(nn.Module):
    """The mirror image: convolved twice, halved by averaging, and so on -> logit."""

    def __init__(self, architecture: Architecture, models: int = 1) -> None:
        super().__init__()
        self.architecture, self.models = architecture, models
        channels = [architecture.features, *architecture.stages[::-1]]
        self.from_image = scale_keeping(Convolution(architecture.channels, channels[0], 3, models))
        factor = 2 if architecture.doublings else 1
        self.downsample = nn.Sequential(*(DownBlock(*pair, factor, models) for pair in pairwise(channels)))
        self.to_logit = scale_keeping(Linear(channels[-1] * prod(architecture.base_size), 1, models))

    def forward(self, images: Tensor) -> Tensor:
        h = self.from_image(to_channels(on_grid(images, self.architecture), self.models))  # (N, features, padded)
        h = to_batch(leaky_relu(self.downsample(h)), self.models)  # (N, stages[0], base)
        logits: Tensor = self.to_logit(h.permute(0, 2, 3, 1).flatten(1))  # (N, 1)
        return logits.squeeze(1)


class Branch(nn.Module):
    """What a block adds to its input: two convolutions, the second starting at zero."""

    def __init__(self, before: int, after: int, models: int) -> None:
        super().__init__()
        self.first = Convolution(before, after, 3, models)
        self.last = Convolution(after, after, 3, models)
        for parameter in self.last.parameters():
            nn.init.zeros_(parameter)

    def forward(self, h: Tensor) -> Tensor:
        added: Tensor = self.last(leaky_relu(self.first(leaky_relu(h))))
        return added


class Block(nn.Module):
    """A branch, and a convolution of one pixel beside it."""

    def __init__(self, before: int, after: int, factor: int, models: int) -> None:
        super().__init__()
        self.factor = factor
        self.branch = Branch(before, after, models)
        self.skip = scale_keeping(Convolution(before, after, 1, models, bias=False))


class UpBlock(Block):
    """Enlarge, then add."""

    def forward(self, h: Tensor) -> Tensor:
        """float (N, before, H, W) -> float (N, after, factor H, factor W)."""
        grown: Tensor = self._enlarge(self.skip(h)) + self.branch(self._enlarge(h))
        return grown

    def _enlarge(self, h: Tensor) -> Tensor:
        return F.interpolate(h, scale_factor=self.factor, mode="nearest")


class DownBlock(Block):
    """Add, then average."""

    def forward(self, h: Tensor) -> Tensor:
        """float (N, before, H, W) -> float (N, after, H / factor, W / factor)."""
        shrunk: Tensor = self.skip(F.avg_pool2d(h, self.factor)) + F.avg_pool2d(self.branch(h), self.factor)
        return shrunk


def scale_keeping(layer: Layer) -> Layer:
    """Draw the weights anew so that outputs vary as much as inputs do."""
    nn.init.kaiming_normal_(layer.weight, nonlinearity="linear")
    return layer
