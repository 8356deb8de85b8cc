"""GANs of one device that train together: in stacks, interval by interval.

A small network leaves a GPU waiting for its launches, and a stack takes as many of them as one GAN does. The
models part at the end of each interval, where every one adapts, is checked, kept or rolled back by itself,
as a run of its own is. Then those furthest behind go on together, so a model that lost an interval catches up
with the others, one that was given up or is finished takes no part, and none can spoil another.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from augment.core.errors import TrainingError
from augment.core.seeds import derive_seed
from augment.gan.training.augmentation import stacked_augmentation
from augment.gan.training.players import Players
from augment.gan.training.run import (
    GanJob,
    GanResult,
    OnRow,
    OnStep,
    Run,
    Save,
    ShouldStop,
    append_history,
    augmentation,
    begin_run,
    is_interval_end,
    never_ends,
    result_of,
    save_run,
)
from augment.gan.training.stack import stack_players, unstack_players
from augment.gan.training.step import train_step
from augment.gan.training.trainer import average_samples, end_interval

MAX_STACK_MODELS = 256  # of a group: each holds a file of the work store open, and systems allow about a thousand


def stackable(jobs: Sequence[GanJob]) -> list[list[int]]:
    """Positions of the jobs that can be stacked, at most `MAX_STACK_MODELS`: of equal settings and image sizes."""
    groups: dict[Any, list[int]] = {}
    for position, job in enumerate(jobs):
        groups.setdefault((job.settings, job.images.shape[1:], job.device), []).append(position)
    starts = [(group, at) for group in groups.values() for at in range(0, len(group), MAX_STACK_MODELS)]
    return [group[at : at + MAX_STACK_MODELS] for group, at in starts]


@dataclass(frozen=True)
class Slot:
    """A run among others. position: in the list of jobs; offset: where its images begin in the data of all."""

    position: int
    offset: int
    run: Run
    save: Save | None
    on_row: OnRow


def fit_stacked(
    jobs: Sequence[GanJob],
    *,
    resume: Sequence[dict[str, Any] | None] | None = None,
    saves: Sequence[Save] | None = None,
    save_seconds: float = 30.0,
    stop: ShouldStop = lambda: False,
    on_step: OnStep = lambda step, steps: None,
    on_rows: Sequence[OnRow] | None = None,
) -> Iterator[tuple[int, GanResult]]:
    """Train jobs that are `stackable`; yields (position, result) as they finish.

    Results are equal in distribution to those of `fit`, and so are the checkpoints, one of each model, written after
    an interval. Arguments are those of `fit`, of each job; on_rows: each is called with the last row of an interval.
    Raises `TrainingError` when the device cannot hold a single GAN; a stack that it cannot hold is halved.
    """
    if not jobs:
        return
    data = torch.from_numpy(np.concatenate([job.images for job in jobs])).to(jobs[0].device)
    count = len(jobs)
    slots = slots_of(jobs, data, resume or [None] * count, saves or [None] * count, on_rows or [never_ends] * count)
    max_models, saved_at = count, time.monotonic()
    while True:
        yield from ((slot.position, result_of(slot.run)) for slot in slots if slot.run.is_over)
        slots = [slot for slot in slots if not slot.run.is_over]
        if not slots:
            return
        group = furthest_behind(slots)[:max_models]
        try:
            interval = train_interval(group, data, stop, on_step)
        except torch.OutOfMemoryError as error:
            max_models = _halved(group, error)
            continue
        end_stack(group, interval)
        if not interval.complete or time.monotonic() - saved_at > save_seconds:
            for slot in slots:
                save_run(slot.run, slot.save)
            saved_at = time.monotonic()
        if not interval.complete:
            raise KeyboardInterrupt


def furthest_behind(slots: Sequence[Slot]) -> list[Slot]:
    """Those that can go on together first: where the clock shows least, of one learning rate."""
    players_of_slots = [slot.run.players for slot in slots]
    clocks = [(players.step, players.generator_optimizer.param_groups[0]["lr"]) for players in players_of_slots]
    last = min(clocks)
    return [slot for slot, clock in zip(slots, clocks, strict=True) if clock == last]


@dataclass(frozen=True)
class Interval:
    """What a stack has done. metrics: float64 (steps, K, 4), of `train_step`; samples: None when stopped."""

    stack: Players
    metrics: list[list[list[float]]]
    samples: Tensor | None
    complete: bool  # not stopped before its end


def train_interval(group: Sequence[Slot], data: Tensor, stop: ShouldStop, on_step: OnStep) -> Interval:
    """Train one stack of these to the end of their interval, or until it is stopped; the models stay as they are.

    data: the images of all, uint8 (M, C, H, W), one model's after the other's. No step waits for the device.
    """
    runs = [slot.run for slot in group]
    separate_players, settings = [run.players for run in runs], runs[0].job.settings
    _, _, height, width = data.shape
    augment = stacked_augmentation([augmentation(settings, run.progress) for run in runs], height, width, data.device)
    sampling_weights = pad_sequence([run.seen for run in runs], batch_first=True)
    offsets = torch.tensor([[slot.offset] for slot in group], device=data.device)
    stack = stack_players(separate_players, _seed(runs))
    metrics: list[Tensor] = []
    while complete := not stop():
        metrics.append(train_step(stack, settings, data, sampling_weights, augment, offsets))
        on_step(stack.step, settings.steps)
        if is_interval_end(stack.step, settings.steps):
            break
    rows = torch.stack(metrics).tolist() if metrics else []  # the only wait of an interval
    return Interval(stack, rows, average_samples(stack) if complete else None, complete)


def end_stack(group: Sequence[Slot], interval: Interval) -> None:
    """Give every model what was learnt, so that a stop loses no step, and end its interval."""
    runs = [slot.run for slot in group]
    before = runs[0].players.step
    unstack_players(interval.stack, [run.players for run in runs])
    for number, run in enumerate(runs):
        metrics = [of_models[number] for of_models in interval.metrics]
        append_history(run.progress, before, metrics, run.job.settings.steps)
        if interval.complete:
            ended = group[number].on_row(run.progress.history[-1])
            end_interval(run, None if interval.samples is None else interval.samples[number :: len(runs)], ended)
            run.ended = ended and run.players.step == interval.stack.step


def slots_of(
    jobs: Sequence[GanJob],
    data: Tensor,
    resume: Sequence[dict[str, Any] | None],
    saves: Sequence[Save | None],
    on_rows: Sequence[OnRow],
) -> list[Slot]:
    """The runs of these jobs, begun or resumed, with a view of each one's images."""
    slots, offset = [], 0
    for position, job in enumerate(jobs):
        images = data[offset : offset + len(job.images)]
        run = begin_run(job, images, resume[position])
        slots.append(Slot(position, offset, run, saves[position], on_rows[position]))
        offset += len(job.images)
    return slots


def _seed(runs: Sequence[Run]) -> int:
    """Of a stack's noise in one interval: named by who takes part, when, and after how many roll-backs."""
    parts = (part for run in runs for part in (run.job.seed, len(run.progress.rollbacks)))
    return derive_seed("stack", runs[0].players.step, *parts)


def _halved(group: Sequence[Slot], error: torch.OutOfMemoryError) -> int:
    if len(group) > 1:
        return len(group) // 2
    job = group[0].run.job
    raise TrainingError(
        f"{job.name}: {job.device} has not enough free memory for one GAN. Lower train.batch_size or train.width, make "
        "the images smaller (ingest.size), or set compute.device: cpu"
    ) from error
