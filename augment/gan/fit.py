"""Train one GAN from start to finish: loop, curve, guards with roll-back, checkpoints, resume."""

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from augment.gan.adaptive import first_probability, next_probability, overfitting, visible
from augment.gan.diffaugment import DiffAugment
from augment.gan.looks import ROWS, look
from augment.gan.losses import adversarial_loss
from augment.gan.networks import Architecture, to_float
from augment.gan.state import Progress, restore, snapshot
from augment.gan.training import (
    Game,
    GanSettings,
    adversarial_step,
    effective_gamma,
    new_game,
    settle_statistics,
    update_average,
)
from augment.seeds import derive_seed

Weights = dict[str, Tensor]
CURVE_POINTS = 50
SCORED = 64  # images of a kind that tell the overfitting


@dataclass(frozen=True)
class Start:
    """Weights to begin from: the averaged generator and the discriminator of a shared GAN.

    A bundle has no discriminator: None begins with a fresh one.
    """

    generator: Weights
    discriminator: Weights | None


@dataclass(frozen=True)
class GanJob:
    """One GAN to train. Two equal jobs give equal weights on one machine.

    images: uint8 (N, C, H, W); weights: float64 (N,), the chance of each image to be drawn.
    """

    name: str
    images: NDArray[np.uint8]
    weights: NDArray[np.float64]
    settings: GanSettings
    seed: int
    start: Start | None
    device: str


@dataclass(frozen=True)
class GanResult:
    """A finished GAN; `reason` says why there are no weights, if there are none.

    curve: rows of step, d_loss, g_loss, win_rate, gap, augmentation. leaks: what the samples show of
    the augmentation, which should have stayed in D's inputs.
    """

    generator: Weights
    discriminator: Weights
    curve: list[dict[str, float]]
    rollbacks: list[str]
    leaks: list[str]
    reason: str = ""


Save = Callable[[dict[str, Any]], None]


def fit(
    job: GanJob,
    *,
    resume: dict[str, Any] | None = None,
    save: Save | None = None,
    save_seconds: float = 30.0,
    stop: Callable[[], bool] = lambda: False,
    tell: Callable[[int, int], None] = lambda step, steps: None,
) -> GanResult:
    """Train until `settings.steps`, rolling back at most twice when a guard speaks.

    resume: what an earlier call gave to `save`; the finished weights are those of a run that was
    never interrupted. stop: asked before each step; when true, saves and raises KeyboardInterrupt.
    tell: called with (step, steps) after each step.
    """
    settings, steps = job.settings, job.settings.steps
    game, progress = (
        begin(job, architecture_of(job)),
        Progress(first_probability(settings.augmentation, len(job.images))),
    )
    good = copy.deepcopy(snapshot(game, progress))
    if resume is not None:
        restore(game, progress, resume["now"])
        good = resume["good"]
    data = to_float(torch.from_numpy(job.images)).to(job.device)
    every = max(1, steps // CURVE_POINTS)
    seen, unseen = chances_of(job, progress)
    saved_at = time.monotonic()
    losses: list[Tensor] = []
    while game.step < steps:
        if stop():
            _save(save, game, progress, losses, good)
            raise KeyboardInterrupt
        losses.append(play(game, settings, data, seen, augmentation(settings, progress)))
        tell(game.step, steps)
        if game.step % every == 0 or game.step == steps:
            summarise(game.step, progress, losses)
            if len(progress.curve) % ROWS == 0 or game.step == steps:
                if settings.augmentation == "auto":
                    adapt(game, progress, data, seen, unseen)
                good, reason = look(game, progress, good, settings, job.seed, data)
                seen, unseen = chances_of(job, progress)
                if reason:
                    return GanResult({}, {}, progress.curve, progress.rollbacks, progress.leaks, reason)
        if save is not None and time.monotonic() - saved_at > save_seconds:
            _save(save, game, progress, losses, good)
            saved_at = time.monotonic()
    settle_statistics(game.average, derive_seed(job.seed, "batch norm"))
    return GanResult(
        cpu_weights(game.average), cpu_weights(game.discriminator), progress.curve, progress.rollbacks, progress.leaks
    )


def architecture_of(job: GanJob) -> Architecture:
    """The networks that fit a job's images."""
    _, channels, height, width = job.images.shape
    settings = job.settings
    return Architecture(settings.network, channels, height, width, settings.latent, settings.features)


def begin(job: GanJob, architecture: Architecture) -> Game:
    """A fresh game, from the job's start if it has one."""
    game = new_game(architecture, job.seed, job.settings.learning_rate, job.device)
    if job.start is not None:
        game.generator.load_state_dict(job.start.generator)
        game.average.load_state_dict(job.start.generator)
        if job.start.discriminator is not None:
            game.discriminator.load_state_dict(job.start.discriminator)
    return game


def augmentation(settings: GanSettings, progress: Progress) -> DiffAugment:
    """What is done to D's inputs at this point of a run."""
    return DiffAugment(
        progress.probability, settings.flips, settings.color_augmentation, without=frozenset(progress.leaked)
    )


def play(game: Game, settings: GanSettings, data: Tensor, chances: Tensor, augment: DiffAugment) -> Tensor:
    """One step of both players. Returns float64 (4,): d_loss, g_loss, win rate, gap, without waiting for them."""
    loss = adversarial_loss(settings.loss)
    lazy = game.step % settings.penalty_every == 0
    gamma = effective_gamma(settings.gamma, game.generator.architecture, loss) * settings.penalty_every if lazy else 0.0
    real = draw(data, chances, settings.batch_size, game.rng)
    z = torch.randn(settings.batch_size, settings.latent, generator=game.rng, device=data.device)
    with torch.autocast(data.device.type, torch.bfloat16, enabled=settings.precision == "bf16"):
        seen = adversarial_step(game, real, z, loss=loss, augment=augment, gamma=gamma)
    game.step += 1
    update_average(game, settings.ema_std)
    gap = seen.real_scores - seen.fake_scores
    return torch.stack([seen.d_loss.mean(), seen.g_loss.mean(), (gap > 0).float().mean(), gap.mean()]).double()


def chances_of(job: GanJob, progress: Progress) -> tuple[Tensor, Tensor]:
    """The chance of each image to be drawn in this turn, float64 (N,), and of those that are hidden from D."""
    chances = torch.from_numpy(job.weights)
    if job.settings.augmentation != "auto":
        return chances.to(job.device), torch.zeros_like(chances)
    turn, every = len(progress.curve) // ROWS, max(1, job.settings.steps // CURVE_POINTS)
    turns = -(-job.settings.steps // (every * ROWS))
    shown = visible(len(chances), turn, turns, derive_seed(job.seed, "hidden"))
    return (chances * shown).to(job.device), (chances * ~shown).to(job.device)


def adapt(game: Game, progress: Progress, data: Tensor, seen: Tensor, unseen: Tensor) -> None:
    """Move the probability by how much D overfits the images that it saw in this turn."""
    if not unseen.any():
        return
    z = torch.randn(SCORED, game.generator.architecture.latent, generator=game.rng, device=data.device)
    with torch.no_grad():
        fake = game.generator(z)
    known, unknown = (draw(data, chances, SCORED, game.rng) for chances in (seen, unseen))
    progress.probability = next_probability(progress.probability, overfitting(game.discriminator, known, unknown, fake))


def draw(data: Tensor, chances: Tensor, count: int, rng: torch.Generator) -> Tensor:
    """`count` images with replacement, so a class may be smaller than a batch."""
    return data[torch.multinomial(chances, count, replacement=True, generator=rng)]


def summarise(step: int, progress: Progress, losses: list[Tensor]) -> None:
    """Add to the curve the mean of the steps since its last row."""
    _accumulate(progress, losses)
    losses.clear()
    count, d_loss, g_loss, win_rate, gap = progress.sums
    progress.sums = [0.0] * 5
    progress.curve.append(
        {"step": step, "d_loss": d_loss / count, "g_loss": g_loss / count, "win_rate": win_rate / count,
         "gap": gap / count, "augmentation": progress.probability}
    )  # fmt: skip


def cpu_weights(network: torch.nn.Module) -> Weights:
    """A copy of a network's weights and buffers, contiguous, on the CPU."""
    return {name: value.detach().cpu().contiguous().clone() for name, value in network.state_dict().items()}


def _save(save: Save | None, game: Game, progress: Progress, losses: list[Tensor], good: dict[str, Any]) -> None:
    _accumulate(progress, losses)
    losses.clear()
    if save is not None:
        save({"now": snapshot(game, progress), "good": good})


def _accumulate(progress: Progress, losses: list[Tensor]) -> None:
    """Add steps one after the other, so that where a checkpoint falls does not change the sums."""
    if losses:
        for values in torch.stack(losses).tolist():
            progress.sums = [total + value for total, value in zip(progress.sums, [1.0, *values], strict=True)]
