"""The players G and D, one step of each, and the averaged generator.

Reads like the papers. What a run is stands in `run.py`, its loop in `fit.py`. Players may be a stack of K pairs
(`stack.py`): batches then hold the models' images in turns (`members.py`), and since every score hangs on
one image and one model's weights, the sum over models of their mean losses has each model's own gradient.
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
from augment.gan.training.penalties import add_penalty_gradient, input_grads_of, interpolates
from augment.params.types import Flips

ADAM_BETAS = (0.0, 0.99)
REFERENCE_PIXELS = 32 * 32
MIN_SCORE_GRAD = 1e-30  # far below any derivative that moves a weight
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
class Players:
    """G and D, the average of G, and the only source of randomness of a run.

    models: how many pairs these are at once; a stack of one is the plain pair.
    """

    generator: Generator
    discriminator: Discriminator
    average: Generator
    generator_optimizer: Adam
    discriminator_optimizer: Adam
    rng: torch.Generator
    step: int = 0
    models: int = 1


def new_players(architecture: Architecture, seed: int, learning_rate: float, device: str) -> Players:
    """Players before their first step; equal seeds give equal weights and equal noise, which are independent."""
    generator, discriminator = build(architecture, seed)
    average, _ = build(architecture, seed)
    generator, discriminator, average = (
        network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        for network in (generator, discriminator, average)
    )
    return Players(
        generator=generator,
        discriminator=discriminator,
        average=average.requires_grad_(False),
        generator_optimizer=new_optimizer(generator, learning_rate),
        discriminator_optimizer=new_optimizer(discriminator, learning_rate),
        rng=torch_rng(seed, "noise", device=device),
    )


def new_optimizer(network: Generator | Discriminator, learning_rate: float) -> Adam:
    """Adam without momentum; elementwise, so one serves all models of a stack."""
    return Adam(network.parameters(), learning_rate, ADAM_BETAS, fused=True)


class Outcome(NamedTuple):
    """What one step saw, detached: the loss of each player and the scores of the images, (N K,) each."""

    d_loss: Tensor
    g_loss: Tensor
    real_scores: Tensor
    fake_scores: Tensor


def adversarial_step(
    players: Players, real: Tensor, z: Tensor, *, loss: AdversarialLoss, augment: Augment, gamma: float
) -> Outcome:
    """One update of both players from one pass of D (Shen et al. 2021, arXiv:2103.00430).

    real: float (N K, C, H, W) in [-1, 1]; z: float (N K, latent). D scores every image by itself, so the
    slope dD/dx of each image times the derivative of a player's loss by its score is that player's
    gradient: D descends its loss, weighted gamma for its penalty (0 leaves it out), and G its own,
    both on D as it stood before the step.
    """
    images = augment(torch.cat([real, players.generator(z).float()]), players.rng)  # (2N K, C, H, W), hang on G's graph
    players.discriminator_optimizer.zero_grad(set_to_none=True)
    outcome, g_input_grads = gradients(players, images.detach(), loss, gamma)
    players.discriminator_optimizer.step()
    players.generator_optimizer.zero_grad(set_to_none=True)
    torch.autograd.backward(images, g_input_grads)
    players.generator_optimizer.step()
    return outcome


def gradients(players: Players, images: Tensor, loss: AdversarialLoss, gamma: float) -> tuple[Outcome, Tensor]:
    """Put the gradient of D's mean loss and penalty into D's weights; return that of G's mean loss by the images.

    images: float (2N K, C, H, W), N K real ones, then as many of G's, as D sees them.
    """
    seen = images.requires_grad_()
    scores = players.discriminator(seen).float()  # (2N K,)
    outcome, d_score_grads, g_score_grads = score_grads(loss, scores.detach(), players.models)
    if (
        loss.never_flat
    ):  # one backward pass gives the weights' gradient and, divided by the score grads, the input grads
        scores.backward(d_score_grads)
        assert seen.grad is not None
        input_grads = seen.grad / d_score_grads[:, None, None, None]
    else:
        input_grads = input_grads_of(scores, seen)
        scores.backward(d_score_grads, inputs=list(players.discriminator.parameters()))
    if gamma > 0:
        add_penalty(players, images.detach(), input_grads, loss, gamma)
    return outcome, g_score_grads[:, None, None, None] * input_grads


def score_grads(loss: AdversarialLoss, scores: Tensor, models: int) -> tuple[Outcome, Tensor, Tensor]:
    """The losses at these scores (2N K,), real then fake, and the derivatives of both mean losses by each score.

    The derivatives of D's loss are kept off zero, where the input gradients could not be read from its gradient.
    """
    scores = scores.requires_grad_()
    real, fake = scores.chunk(2)
    d_loss, g_loss = loss.discriminator(real, fake), loss.generator(real, fake)
    images_of_model = len(real) // models  # images that a model's mean is taken over
    (d_score_grads,) = torch.autograd.grad(d_loss.sum() / images_of_model, scores, retain_graph=True)
    (g_score_grads,) = torch.autograd.grad(g_loss.sum() / images_of_model, scores)
    outcome = Outcome(d_loss.detach(), g_loss.detach(), real.detach(), fake.detach())
    if loss.never_flat:
        d_score_grads = d_score_grads.abs().clamp(min=MIN_SCORE_GRAD)
        # real scores up, fake scores down
        d_score_grads = torch.cat([-d_score_grads[: len(real)], d_score_grads[len(real) :]])
    g_score_grads[: len(real)] = 0  # G has no part in real images
    return outcome, d_score_grads, g_score_grads


def add_penalty(players: Players, images: Tensor, input_grads: Tensor, loss: AdversarialLoss, gamma: float) -> None:
    """Add the gradient of the loss's penalty at the images that D sees.

    Zero-centred: gamma/2 (R1 + R2) (arXiv:2501.05441, eq. 2 and section 2.2). One-centred: gamma times
    the penalty between each real image and a fake (arXiv:1704.00028, eq. 3).
    """
    real, fake = images.chunk(2)
    if loss.penalty == "one_centred":
        images = interpolates(real, fake, players.rng).requires_grad_()
        input_grads = input_grads_of(players.discriminator(images).float(), images)
    add_penalty_gradient(players.discriminator, images, input_grads, loss.penalty, gamma * players.models / len(real))


@torch.no_grad()
def update_average(players: Players, ema_std: float) -> None:
    """Power-function average of G's weights: beta_t = (1 - 1/t)^(k+1) (arXiv:2312.02696, eq. 127).

    Its width is a share of the run so far, so one setting fits short and long runs.
    """
    beta = (1 - 1 / players.step) ** (_power(ema_std) + 1)
    torch._foreach_lerp_(list(players.average.parameters()), list(players.generator.parameters()), 1 - beta)


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
