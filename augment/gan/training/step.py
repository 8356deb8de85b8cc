"""The adversarial game: one step of each player, the averaged generator, and what they work on.

Reads like the papers. What a run is stands in `run.py`, its loop in `fit.py`. A game may be a stack of K games
(`stack.py`): batches then hold the members' images in turns (`members.py`), and since every score hangs on
one image and one member's weights, the sum over members of their mean losses has each member's own gradient.
"""

import functools
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.optim import Adam

from augment.core.seeds import torch_rng
from augment.gan.networks.build import Architecture, Discriminator, Generator, NetworkName, build
from augment.gan.training.adaptive_augmentation import Probability
from augment.gan.training.augmentation import Augment
from augment.gan.training.losses import AdversarialLoss, LossName
from augment.gan.training.penalties import add_gradient, interpolates, slopes_of
from augment.params.types import Flips

BETAS = (0.0, 0.99)
REFERENCE_PIXELS = 32 * 32
LEAST_PULL = 1e-30  # far below any derivative that moves a weight
LAMBDA_PER_GAMMA = 20.0  # the default gamma of 0.5 is then lambda = 10 of Gulrajani et al. 2017


@dataclass(frozen=True)
class GanSettings:
    """How one GAN is trained; with the images, the start and the seed this decides its weights."""

    network: NetworkName
    features: int
    latent: int
    loss: LossName
    gamma: float
    penalty_every: int
    augmentation: Probability
    color_augmentation: bool
    flips: Flips
    steps: int
    batch_size: int
    learning_rate: float
    ema_std: float
    precision: Literal["bf16", "fp32"]

    def architecture(self, channels: int, height: int, width: int) -> Architecture:
        """The networks that fit images of this shape."""
        return Architecture(self.network, channels, height, width, self.latent, self.features)


@dataclass
class Game:
    """Both players, the average of one of them, and the only source of randomness of a run.

    members: how many games this is at once; a stack of one is the plain game.
    """

    generator: Generator
    discriminator: Discriminator
    average: Generator
    generator_optimizer: Adam
    discriminator_optimizer: Adam
    rng: torch.Generator
    step: int = 0
    members: int = 1


def new_game(architecture: Architecture, seed: int, learning_rate: float, device: str) -> Game:
    """A game before its first step; equal seeds give equal weights and equal noise, which are independent."""
    generator, discriminator = build(architecture, seed)
    average, _ = build(architecture, seed)
    generator, discriminator, average = (
        network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        for network in (generator, discriminator, average)
    )
    return Game(
        generator=generator,
        discriminator=discriminator,
        average=average.requires_grad_(False),
        generator_optimizer=optimizer(generator, learning_rate),
        discriminator_optimizer=optimizer(discriminator, learning_rate),
        rng=torch_rng(seed, "noise", device=device),
    )


def optimizer(player: Generator | Discriminator, learning_rate: float) -> Adam:
    """Adam without momentum; elementwise, so one serves all members of a stack."""
    return Adam(player.parameters(), learning_rate, BETAS, fused=True)


class Outcome(NamedTuple):
    """What one step saw, detached: the loss of each player and the scores of the images, (N K,) each."""

    d_loss: Tensor
    g_loss: Tensor
    real_scores: Tensor
    fake_scores: Tensor


def adversarial_step(
    game: Game, real: Tensor, z: Tensor, *, loss: AdversarialLoss, augment: Augment, gamma: float
) -> Outcome:
    """One update of both players from one pass of D (Shen et al. 2021, arXiv:2103.00430).

    real: float (N K, C, H, W) in [-1, 1]; z: float (N K, latent). D scores every image by itself, so the
    slope dD/dx of each image times the derivative of a player's loss by its score is that player's
    gradient: D descends its loss, weighted gamma for its penalty (0 leaves it out), and G its own,
    both on D as it stood before the step.
    """
    images = augment(torch.cat([real, game.generator(z).float()]), game.rng)  # (2N K, C, H, W), hang on G's graph
    game.discriminator_optimizer.zero_grad(set_to_none=True)
    outcome, g_slopes = gradients(game, images.detach(), loss, gamma)
    game.discriminator_optimizer.step()
    game.generator_optimizer.zero_grad(set_to_none=True)
    torch.autograd.backward(images, g_slopes)
    game.generator_optimizer.step()
    return outcome


def gradients(game: Game, images: Tensor, loss: AdversarialLoss, gamma: float) -> tuple[Outcome, Tensor]:
    """Put the gradient of D's mean loss and penalty into D's weights; return that of G's mean loss by the images.

    images: float (2N K, C, H, W), N K real ones, then as many of G's, as D sees them.
    """
    seen = images.requires_grad_()
    scores = game.discriminator(seen).float()  # (2N K,)
    outcome, d_pulls, g_pulls = pulls(loss, scores.detach(), game.members)
    if loss.always_pulls:  # then one backward pass gives the weights' gradient and, divided by the pulls, the slopes
        scores.backward(d_pulls)
        assert seen.grad is not None
        slopes = seen.grad / d_pulls[:, None, None, None]
    else:
        slopes = slopes_of(scores, seen)
        scores.backward(d_pulls, inputs=list(game.discriminator.parameters()))
    if gamma > 0:
        penalise(game, images.detach(), slopes, loss, gamma)
    return outcome, g_pulls[:, None, None, None] * slopes


def pulls(loss: AdversarialLoss, scores: Tensor, members: int) -> tuple[Outcome, Tensor, Tensor]:
    """The losses at these scores (2N K,), real then fake, and the derivatives of both mean losses by each score.

    The derivatives of D's loss are kept off zero, where slopes could not be read from its gradient.
    """
    scores = scores.requires_grad_()
    real, fake = scores.chunk(2)
    d_loss, g_loss = loss.discriminator(real, fake), loss.generator(real, fake)
    own = len(real) // members  # images that a member's mean is taken over
    (d_pulls,) = torch.autograd.grad(d_loss.sum() / own, scores, retain_graph=True)
    (g_pulls,) = torch.autograd.grad(g_loss.sum() / own, scores)
    outcome = Outcome(d_loss.detach(), g_loss.detach(), real.detach(), fake.detach())
    if loss.always_pulls:
        d_pulls = d_pulls.abs().clamp(min=LEAST_PULL)
        d_pulls = torch.cat([-d_pulls[: len(real)], d_pulls[len(real) :]])  # real scores up, fake scores down
    g_pulls[: len(real)] = 0  # G has no part in real images
    return outcome, d_pulls, g_pulls


def penalise(game: Game, images: Tensor, slopes: Tensor, loss: AdversarialLoss, gamma: float) -> None:
    """Add the gradient of the loss's penalty at the images that D sees.

    Zero-centred: gamma/2 (R1 + R2) (arXiv:2501.05441, eq. 2 and section 2.2). One-centred: gamma times
    the penalty between each real image and a fake (arXiv:1704.00028, eq. 3).
    """
    real, fake = images.chunk(2)
    if loss.penalty == "one_centred":
        images = interpolates(real, fake, game.rng).requires_grad_()
        slopes = slopes_of(game.discriminator(images).float(), images)
    add_gradient(game.discriminator, images, slopes, loss.penalty, gamma * game.members / len(real))


@torch.no_grad()
def update_average(game: Game, ema_std: float) -> None:
    """Power-function average of G's weights: beta_t = (1 - 1/t)^(k+1) (arXiv:2312.02696, eq. 127).

    Its width is a share of the run so far, so one setting fits short and long runs.
    """
    beta = (1 - 1 / game.step) ** (_power(ema_std) + 1)
    torch._foreach_lerp_(list(game.average.parameters()), list(game.generator.parameters()), 1 - beta)


@torch.no_grad()
def settle_statistics(generator: Generator, seed: int, batches: int = 8, batch_size: int = 64) -> None:
    """Recompute batch-norm statistics, where there are any, under the averaged weights from fixed latents.

    Leaves the generator in eval mode.
    """
    rng = torch.Generator().manual_seed(seed)
    norms = [layer for layer in generator.modules() if isinstance(layer, torch.nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean over all batches
    generator.train()
    for _ in range(batches):
        z = torch.randn(batch_size, generator.architecture.latent, generator=rng)
        generator(z.to(next(generator.parameters()).device))
    generator.eval()


def effective_gamma(gamma: float, architecture: Architecture, loss: AdversarialLoss) -> float:
    """Gamma of R1 and R2 grows with the number of pixels: a gradient's squared norm is a sum over them.

    Where the slope is held at 1 its size is given, whatever the number of pixels.
    """
    if loss.penalty == "one_centred":
        return gamma * LAMBDA_PER_GAMMA
    return gamma * architecture.height * architecture.width / REFERENCE_PIXELS


@functools.cache
def _power(std: float) -> float:
    """The exponent k whose average has this relative width (arXiv:2312.02696, eq. 123): solve for k by bisection."""
    low, high = 0.0, 1e4
    for _ in range(100):
        middle = (low + high) / 2
        wide = (middle + 1) ** 0.5 / ((middle + 2) * (middle + 3) ** 0.5) > std
        low, high = (middle, high) if wide else (low, middle)
    return low
