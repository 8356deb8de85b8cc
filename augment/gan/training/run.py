"""A run: a GAN on its way from a job to a result, and one step of it.

The loops stand in `fit.py` and `together.py`, what happens at the end of each turn in `looks.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from augment.core.seeds import derive_seed
from augment.gan.networks.build import Architecture
from augment.gan.training.adaptive_augmentation import first_probability, visible
from augment.gan.training.augmentation import Augment, DiffAugment
from augment.gan.training.curve import ROWS, turns_of
from augment.gan.training.losses import adversarial_loss
from augment.gan.training.state import Progress, copied, restore, snapshot
from augment.gan.training.step import (
    Game,
    GanSettings,
    adversarial_step,
    effective_gamma,
    new_game,
    settle_statistics,
    update_average,
)

Weights = dict[str, Tensor]
Save = Callable[[dict[str, Any]], None]


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

    @property
    def architecture(self) -> Architecture:
        """The networks that fit its images."""
        return self.settings.architecture(*self.images.shape[1:])


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


def begun(job: GanJob, data: Tensor, resume: dict[str, Any] | None) -> Run:
    """A run before its first step, or where an earlier one was saved."""
    game = game_of(job)
    progress = Progress(first_probability(job.settings.augmentation, len(job.images)))
    good = copied(snapshot(game, progress))
    if resume is not None:
        restore(game, progress, resume["now"])
        good = resume["good"]
    return Run(job, game, progress, good, data, *chances_of(job, progress))


def game_of(job: GanJob) -> Game:
    """A fresh game, from the job's start if it has one."""
    game = new_game(job.architecture, job.seed, job.settings.learning_rate, job.device)
    if job.start is not None:
        game.generator.load_state_dict(job.start.generator)
        game.average.load_state_dict(job.start.generator)
        if job.start.discriminator is not None:
            game.discriminator.load_state_dict(job.start.discriminator)
    return game


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
    torch.clear_autocast_cache()  # an autocast around this one would keep the weights of the first step for all
    game.step += 1
    update_average(game, settings.ema_std)
    gap = seen.real_scores - seen.fake_scores
    figures = torch.stack([seen.d_loss, seen.g_loss, (gap > 0).float(), gap])  # (4, N K)
    return figures.view(4, -1, members).mean(dim=1).T.double()


def augmentation(settings: GanSettings, progress: Progress) -> DiffAugment:
    """What is done to D's inputs at this point of a run."""
    return DiffAugment(
        progress.probability, settings.flips, settings.color_augmentation, without=frozenset(progress.leaked)
    )


def draw(data: Tensor, chances: Tensor, count: int, rng: torch.Generator, first: Tensor | None = None) -> Tensor:
    """`count` images with replacement, so a class may be smaller than a batch.

    chances: float64 (N,) of each image of `data`. For a stack float64 (K, most images of a member), and
    first: int64 (K, 1), where each member's images begin in `data`; then `count` of each member, in turns.
    """
    drawn = torch.multinomial(chances, count, replacement=True, generator=rng)
    return data[drawn if first is None else (first + drawn).T.flatten()]


def chances_of(job: GanJob, progress: Progress) -> tuple[Tensor, Tensor]:
    """The chance of each image to be drawn in this turn, float64 (N,), and of those that are hidden from D."""
    chances = torch.from_numpy(job.weights)
    if job.settings.augmentation != "auto":
        return chances.to(job.device), torch.zeros_like(chances)
    turn, turns = len(progress.curve) // ROWS, turns_of(job.settings.steps)
    shown = visible(len(chances), turn, turns, derive_seed(job.seed, "hidden"))
    return (chances * shown).to(job.device), (chances * ~shown).to(job.device)


def keep(run: Run, save: Save | None) -> None:
    """Save all that the rest of a run depends on that is not over; why one was given up is no part of it."""
    if save is not None:
        save({"now": snapshot(run.game, run.progress), "good": run.good})


def result_of(run: Run) -> GanResult:
    """What is left of a run that is over."""
    told = run.progress.curve, run.progress.rollbacks, run.progress.leaks
    if run.reason:
        return GanResult({}, {}, *told, run.reason)
    settle_statistics(run.game.average, derive_seed(run.job.seed, "batch norm"))
    return GanResult(cpu_weights(run.game.average), cpu_weights(run.game.discriminator), *told)


def cpu_weights(network: torch.nn.Module) -> Weights:
    """A copy of a network's weights and buffers, contiguous, on the CPU."""
    return {name: value.detach().cpu().contiguous().clone() for name, value in network.state_dict().items()}
