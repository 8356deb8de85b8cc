"""The default pair: strided convolutions on both sides."""

from itertools import pairwise
from math import prod

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from augment.gan.networks.architecture import Architecture
from augment.gan.networks.layers import (
    Convolution,
    DoublingToImage,
    Linear,
    channels_last,
    doubling,
    leaky_relu,
    to_batch,
    to_channels,
)


class DcganGenerator(nn.Module):
    """DCGAN's generator (Radford et al. 2015, arXiv:1511.06434): latent -> image in [-1, 1]."""

    def __init__(self, architecture: Architecture, models: int = 1) -> None:
        super().__init__()
        self.architecture, self.models = architecture, models
        stages, channels = architecture.stages, architecture.channels
        self.project = Linear(architecture.latent, stages[0] * prod(architecture.base_size), models, bias=False)
        self.normalise = nn.BatchNorm2d(models * stages[0])
        self.upsample = nn.Sequential(*(_grow(*pair, models) for pair in pairwise(stages)))
        last = (stages[-1], channels)
        self.to_image = DoublingToImage(*last, models) if architecture.doublings else Convolution(*last, 3, models)

    def forward(self, z: Tensor) -> Tensor:
        h = on_base(self.project(z), self.architecture, self.models)  # (N, stages[0], base)
        h = self.upsample(F.relu(self.normalise(h)))  # (N, stages[-1], padded / 2)
        return cropped(self.to_image(h), self.architecture, self.models)


class DcganDiscriminator(nn.Module):
    """The mirror image without normalisation, so penalties and joint passes see single images."""

    def __init__(self, architecture: Architecture, models: int = 1) -> None:
        super().__init__()
        self.architecture, self.models = architecture, models
        stages, channels = architecture.stages[::-1], architecture.channels
        side, stride = (4, 2) if architecture.doublings else (3, 1)
        pairs = pairwise([channels, *stages])
        self.downsample = nn.ModuleList(Convolution(*pair, side, models, stride=stride) for pair in pairs)
        self.to_logit = Linear(stages[-1] * prod(architecture.base_size), 1, models)

    def forward(self, images: Tensor) -> Tensor:
        h = to_channels(on_grid(images, self.architecture), self.models)
        for layer in self.downsample:
            h = leaky_relu(layer(h))
        h = to_batch(h, self.models)  # (N, stages[0], base)
        logits: Tensor = self.to_logit(h.permute(0, 2, 3, 1).flatten(1))  # (N, 1)
        return logits.squeeze(1)


def on_base(rows: Tensor, architecture: Architecture, models: int) -> Tensor:
    """float (N, stages[0] h w) -> (N, stages[0], h, w), the size before the first doubling."""
    return to_channels(rows.view(len(rows), *architecture.base_size, -1).permute(0, 3, 1, 2), models)


def cropped(h: Tensor, architecture: Architecture, models: int) -> Tensor:
    """float (N, C, padded), any number -> images (N, C, H, W) in [-1, 1]."""
    image: Tensor = to_batch(torch.tanh(h), models)
    return image[:, :, : architecture.height, : architecture.width]


def on_grid(images: Tensor, architecture: Architecture) -> Tensor:
    """float (N, C, H, W) -> (N, C, padded): the image's own border repeated, so that every halving is exact."""
    height, width = architecture.padded
    bottom, right = height - images.shape[2], width - images.shape[3]
    if bottom or right:
        images = F.pad(images, (0, right, 0, bottom), mode="replicate")
    return channels_last(images)


def _grow(wide: int, narrow: int, models: int) -> nn.Sequential:
    return nn.Sequential(doubling(wide, narrow, models, bias=False), nn.BatchNorm2d(models * narrow), nn.ReLU())
