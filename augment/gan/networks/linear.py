"""The one-layer pair: the smallest GAN that there is, small enough to follow by hand (docs/gans-by-hand.md)."""

import torch
from torch import Tensor, nn

from augment.gan.networks.architecture import Architecture
from augment.gan.networks.layers import Linear


class LinearGenerator(nn.Module):
    """One weight for each latent number and pixel, one bias for each pixel, and a sigmoid."""

    def __init__(self, architecture: Architecture, models: int = 1) -> None:
        super().__init__()
        self.architecture = architecture
        pixels = architecture.channels * architecture.height * architecture.width
        self.to_pixels = Linear(architecture.latent, pixels, models)
        # Scores of variance 1 at the start: a one-layer D compares means, so it never asks for more variety.
        nn.init.normal_(self.to_pixels.weight, std=architecture.latent**-0.5)

    def scores(self, z: Tensor) -> Tensor:
        """z float (N, latent) -> float (N, C, H, W), any number: what the sigmoid makes a pixel of."""
        scores: Tensor = self.to_pixels(z)  # (N, C H W)
        return scores.view(-1, self.architecture.channels, self.architecture.height, self.architecture.width)

    def forward(self, z: Tensor) -> Tensor:
        return 2 * torch.sigmoid(self.scores(z)) - 1


class LinearDiscriminator(nn.Module):
    """One weight for each pixel and one bias; with a sigmoid behind it this is logistic regression."""

    def __init__(self, architecture: Architecture, models: int = 1) -> None:
        super().__init__()
        self.architecture = architecture
        self.to_logit = Linear(architecture.channels * architecture.height * architecture.width, 1, models)

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.to_logit(images.flatten(1))  # (N, 1)
        return logits.squeeze(1)
