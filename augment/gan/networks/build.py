"""The three pairs of generator and discriminator, and the two ways between bytes and floats.

A generator maps z float (N, latent) to images float (N, C, H, W) in [-1, 1]; a discriminator maps
such images to one raw score each, float (N,), larger is more real. No discriminator normalises over
a batch, so penalties and joint passes over real and fake images see single images.
"""

import torch
from torch import Tensor

from augment.core.seeds import global_torch_rng
from augment.gan.networks.architecture import Architecture, NetworkName
from augment.gan.networks.dcgan import DcganDiscriminator, DcganGenerator
from augment.gan.networks.linear import LinearDiscriminator, LinearGenerator
from augment.gan.networks.residual import ResidualDiscriminator, ResidualGenerator

Generator = LinearGenerator | DcganGenerator | ResidualGenerator
Discriminator = LinearDiscriminator | DcganDiscriminator | ResidualDiscriminator

PAIRS: dict[NetworkName, tuple[type[Generator], type[Discriminator]]] = {
    "linear": (LinearGenerator, LinearDiscriminator),
    "dcgan": (DcganGenerator, DcganDiscriminator),
    "residual": (ResidualGenerator, ResidualDiscriminator),
}


def build(architecture: Architecture, seed: int) -> tuple[Generator, Discriminator]:
    """Both networks with weights that depend on `seed` alone; the global generator is left as it was."""
    with global_torch_rng(seed):
        return new_generator(architecture), new_discriminator(architecture)


def new_generator(architecture: Architecture, models: int = 1) -> Generator:
    """A generator with random weights, or that of a stack of `models`."""
    return PAIRS[architecture.network][0](architecture, models)


def new_discriminator(architecture: Architecture, models: int = 1) -> Discriminator:
    """A discriminator with random weights, or that of a stack of `models`."""
    return PAIRS[architecture.network][1](architecture, models)


def to_float(images: Tensor) -> Tensor:
    """uint8 [0, 255] -> float32 [-1, 1]; what is float is in [-1, 1] already."""
    return images if images.is_floating_point() else images.float() / 127.5 - 1.0


def to_uint8(images: Tensor) -> Tensor:
    """float [-1, 1] -> uint8 [0, 255], rounded to the nearest."""
    levels = images.float() + 1.0  # the only copy: fresh memory costs more than the sums
    return levels.mul_(127.5).round_().clamp_(0, 255).to(torch.uint8)
