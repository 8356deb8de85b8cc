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
from augment.gan.losses import AdversarialLoss, LossName, gradient_penalty
from augment.gan.networks import Architecture, Discriminator, Generator, build

BETAS = (0.0, 0.99)
CHANNELS_LAST_FROM_PX = 16  # below, rearranging costs more than convolving saves
REFERENCE_PIXELS = 32 * 32


@dataclass(frozen=True)
class GanSettings:
    """How one GAN is trained; with the images, the start and the seed this decides its weights."""

    network: Literal["dcgan"]
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
    """One update of D: adversarial loss plus gamma/2 (R1 + R2) (arXiv:2501.05441, eq. 2 and section 2.2).

    real, fake: float (N, C, H, W) in [-1, 1]. The penalty is taken at the images before
    augmentation, in fp32; gamma 0 leaves it out. Returns the adversarial loss and the logits of
    real and fake, all detached, (N,).
    """
    fake = fake.detach()
    penalised = gamma > 0
    if penalised:
        real, fake = real.requires_grad_(True), fake.requires_grad_(True)
    inputs = torch.cat([augment(real, game.rng), augment(fake, game.rng)])  # (2N, C, H, W)
    with full_precision() if penalised else keep_precision():
        logits = game.discriminator(inputs).float()  # one pass: D has no batch statistics
    real_logits, fake_logits = logits.chunk(2)
    adversarial = loss.discriminator(real_logits, fake_logits)  # (N,)
    objective = adversarial
    if penalised:
        objective = adversarial + gamma / 2 * (
            gradient_penalty(real_logits, real) + gradient_penalty(fake_logits, fake)
        )
    game.discriminator_optimizer.zero_grad(set_to_none=True)
    objective.mean().backward()  # type: ignore[no-untyped-call]
    game.discriminator_optimizer.step()
    return adversarial.detach(), real_logits.detach(), fake_logits.detach()


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
    """Recompute batch-norm statistics under the averaged weights from fixed latents, then set eval mode."""
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


def effective_gamma(gamma: float, architecture: Architecture) -> float:
    """Gamma grows with the number of pixels: a gradient's squared norm is a sum over them."""
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
