"""A run: a GAN on its way from a job to a result.

Its steps make rows of means in the history, its rows make intervals, each a share of the run. The loops stand in
`trainer.py`, with what happens at the end of each interval, and in `stacked_trainer.py`; a step in `step.py`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from augment.core.seeds import derive_seed
from augment.gan.networks.architecture import Architecture, NetworkName
from augment.gan.training.adaptive_augmentation import Probability, initial_probability, visible_images
from augment.gan.training.augmentation import DiffAugment
from augment.gan.training.losses import LossName
from augment.gan.training.players import (
    Players,
    RunProgress,
    deep_copy,
    new_players,
    restore,
    settle_statistics,
    snapshot,
)
from augment.params.types import Flips

HISTORY_COLUMNS = ("step", "d_loss", "g_loss", "win_rate", "gap", "augmentation")
HISTORY_ROWS = 50  # rows of a whole run
INTERVAL_ROWS = 5  # of an interval, at whose end the augmentation adapts and samples are checked
Weights = dict[str, Tensor]
Save = Callable[[dict[str, Any]], None]
ShouldStop = Callable[[], bool]
OnStep = Callable[[int, int], None]  # step, steps
OnRow = Callable[[dict[str, float]], bool]  # of the history; whether the run is to end here


def never_ends(row: dict[str, float]) -> bool:
    """What a run is told after each row that nobody watches."""
    return False


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
        return Architecture(self.network, channels, height, width, self.latent, self.features)


@dataclass(frozen=True)
class Start:
    """Weights to begin from: the averaged generator and the discriminator of a shared GAN, None for a fresh one."""

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
        return self.settings.architecture(*self.images.shape[1:])


@dataclass(frozen=True)
class GanResult:
    """A finished GAN; `reason` says why there are no weights, if there are none.

    history: rows of `HISTORY_COLUMNS`; leaks: what the samples show of the augmentation of D's inputs.
    """

    generator: Weights
    discriminator: Weights
    history: list[dict[str, float]]
    rollbacks: list[str]
    leaks: list[str]
    reason: str = ""

    @property
    def steps(self) -> int:
        """How many it was trained: all of its settings, or fewer where it was told to end."""
        return int(self.history[-1]["step"])


@dataclass
class Run:
    """A GAN on its way; `reason` says why it was given up, if it was; `ended`: whether it was told to end early.

    data: its images, uint8 (N, C, H, W), on its device. seen, unseen: float64 (N,), the sampling weight of
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
    ended: bool = False

    @property
    def is_over(self) -> bool:
        return bool(self.reason) or self.ended or self.players.step >= self.job.settings.steps


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


def sampling_weights_of(job: GanJob, progress: RunProgress) -> tuple[Tensor, Tensor]:
    """The sampling weight of each image in this interval, float64 (N,), and of those that are hidden from D."""
    sampling_weights = torch.from_numpy(job.sampling_weights)
    if job.settings.augmentation != "auto":
        return sampling_weights.to(job.device), torch.zeros_like(sampling_weights)
    interval = len(progress.history) // INTERVAL_ROWS
    intervals = -(-job.settings.steps // (steps_per_row(job.settings.steps) * INTERVAL_ROWS))
    shown = visible_images(len(sampling_weights), interval, intervals, derive_seed(job.seed, "hidden"))
    return (sampling_weights * shown).to(job.device), (sampling_weights * ~shown).to(job.device)


def augmentation(settings: GanSettings, progress: RunProgress) -> DiffAugment:
    """What is done to D's inputs at this point of a run."""
    return DiffAugment(progress.probability, settings.flips, settings.color_augmentation, frozenset(progress.leaked))


def steps_per_row(steps: int) -> int:
    return max(1, steps // HISTORY_ROWS)


def is_row_end(step: int, steps: int) -> bool:
    return step % steps_per_row(steps) == 0 or step == steps


def is_interval_end(step: int, steps: int) -> bool:
    return step % (steps_per_row(steps) * INTERVAL_ROWS) == 0 or step == steps


def append_history(progress: RunProgress, step_before: int, metrics: Sequence[Sequence[float]], steps: int) -> None:
    """Put the metrics of the steps after `step_before` into the history: losses, win rate and logit margin of each.

    Adds them one after the other, so that where a checkpoint falls does not change the sums.
    """
    for step, values in enumerate(metrics, step_before + 1):
        progress.sums = [total + value for total, value in zip(progress.sums, [1.0, *values], strict=True)]
        if is_row_end(step, steps):
            count, *totals = progress.sums
            row = [step, *(total / count for total in totals), progress.probability]
            progress.history.append(dict(zip(HISTORY_COLUMNS, row, strict=True)))
            progress.sums = [0.0] * 5


def save_run(run: Run, save: Save | None) -> None:
    """Save all that the rest of a run depends on, unless it is over; why one was given up is no part of it."""
    if save is not None and not run.is_over:
        save({"now": snapshot(run.players, run.progress), "good": run.good})


def result_of(run: Run) -> GanResult:
    """What is left of a run that is over."""
    records = run.progress.history, run.progress.rollbacks, run.progress.leaks
    if run.reason:
        return GanResult({}, {}, *records, run.reason)
    settle_statistics(run.players.average, derive_seed(run.job.seed, "batch norm"))
    generator, discriminator = (  # copies
        {name: value.detach().cpu().contiguous().clone() for name, value in network.state_dict().items()}
        for network in (run.players.average, run.players.discriminator)
    )
    return GanResult(generator, discriminator, *records)
