"""Train one GAN from start to finish: loop, curve, guards with roll-back, checkpoints, resume."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from augment.gan.adaptive import first_probability, next_probability, overfitting, visible
from augment.gan.curve import ROWS, record, row_ends, turn_ends, turns_of
from augment.gan.diffaugment import Augment, DiffAugment
from augment.gan.looks import look, samples_of
from augment.gan.losses import adversarial_loss
from augment.gan.networks import Architecture, to_float
from augment.gan.state import Progress, copied, restore, snapshot
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


@dataclass
class Run:
    """A GAN on its way; `reason` says why it was given up, if it was.

    data: its images, float (N, C, H, W), on its device. seen, unseen: float64 (N,), the chance of each image
    to be drawn in this turn, and of those that are hidden from D.
    """

    job: GanJob
    game: Game
    progress: Progress
    good: dict[str, Any]  # the last state that a look found nothing wrong with
    data: Tensor
    seen: Tensor
    unseen: Tensor
    reason: str = ""

    @property
    def over(self) -> bool:
        """Nothing is left to play."""
        return bool(self.reason) or self.game.step >= self.job.settings.steps


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
    run = begun(job, to_float(torch.from_numpy(job.images)).to(job.device), resume)
    game, progress = run.game, run.progress
    saved_at = time.monotonic()
    losses: list[Tensor] = []
    while not run.over:
        if stop():
            note(run, losses)
            keep(run, save)
            raise KeyboardInterrupt
        losses.append(play(game, settings, run.data, run.seen, augmentation(settings, progress)))
        tell(game.step, steps)
        if row_ends(game.step, steps):
            note(run, losses)
            if turn_ends(game.step, steps):
                end_turn(run, samples_of(game))
        if save is not None and time.monotonic() - saved_at > save_seconds:
            note(run, losses)
            keep(run, save)
            saved_at = time.monotonic()
    return result_of(run)


def begun(job: GanJob, data: Tensor, resume: dict[str, Any] | None) -> Run:
    """A run before its first step, or where an earlier one was saved."""
    game = begin(job, architecture_of(job))
    progress = Progress(first_probability(job.settings.augmentation, len(job.images)))
    good = copied(snapshot(game, progress))
    if resume is not None:
        restore(game, progress, resume["now"])
        good = resume["good"]
    return Run(job, game, progress, good, data, *chances_of(job, progress))


def end_turn(run: Run, samples: Tensor | None) -> None:
    """What happens ten times in a run: the augmentation adapts, and samples of the average are looked at."""
    settings = run.job.settings
    if settings.augmentation == "auto":
        adapt(run.game, run.progress, run.data, run.seen, run.unseen)
    run.good, run.reason = look(run.game, run.progress, run.good, settings, run.job.seed, run.data, samples)
    run.seen, run.unseen = chances_of(run.job, run.progress)


def result_of(run: Run) -> GanResult:
    """What is left of a run that is over."""
    told = run.progress.curve, run.progress.rollbacks, run.progress.leaks
    if run.reason:
        return GanResult({}, {}, *told, run.reason)
    settle_statistics(run.game.average, derive_seed(run.job.seed, "batch norm"))
    return GanResult(cpu_weights(run.game.average), cpu_weights(run.game.discriminator), *told)


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


def play(
    game: Game, settings: GanSettings, data: Tensor, chances: Tensor, augment: Augment, first: Tensor | None = None
) -> Tensor:
    """One step of both players. Returns float64 (K, 4), each member's d_loss, g_loss, win rate and gap, unawaited.

    chances, first: as `draw` takes them.
    """
    loss, members = adversarial_loss(settings.loss), game.members
    lazy = game.step % settings.penalty_every == 0
    gamma = effective_gamma(settings.gamma, game.generator.architecture, loss) * settings.penalty_every if lazy else 0.0
    real = draw(data, chances, settings.batch_size, game.rng, first)
    z = torch.randn(settings.batch_size * members, settings.latent, generator=game.rng, device=data.device)
    with torch.autocast(data.device.type, torch.bfloat16, enabled=settings.precision == "bf16"):
        seen = adversarial_step(game, real, z, loss=loss, augment=augment, gamma=gamma)
    game.step += 1
    update_average(game, settings.ema_std)
    gap = seen.real_scores - seen.fake_scores
    figures = torch.stack([seen.d_loss, seen.g_loss, (gap > 0).float(), gap])  # (4, N K)
    return figures.view(4, -1, members).mean(dim=1).T.double()


def chances_of(job: GanJob, progress: Progress) -> tuple[Tensor, Tensor]:
    """The chance of each image to be drawn in this turn, float64 (N,), and of those that are hidden from D."""
    chances = torch.from_numpy(job.weights)
    if job.settings.augmentation != "auto":
        return chances.to(job.device), torch.zeros_like(chances)
    turn, turns = len(progress.curve) // ROWS, turns_of(job.settings.steps)
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


def draw(data: Tensor, chances: Tensor, count: int, rng: torch.Generator, first: Tensor | None = None) -> Tensor:
    """`count` images with replacement, so a class may be smaller than a batch.

    chances: float64 (N,) of each image of `data`. For a stack float64 (K, most images of a member), and
    first: int64 (K, 1), where each member's images begin in `data`; then `count` of each member, in turns.
    """
    drawn = torch.multinomial(chances, count, replacement=True, generator=rng)
    return data[drawn if first is None else (first + drawn).T.flatten()]


def note(run: Run, losses: list[Tensor]) -> None:
    """Put the figures of the latest steps, float64 (1, 4) each, into the curve, and empty the list."""
    figures = torch.cat(losses).tolist() if losses else []
    losses.clear()
    record(run.progress, run.game.step - len(figures), figures, run.job.settings.steps)


def keep(run: Run, save: Save | None) -> None:
    """Save all that the rest of the run depends on."""
    if save is not None:
        save({"now": snapshot(run.game, run.progress), "good": run.good})


def cpu_weights(network: torch.nn.Module) -> Weights:
    """A copy of a network's weights and buffers, contiguous, on the CPU."""
    return {name: value.detach().cpu().contiguous().clone() for name, value in network.state_dict().items()}
