"""The generator of super-resolution: fully convolutional, so trained on patches and used on whole images.

A residual network without normalisation (Lim et al. 2017, EDSR, arXiv:1707.02921, figure 2c) that works at the small
size, doubles by nearest neighbour and convolution (Odena et al. 2016), and adds its detail to the bicubic image. Its
last layers start at zero, so before the first step it is bicubic.
"""

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from augment.gan.networks.layers import LEAKY_SLOPE


@dataclass(frozen=True)
class UpscalerShape:
    """All that decides the network's weights. doublings: the factor is 2 to their power."""

    channels: int
    doublings: int
    features: int = 32
    blocks: int = 4


class UpscalerNetwork(nn.Module):
    """float (N, C, h, w) in [-1, 1] -> (N, C, h * 2^doublings, w * 2^doublings)."""

    def __init__(self, shape: UpscalerShape) -> None:
        super().__init__()
        self.shape, features = shape, shape.features
        self.from_image = nn.Conv2d(shape.channels, features, 3, padding=1)
        self.branches = nn.ModuleList(branch(features) for _ in range(shape.blocks))
        self.doubled = nn.ModuleList(nn.Conv2d(features, features, 3, padding=1) for _ in range(shape.doublings))
        self.large = nn.Conv2d(features, features, 3, padding=1)
        self.to_image = zeroed(nn.Conv2d(features, shape.channels, 3, padding=1))

    def forward(self, small: Tensor) -> Tensor:
        h = F.leaky_relu(self.from_image(small), LEAKY_SLOPE)  # (N, features, h, w)
        for each in self.branches:
            h = h + each(h)
        for convolution in self.doubled:
            h = F.leaky_relu(convolution(F.interpolate(h, scale_factor=2, mode="nearest")), LEAKY_SLOPE)
        detail: Tensor = self.to_image(F.leaky_relu(self.large(h), LEAKY_SLOPE))  # (N, C, H, W)
        return F.interpolate(small, detail.shape[2:], mode="bicubic") + detail


def branch(features: int) -> nn.Sequential:
    """What a block adds to its input: two convolutions, the second starting at zero."""
    first, last = (nn.Conv2d(features, features, 3, padding=1) for _ in range(2))
    return nn.Sequential(first, nn.LeakyReLU(LEAKY_SLOPE), zeroed(last))


def zeroed(layer: nn.Conv2d) -> nn.Conv2d:
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    return layer
