"""The adversarial game: one step of each player, the averaged generator, and what they work on.

Reads like the papers. Loops, checkpoints and guards stand in `fit.py`.
"""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.optim import Adam

from augment.gan.diffaugment import DiffAugment
from augment.gan.losses import AdversarialLoss, LossName, gradient_penalty, interpolates, slope_penalty
from augment.gan.networks import Architecture, Discriminator, Generator, NetworkName, build

BETAS = (0.0, 0.99)
CHANNELS_LAST_FROM_PX = 16  # below, rearranging costs more than convolving saves
REFERENCE_PIXELS = 32 * 32
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
    augmentation: float
    color_augmentation: bool
    flips: Literal["none", "horizontal", "vertical", "both"]
    steps: int
    batch_size: int
    learning_rate: float
    ema_std: float
    precision: Literal["bf16", "fp32"]


@dataclass
class Game:
    """Both players, the average of one of them, and the only source of randomness of a run."""

    generator: Generator
    discriminator: Discriminator
    average: Generator
    generator_optimizer: Adam
    discriminator_optimizer: Adam
    rng: torch.Generator
    step: int = 0


def new_game(architecture: Architecture, seed: int, learning_rate: float, device: str) -> Game:
    """A game before its first step; equal seeds give equal weights."""
    generator, discriminator = build(architecture, seed)
    average, _ = build(architecture, seed)
    large = min(architecture.height, architecture.width) >= CHANNELS_LAST_FROM_PX
    layout = torch.channels_last if large else torch.contiguous_format
    return Game(
        generator=generator.to(device).to(memory_format=layout),  # type: ignore[call-overload]
        discriminator=discriminator.to(device).to(memory_format=layout),  # type: ignore[call-overload]
        average=average.to(device).to(memory_format=layout).requires_grad_(False),  # type: ignore[call-overload]
        generator_optimizer=Adam(generator.parameters(), learning_rate, BETAS, fused=True),
        discriminator_optimizer=Adam(discriminator.parameters(), learning_rate, BETAS, fused=True),
        rng=torch.Generator(device).manual_seed(seed),
    )


def discriminator_step(
    game: Game, real: Tensor, fake: Tensor, *, loss: AdversarialLoss, augment: DiffAugment, gamma: float
) -> tuple[Tensor, Tensor, Tensor]:
    """One update of D: the adversarial loss plus its penalty, weighted by gamma; gamma 0 leaves it out.

    real, fake: float (N, C, H, W) in [-1, 1]. A zero-centred penalty is gamma/2 (R1 + R2) at the images
    before augmentation (arXiv:2501.05441, eq. 2 and section 2.2); a one-centred one lies between the
    images that D sees (arXiv:1704.00028, eq. 3). Returns the adversarial loss and the scores of real
    and fake, all detached, (N,).
    """
    fake = fake.detach()
    zero_centred = gamma > 0 and loss.penalty == "zero_centred"
    if zero_centred:
        real, fake = real.requires_grad_(True), fake.requires_grad_(True)
    inputs = torch.cat([augment(real, game.rng), augment(fake, game.rng)])  # (2N, C, H, W)
    with full_precision() if gamma > 0 else keep_precision():
        logits = game.discriminator(inputs).float()  # one pass: D has no batch statistics
    real_logits, fake_logits = logits.chunk(2)
    adversarial = loss.discriminator(real_logits, fake_logits)  # (N,)
    objective = adversarial
    if zero_centred:
        objective = adversarial + gamma / 2 * (
            gradient_penalty(real_logits, real) + gradient_penalty(fake_logits, fake)
        )
    elif gamma > 0:
        objective = adversarial + gamma * penalty_between(game, *inputs.chunk(2))
    game.discriminator_optimizer.zero_grad(set_to_none=True)
    objective.mean().backward()  # type: ignore[no-untyped-call]
    game.discriminator_optimizer.step()
    return adversarial.detach(), real_logits.detach(), fake_logits.detach()


def penalty_between(game: Game, real: Tensor, fake: Tensor) -> Tensor:
    """The one-centred penalty at a random point between each real image and a fake, in fp32, (N,)."""
    between = interpolates(real, fake, game.rng).detach().requires_grad_(True)
    with full_precision():
        return slope_penalty(game.discriminator(between), between)


def generator_step(game: Game, real: Tensor, fake: Tensor, *, loss: AdversarialLoss, augment: DiffAugment) -> Tensor:
    """One update of G through the discriminator just updated; `fake` still hangs on G's graph.

    Returns the generator's loss, detached, (N,).
    """
    with torch.no_grad():
        real_logits = game.discriminator(augment(real.detach(), game.rng)).float()
    with frozen(game.discriminator):
        fake_logits = game.discriminator(augment(fake, game.rng)).float()
    objective = loss.generator(real_logits, fake_logits)  # (N,)
    game.generator_optimizer.zero_grad(set_to_none=True)
    objective.mean().backward()  # type: ignore[no-untyped-call]
    game.generator_optimizer.step()
    return objective.detach()


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


@contextmanager
def frozen(network: torch.nn.Module) -> Iterator[None]:
    """Gradients pass through the network but are not computed for its weights."""
    network.requires_grad_(False)
    try:
        yield
    finally:
        network.requires_grad_(True)


@contextmanager
def full_precision() -> Iterator[None]:
    """Second derivatives lose too much in bf16."""
    with torch.autocast("cpu", enabled=False), torch.autocast("cuda", enabled=False):
        yield


@contextmanager
def keep_precision() -> Iterator[None]:
    """Whatever autocast is in force."""
    yield


@functools.cache
def _power(std: float) -> float:
    """The exponent k whose average has this relative width (arXiv:2312.02696, eq. 123): solve for k by bisection."""
    low, high = 0.0, 1e4
    for _ in range(100):
        middle = (low + high) / 2
        wide = (middle + 1) ** 0.5 / ((middle + 2) * (middle + 3) ** 0.5) > std
        low, high = (middle, high) if wide else (low, middle)
    return low
