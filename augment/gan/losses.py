"""GAN losses and penalties: one function for each published formula.

D(x) is a logit. Every function returns one value per pair or image, not reduced.
"""

from collections.abc import Callable
from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

LossName = Literal["relativistic", "non_saturating"]


class AdversarialLoss(NamedTuple):
    """What each player minimises, as functions of (real logits, fake logits)."""

    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor, Tensor], Tensor]


def relativistic_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """-ln sigmoid(D(x) - D(G(z))): RpGAN, Jolicoeur-Martineau 2018; Huang et al. 2024, arXiv:2501.05441, eq. 2."""
    return F.softplus(-(real - fake))


def relativistic_generator(real: Tensor, fake: Tensor) -> Tensor:
    """-ln sigmoid(D(G(z)) - D(x)): the same game from the generator's side."""
    return F.softplus(-(fake - real))


def non_saturating_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """-[ln sigmoid(D(x)) + ln(1 - sigmoid(D(G(z))))]: Goodfellow et al. 2014, arXiv:1406.2661, eq. 1."""
    return F.softplus(-real) + F.softplus(fake)


def non_saturating_generator(real: Tensor, fake: Tensor) -> Tensor:
    """-ln sigmoid(D(G(z))): Goodfellow et al. 2014, section 3; the real logits play no part."""
    del real
    return F.softplus(-fake)


def gradient_penalty(logits: Tensor, images: Tensor) -> Tensor:
    """||dD/dx||^2 of each image: R1 on real images, R2 on fakes (Mescheder et al. 2018, arXiv:1801.04406, eq. 9)."""
    (gradient,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    return gradient.square().sum(dim=(1, 2, 3))


def adversarial_loss(name: LossName) -> AdversarialLoss:
    """The two sides of a loss by its name in params.yaml."""
    match name:
        case "relativistic":
            return AdversarialLoss(relativistic_discriminator, relativistic_generator)
        case "non_saturating":
            return AdversarialLoss(non_saturating_discriminator, non_saturating_generator)
