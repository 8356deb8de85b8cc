"""GAN losses: one function for each published formula. The penalties stand with the step (`step.py`).

D(x) is the discriminator's raw score, larger for more real; sigma(D(x)) is the probability that the losses with a
logarithm, and `mse`, make of it. Every function returns one value per pair or image, not reduced.
"""

from collections.abc import Callable
from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

LossName = Literal[
    "relativistic", "non_saturating", "minimax", "mse", "least_squares", "hinge", "wasserstein_gp"
]  # fmt: skip
Centre = Literal["zero_centred", "one_centred"]  # of a penalty on D's slope


class AdversarialLoss(NamedTuple):
    """What each player minimises, as functions of (real scores, fake scores), and the penalty that goes with it.

    zero_centred: (gamma / 2) (R1 + R2) at the images themselves. one_centred: gamma (||dD/dx|| - 1)^2 between real and
    fake images.
    never_flat: the derivative of D's loss by a score is never exactly 0, however well D does.
    """

    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor, Tensor], Tensor]
    penalty: Centre = "zero_centred"
    never_flat: bool = True


def relativistic_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """-ln sigma(D(x) - D(G(z))): RpGAN, Jolicoeur-Martineau 2018; Huang et al. 2024, arXiv:2501.05441, eq. 2."""
    return F.softplus(-(real - fake))


def relativistic_generator(real: Tensor, fake: Tensor) -> Tensor:
    """-ln sigma(D(G(z)) - D(x)): the same from the generator's side."""
    return F.softplus(-(fake - real))


def non_saturating_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """-[ln sigma(D(x)) + ln(1 - sigma(D(G(z))))]: Goodfellow et al. 2014, arXiv:1406.2661, eq. 1."""
    return F.softplus(-real) + F.softplus(fake)


def non_saturating_generator(real: Tensor, fake: Tensor) -> Tensor:
    """-ln sigma(D(G(z))): Goodfellow et al. 2014, section 3; the real scores play no part."""
    return F.softplus(-fake)


def minimax_generator(real: Tensor, fake: Tensor) -> Tensor:
    """ln sigma(D(x)) + ln(1 - sigma(D(G(z)))): what D loses, G wins (Goodfellow et al. 2014, eq. 1).

    The first term does not depend on G; it keeps the sum of both players' losses at zero.
    """
    return -non_saturating_discriminator(real, fake)


def mse_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """(1 - sigma(D(x)))^2 + sigma(D(G(z)))^2: squared error of the probability against the labels 1 and 0."""
    return (1 - torch.sigmoid(real)).square() + torch.sigmoid(fake).square()


def mse_generator(real: Tensor, fake: Tensor) -> Tensor:
    """(1 - sigma(D(G(z))))^2: the same error, with G's images labelled 1."""
    return (1 - torch.sigmoid(fake)).square()


def least_squares_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """1/2 (D(x) - 1)^2 + 1/2 D(G(z))^2: LSGAN, Mao et al. 2017, arXiv:1611.04076, eq. 9; no sigmoid."""
    return ((real - 1).square() + fake.square()) / 2


def least_squares_generator(real: Tensor, fake: Tensor) -> Tensor:
    """1/2 (D(G(z)) - 1)^2: Mao et al. 2017, eq. 9."""
    return (fake - 1).square() / 2


def hinge_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """max(0, 1 - D(x)) + max(0, 1 + D(G(z))): Lim & Ye 2017; Miyato et al. 2018, arXiv:1802.05957, eq. 16."""
    return F.relu(1 - real) + F.relu(1 + fake)


def wasserstein_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """D(G(z)) - D(x): minus the distance that D measures (Gulrajani et al. 2017, arXiv:1704.00028, eq. 3)."""
    return fake - real


def raw_score_generator(real: Tensor, fake: Tensor) -> Tensor:
    """-D(G(z)): the generator of the hinge loss (Miyato et al. 2018, eq. 17) and of the Wasserstein distance."""
    return -fake


LOSSES: dict[LossName, AdversarialLoss] = {
    "relativistic": AdversarialLoss(relativistic_discriminator, relativistic_generator),
    "non_saturating": AdversarialLoss(non_saturating_discriminator, non_saturating_generator),
    "minimax": AdversarialLoss(non_saturating_discriminator, minimax_generator),
    "mse": AdversarialLoss(mse_discriminator, mse_generator),
    "least_squares": AdversarialLoss(least_squares_discriminator, least_squares_generator, never_flat=False),
    "hinge": AdversarialLoss(hinge_discriminator, raw_score_generator, never_flat=False),
    "wasserstein_gp": AdversarialLoss(wasserstein_discriminator, raw_score_generator, "one_centred"),
}


def adversarial_loss(name: LossName) -> AdversarialLoss:
    """The two sides of a loss, and its penalty, by its name in params.yaml."""
    return LOSSES[name]
