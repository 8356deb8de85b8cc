"""The default pair: strided convolutions on both sides."""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from augment.gan.architecture import Architecture
from augment.layout import channels_last


class DcganGenerator(nn.Module):
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
        h = self.project(z).view(len(z), base_height, base_width, -1).permute(0, 3, 1, 2)  # (N, stages[0], base)
        h = self.upsample(F.relu(self.normalise(h)))  # (N, stages[-1], padded / 2)
        image: Tensor = torch.tanh(self.to_image(h))  # (N, C, padded)
        return image[:, :, : self.architecture.height, : self.architecture.width]


class DcganDiscriminator(nn.Module):
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
        h = self.downsample(on_grid(images, self.architecture))  # (N, stages[0], base)
        logits: Tensor = self.to_logit(h.permute(0, 2, 3, 1).flatten(1))  # (N, 1)
        return logits.squeeze(1)


def on_grid(images: Tensor, architecture: Architecture) -> Tensor:
    """float (N, C, H, W) -> (N, C, padded): the image's own border repeated, so that every halving is exact."""
    height, width = architecture.padded
    bottom, right = height - images.shape[2], width - images.shape[3]
    if bottom or right:
        images = F.pad(images, (0, right, 0, bottom), mode="replicate")
    return channels_last(images)


def _doubling(wide: int, narrow: int) -> nn.Sequential:
    return nn.Sequential(
        nn.ConvTranspose2d(wide, narrow, 4, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(narrow),
        nn.ReLU(),
    )
