"""A generator that is told words, and a discriminator that scores each word by itself.

Both are additive in the words of a description, so what they learn of a word serves every combination with others,
also those that no training image has:

    G: latents and words give the base; then each word scales and shifts the channels of every layer (FiLM: Perez et al.
       2018, arXiv:1709.07871, eq. 2, on batch norm as de Vries et al. 2017, arXiv:1707.00683).
    D: one output for the image alone and one for each word; an image with a description scores D_0(x) + sum of D_w(x)
       over its words w: the projection discriminator (Miyato & Koyama 2018, arXiv:1802.05637, eq. 3) of a bag of words.
"""

from itertools import pairwise
from math import prod

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from augment.gan.networks.architecture import Architecture
from augment.gan.networks.dcgan import cropped, on_base, on_grid
from augment.gan.networks.layers import LEAKY_SLOPE, Convolution, DoublingToImage, doubling

ONE_MODEL = 1  # of layers that could hold a stack of them


class WordNetwork(nn.Module):
    """z float (N, latent), bags float (N, words) of 0 and 1 -> images float (N, C, H, W) in [-1, 1]."""

    def __init__(self, architecture: Architecture, words: int) -> None:
        super().__init__()
        self.architecture, self.words = architecture, words
        stages = architecture.stages
        self.project = nn.Linear(architecture.latent + words, stages[0] * prod(architecture.base_size))
        self.base = WordNorm(stages[0], words)
        self.refined = nn.ModuleList(Refined(channels, words) for channels in stages)
        self.grown = nn.ModuleList(Grown(*pair, words) for pair in pairwise(stages))
        last = (stages[-1], architecture.channels)
        self.to_image = (
            DoublingToImage(*last, ONE_MODEL) if architecture.doublings else Convolution(*last, 3, ONE_MODEL)
        )

    def forward(self, z: Tensor, bags: Tensor) -> Tensor:
        rows = self.project(torch.cat([z, bags], dim=1))
        h = F.relu(self.base(on_base(rows, self.architecture, ONE_MODEL), bags))  # (N, stages[0], base)
        h = self.refined[0](h, bags)
        for grow, refine in zip(self.grown, self.refined[1:], strict=True):
            h = refine(grow(h, bags), bags)  # at last (N, stages[-1], padded / 2)
        return cropped(self.to_image(h), self.architecture, ONE_MODEL)


class WordNorm(nn.Module):
    """Batch norm whose gain and shift of each channel are sums over the words."""

    def __init__(self, channels: int, words: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.film = nn.Linear(words, 2 * channels)
        nn.init.normal_(self.film.weight, std=0.1)
        nn.init.zeros_(self.film.bias)

    def forward(self, h: Tensor, bags: Tensor) -> Tensor:
        gain, shift = self.film(bags)[:, :, None, None].chunk(2, dim=1)  # (N, channels, 1, 1) each
        scaled: Tensor = self.norm(h) * (1 + gain) + shift
        return scaled


class Refined(nn.Module):
    """A convolution that keeps the size, and the words."""

    def __init__(self, channels: int, words: int) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = WordNorm(channels, words)

    def forward(self, h: Tensor, bags: Tensor) -> Tensor:
        return F.relu(self.norm(self.convolution(h), bags))


class Grown(nn.Module):
    """Twice the size, and the words."""

    def __init__(self, wide: int, narrow: int, words: int) -> None:
        super().__init__()
        self.convolution = doubling(wide, narrow, ONE_MODEL, bias=False)
        self.norm = WordNorm(narrow, words)

    def forward(self, h: Tensor, bags: Tensor) -> Tensor:
        return F.relu(self.norm(self.convolution(h), bags))


class WordDiscriminator(nn.Module):
    """Images float (N, C, H, W) -> float (N, 1 + words): how real each is, and how well each word fits it."""

    def __init__(self, architecture: Architecture, words: int) -> None:
        super().__init__()
        self.architecture = architecture
        stages, channels = architecture.stages[::-1], architecture.channels
        side, stride = (4, 2) if architecture.doublings else (3, 1)
        pairs = pairwise([channels, *stages])
        self.downsample = nn.ModuleList(nn.Conv2d(*pair, side, stride, padding=1) for pair in pairs)
        self.refine = nn.Conv2d(stages[-1], stages[-1], 3, padding=1)
        self.to_outputs = nn.Linear(stages[-1] * prod(architecture.base_size), 1 + words)

    def forward(self, images: Tensor) -> Tensor:
        h = on_grid(images, self.architecture)
        for layer in [*self.downsample, self.refine]:
            h = F.leaky_relu(layer(h), LEAKY_SLOPE)  # at last (N, stages[-1], base)
        outputs: Tensor = self.to_outputs(h.permute(0, 2, 3, 1).flatten(1))
        return outputs


def fit_of(outputs: Tensor, bags: Tensor) -> Tensor:
    """float (N,): how real an image is as one of its description. outputs: of D, (N, 1 + words); bags: (N, words)."""
    return outputs[:, 0] + (bags * outputs[:, 1:]).sum(dim=1)
