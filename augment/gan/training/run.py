"""A run: a GAN on its way from a job to a result, and one step of it.

The loops stand in `trainer.py`, with what happens at the end of each interval, and in `stacked_trainer.py`.
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
from augment.gan.training.adaptive_augmentation import initial_probability, visible_images
from augment.gan.training.augmentation import Augment, DiffAugment
from augment.gan.training.losses import adversarial_loss
from augment.gan.training.state import INTERVAL_ROWS, RunProgress, deep_copy, intervals_of, restore, snapshot
from augment.gan.training.step import (
    GanSettings,
    Players,
    adversarial_step,
    effective_gamma,
    new_players,
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

    images: uint8 (N, C, H, W); sampling_weights: float64 (N,), the probability of each image to be drawn.
    """

    name: str
    images: NDArray[np.uint8]
    sampling_weights: NDArray[np.float64]
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

    history: rows of step, d_loss, g_loss, win_rate, gap, augmentation. leaks: what the samples show of
    the augmentation, which should have stayed in D's inputs.
    """

    generator: Weights
    discriminator: Weights
    history: list[dict[str, float]]
    rollbacks: list[str]
    leaks: list[str]
    reason: str = ""


@dataclass
class Run:
    """A GAN on its way; `reason` says why it was given up, if it was.

    data: its images, float (N, C, H, W), on its device. seen, unseen: float64 (N,), the sampling weight of
    each image in this interval, and of those that are hidden from D.
    """

    job: GanJob
    players: Players
    progress: RunProgress
    good: dict[str, Any]  # the last state that a check found nothing wrong with
    data: Tensor
    seen: Tensor
    unseen: Tensor
    reason: str = ""

    @property
    def is_over(self) -> bool:
        """Nothing is left to do."""
        return bool(self.reason) or self.players.step >= self.job.settings.steps


def begin_run(job: GanJob, data: Tensor, resume: dict[str, Any] | None) -> Run:
    """A run before its first step, or where an earlier one was saved."""
    players = players_of(job)
    progress = RunProgress(initial_probability(job.settings.augmentation, len(job.images)))
    good = deep_copy(snapshot(players, progress))
    if resume is not None:
        restore(players, progress, resume["now"])
        good = resume["good"]
    return Run(job, players, progress, good, data, *sampling_weights_of(job, progress))


def players_of(job: GanJob) -> Players:
    """Fresh players, from the job's start if it has one."""
    players = new_players(job.architecture, job.seed, job.settings.learning_rate, job.device)
    if job.start is not None:
        players.generator.load_state_dict(job.start.generator)
        players.average.load_state_dict(job.start.generator)
        if job.start.discriminator is not None:
            players.discriminator.load_state_dict(job.start.discriminator)
    return players


def train_step(
    players: Players,
    settings: GanSettings,
    data: Tensor,
    sampling_weights: Tensor,
    augment: Augment,
    offsets: Tensor | None = None,
) -> Tensor:
    """One step of both players. Returns float64 (K, 4), each model's losses, win rate and logit margin, unawaited.

    sampling_weights, offsets: as `draw_images` takes them.
    """
    loss, models = adversarial_loss(settings.loss), players.models
    lazy = players.step % settings.penalty_every == 0
    gamma = (
        effective_gamma(settings.gamma, players.generator.architecture, loss) * settings.penalty_every if lazy else 0.0
    )
    real = draw_images(data, sampling_weights, settings.batch_size, players.rng, offsets)
    z = torch.randn(settings.batch_size * models, settings.latent, generator=players.rng, device=data.device)
    with torch.autocast(data.device.type, torch.bfloat16, enabled=settings.precision == "bf16"):
        seen = adversarial_step(players, real, z, loss=loss, augment=augment, gamma=gamma)
    torch.clear_autocast_cache()  # an autocast around this one would keep the weights of the first step for all
    players.step += 1
    update_average(players, settings.ema_std)
    logit_margin = seen.real_scores - seen.fake_scores
    step_metrics = torch.stack([seen.d_loss, seen.g_loss, (logit_margin > 0).float(), logit_margin])  # (4, N K)
    return step_metrics.view(4, -1, models).mean(dim=1).T.double()


def augmentation(settings: GanSettings, progress: RunProgress) -> DiffAugment:
    """What is done to D's inputs at this point of a run."""
    return DiffAugment(
        progress.probability, settings.flips, settings.color_augmentation, without=frozenset(progress.leaked)
    )


def draw_images(
    data: Tensor, sampling_weights: Tensor, count: int, rng: torch.Generator, offsets: Tensor | None = None
) -> Tensor:
    """`count` images with replacement, so a class may be smaller than a batch.

    sampling_weights: float64 (N,), of each image of `data`. For a stack float64 (K, most images of a model), and
    offsets: int64 (K, 1), where each model's images begin in `data`; then `count` of each model, in turns.
    """
    drawn = torch.multinomial(sampling_weights, count, replacement=True, generator=rng)
    return data[drawn if offsets is None else (offsets + drawn).T.flatten()]


def sampling_weights_of(job: GanJob, progress: RunProgress) -> tuple[Tensor, Tensor]:
    """The sampling weight of each image in this interval, float64 (N,), and of those that are hidden from D."""
    sampling_weights = torch.from_numpy(job.sampling_weights)
    if job.settings.augmentation != "auto":
        return sampling_weights.to(job.device), torch.zeros_like(sampling_weights)
    interval, intervals = len(progress.history) // INTERVAL_ROWS, intervals_of(job.settings.steps)
    shown = visible_images(len(sampling_weights), interval, intervals, derive_seed(job.seed, "hidden"))
    return (sampling_weights * shown).to(job.device), (sampling_weights * ~shown).to(job.device)


def save_run(run: Run, save: Save | None) -> None:
    """Save all that the rest of a run depends on that is not over; why one was given up is no part of it."""
    if save is not None:
        save({"now": snapshot(run.players, run.progress), "good": run.good})


def result_of(run: Run) -> GanResult:
    """What is left of a run that is over."""
    records = run.progress.history, run.progress.rollbacks, run.progress.leaks
    if run.reason:
        return GanResult({}, {}, *records, run.reason)
    settle_statistics(run.players.average, derive_seed(run.job.seed, "batch norm"))
    return GanResult(cpu_weights(run.players.average), cpu_weights(run.players.discriminator), *records)


def cpu_weights(network: torch.nn.Module) -> Weights:
    """A copy of a network's weights and buffers, contiguous, on the CPU."""
    return {name: value.detach().cpu().contiguous().clone() for name, value in network.state_dict().items()}
