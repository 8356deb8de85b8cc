"""The default pair: strided convolutions on both sides."""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from augment.core.layout import channels_last
from augment.gan.networks.architecture import Architecture
from augment.gan.networks.directional import leaky_relu
from augment.gan.networks.layers import Convolution, Linear, beside, doubling, in_rows


class DcganGenerator(nn.Module):
    """DCGAN's generator (Radford et al. 2015, arXiv:1511.06434): latent -> image in [-1, 1]."""

    def __init__(self, architecture: Architecture, members: int = 1) -> None:
        super().__init__()
        self.architecture, self.members = architecture, members
        stages, channels = architecture.stages, architecture.channels
        base_height, base_width = architecture.base
        self.project = Linear(architecture.latent, stages[0] * base_height * base_width, members, bias=False)
        self.normalise = nn.BatchNorm2d(members * stages[0])
        self.upsample = nn.Sequential(*(_grow(*pair, members) for pair in pairwise(stages)))
        self.to_image = (
            doubling(stages[-1], channels, members)
            if architecture.doublings
            else Convolution(stages[-1], channels, 3, members)
        )

    def forward(self, z: Tensor) -> Tensor:
        """z float (N, latent) -> float (N, C, H, W) in [-1, 1]."""
        base_height, base_width = self.architecture.base
        h = self.project(z).view(len(z), base_height, base_width, -1).permute(0, 3, 1, 2)  # (N, stages[0], base)
        h = self.upsample(F.relu(self.normalise(beside(h, self.members))))  # (N, stages[-1], padded / 2)
        image: Tensor = in_rows(torch.tanh(self.to_image(h)), self.members)  # (N, C, padded)
        return image[:, :, : self.architecture.height, : self.architecture.width]


class DcganDiscriminator(nn.Module):
    """The mirror image without normalisation, so penalties and joint passes see single images."""

    def __init__(self, architecture: Architecture, members: int = 1) -> None:
        super().__init__()
        self.architecture, self.members = architecture, members
        stages, channels = architecture.stages[::-1], architecture.channels
        first = (
            Convolution(channels, stages[0], 4, members, stride=2)
            if architecture.doublings
            else Convolution(channels, stages[0], 3, members)
        )
        halvings = (Convolution(narrow, wide, 4, members, stride=2) for narrow, wide in pairwise(stages))
        self.downsample = nn.ModuleList([first, *halvings])
        base_height, base_width = architecture.base
        self.to_logit = Linear(stages[-1] * base_height * base_width, 1, members)

    def forward(self, images: Tensor) -> Tensor:
        """images float (N, C, H, W) in [-1, 1] -> logits float (N,), larger is more real."""
        h = beside(on_grid(images, self.architecture), self.members)
        for layer in self.downsample:
            h = leaky_relu(layer(h))
        h = in_rows(h, self.members)  # (N, stages[0], base)
        logits: Tensor = self.to_logit(h.permute(0, 2, 3, 1).flatten(1))  # (N, 1)
        return logits.squeeze(1)


def on_grid(images: Tensor, architecture: Architecture) -> Tensor:
    """float (N, C, H, W) -> (N, C, padded): the image's own border repeated, so that every halving is exact."""
    height, width = architecture.padded
    bottom, right = height - images.shape[2], width - images.shape[3]
    if bottom or right:
        images = F.pad(images, (0, right, 0, bottom), mode="replicate")
    return channels_last(images)


def _grow(wide: int, narrow: int, members: int) -> nn.Sequential:
    return nn.Sequential(
        doubling(wide, narrow, members, bias=False),
        nn.BatchNorm2d(members * narrow),
        nn.ReLU(),
    )
