"""Train one GAN from start to finish: loop, curve, guards with roll-back, checkpoints, resume."""

import copy
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from augment.gan.diffaugment import DiffAugment
from augment.gan.guards import collapsed, discriminator_won, gap_limit, not_finite
from augment.gan.losses import LossName, adversarial_loss
from augment.gan.networks import Architecture, to_float
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
LOOK_EVERY = 5  # points of the curve, before the guards look and a good state is put by
MOST_ROLLBACKS = 2
LOOK_AT = 64  # images that the collapse guard compares


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

    curve: rows of step, d_loss, g_loss, win_rate, gap.
    """

    generator: Weights
    discriminator: Weights
    curve: list[dict[str, float]]
    rollbacks: list[str]
    reason: str = ""


@dataclass
class Progress:
    """What a run carries from step to step besides the game itself."""

    attempt: int = 0
    curve: list[dict[str, float]] = field(default_factory=list)
    rollbacks: list[str] = field(default_factory=list)
    sums: list[float] = field(default_factory=lambda: [0.0] * 5)  # count, d_loss, g_loss, win_rate, gap


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
    architecture = architecture_of(job)
    game, progress = begin(job, architecture), Progress()
    good = copy.deepcopy(snapshot(game, progress))
    if resume is not None:
        restore(game, progress, resume["now"])
        good = resume["good"]
    data = to_float(torch.from_numpy(job.images)).to(job.device)
    chances = torch.from_numpy(job.weights).to(job.device)
    steps, every = job.settings.steps, max(1, job.settings.steps // CURVE_POINTS)
    saved_at = time.monotonic()
    losses: list[Tensor] = []
    while game.step < steps:
        if stop():
            _save(save, game, progress, losses, good)
            raise KeyboardInterrupt
        losses.append(play(game, job.settings, data, chances))
        tell(game.step, steps)
        if game.step % every == 0 or game.step == steps:
            progress.curve.append(summarise(game.step, progress, losses))
            losses = []
            if len(progress.curve) % LOOK_EVERY == 0 or game.step == steps:
                reason = look(game, progress.curve[-1], data, job.settings.loss)
                if reason is None:
                    good = copy.deepcopy(snapshot(game, progress))
                elif progress.attempt == MOST_ROLLBACKS:
                    return GanResult({}, {}, progress.curve, progress.rollbacks, f"{reason} at step {game.step}")
                else:
                    roll_back(game, progress, good, job, reason)
        if save is not None and time.monotonic() - saved_at > save_seconds:
            _save(save, game, progress, losses, good)
            saved_at = time.monotonic()
    settle_statistics(game.average, derive_seed(job.seed, "batch norm"))
    return GanResult(cpu_weights(game.average), cpu_weights(game.discriminator), progress.curve, progress.rollbacks)


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


def play(game: Game, settings: GanSettings, data: Tensor, chances: Tensor) -> Tensor:
    """One step of both players. Returns float64 (4,): d_loss, g_loss, win rate, gap, without waiting for them."""
    loss = adversarial_loss(settings.loss)
    augment = DiffAugment(settings.augmentation, settings.flips, settings.color_augmentation)
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


def draw(data: Tensor, chances: Tensor, count: int, rng: torch.Generator) -> Tensor:
    """`count` images with replacement, so a class may be smaller than a batch."""
    return data[torch.multinomial(chances, count, replacement=True, generator=rng)]


def summarise(step: int, progress: Progress, losses: list[Tensor]) -> dict[str, float]:
    """The mean of the steps since the last row of the curve."""
    _accumulate(progress, losses)
    count, d_loss, g_loss, win_rate, gap = progress.sums
    progress.sums = [0.0] * 5
    return {"step": step, "d_loss": d_loss / count, "g_loss": g_loss / count,
            "win_rate": win_rate / count, "gap": gap / count}  # fmt: skip


def look(game: Game, row: dict[str, float], data: Tensor, loss: LossName) -> str | None:
    """All guards, cheapest first."""
    numbers = torch.tensor([row["d_loss"], row["g_loss"], row["gap"]])
    reason = not_finite(game, numbers) or discriminator_won(row["gap"], gap_limit(loss, data[0].numel()))
    if reason is not None or game.generator.architecture.network == "linear":
        return reason  # a one-layer D compares means: it neither sees variety nor asks for it
    with torch.no_grad():
        z = torch.randn(LOOK_AT, game.generator.architecture.latent, generator=torch.Generator().manual_seed(0))
        # Its own statistics of this batch: the average's have not been settled yet.
        batch_statistics = copy.deepcopy(game.average).train()
        return collapsed(batch_statistics(z.to(data.device)), data[:LOOK_AT])


def roll_back(game: Game, progress: Progress, good: dict[str, Any], job: GanJob, reason: str) -> None:
    """Return to the last good state with new noise and half the learning rate."""
    attempt, rollbacks = progress.attempt + 1, [*progress.rollbacks, f"step {game.step}: {reason}"]
    restore(game, progress, good)
    progress.attempt, progress.rollbacks = attempt, rollbacks
    game.rng.manual_seed(derive_seed(job.seed, "attempt", attempt))
    for optimizer in (game.generator_optimizer, game.discriminator_optimizer):
        for group in optimizer.param_groups:
            group["lr"] = job.settings.learning_rate / 2**attempt


def snapshot(game: Game, progress: Progress) -> dict[str, Any]:
    """Everything that the rest of the run depends on."""
    return {
        "generator": game.generator.state_dict(),
        "discriminator": game.discriminator.state_dict(),
        "average": game.average.state_dict(),
        "generator_optimizer": game.generator_optimizer.state_dict(),
        "discriminator_optimizer": game.discriminator_optimizer.state_dict(),
        "rng": game.rng.get_state(),
        "step": game.step,
        "progress": vars(replace(progress)),
    }


def restore(game: Game, progress: Progress, state: dict[str, Any]) -> None:
    """Put a snapshot back."""
    state = copy.deepcopy(state)
    game.generator.load_state_dict(state["generator"])
    game.discriminator.load_state_dict(state["discriminator"])
    game.average.load_state_dict(state["average"])
    game.generator_optimizer.load_state_dict(state["generator_optimizer"])
    game.discriminator_optimizer.load_state_dict(state["discriminator_optimizer"])
    game.rng.set_state(state["rng"])
    game.step = state["step"]
    for name, value in state["progress"].items():
        setattr(progress, name, value)


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
