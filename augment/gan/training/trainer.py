"""Train one GAN from start to finish: loop, history, checks with roll-back, checkpoints, resume."""

import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from augment.gan.networks.build import to_float
from augment.gan.training.curve import append_history, is_interval_end, is_row_end
from augment.gan.training.looks import average_samples, end_interval
from augment.gan.training.run import (
    GanJob,
    GanResult,
    Run,
    Save,
    augmentation,
    begin_run,
    result_of,
    save_run,
    train_step,
)


def fit(
    job: GanJob,
    *,
    resume: dict[str, Any] | None = None,
    save: Save | None = None,
    save_seconds: float = 30.0,
    stop: Callable[[], bool] = lambda: False,
    on_step: Callable[[int, int], None] = lambda step, steps: None,
) -> GanResult:
    """Train until `settings.steps`, rolling back at most twice when a check fails.

    resume: what an earlier call gave to `save`; the finished weights are those of a run that was
    never interrupted. stop: asked before each step; when true, saves and raises KeyboardInterrupt.
    on_step: called with (step, steps) after each step.
    """
    settings, steps = job.settings, job.settings.steps
    run = begin_run(job, to_float(torch.from_numpy(job.images)).to(job.device), resume)
    players, progress = run.players, run.progress
    saved_at = time.monotonic()
    losses: list[Tensor] = []
    while not run.is_over:
        if stop():
            record_steps(run, losses)
            save_run(run, save)
            raise KeyboardInterrupt
        losses.append(train_step(players, settings, run.data, run.seen, augmentation(settings, progress)))
        on_step(players.step, steps)
        if is_row_end(players.step, steps):
            record_steps(run, losses)
            if is_interval_end(players.step, steps):
                end_interval(run, average_samples(players))
        if not run.is_over and time.monotonic() - saved_at > save_seconds:
            record_steps(run, losses)
            save_run(run, save)
            saved_at = time.monotonic()
    return result_of(run)


def record_steps(run: Run, losses: list[Tensor]) -> None:
    """Put the metrics of the latest steps, float64 (1, 4) each, into the history, and empty the list."""
    metrics = torch.cat(losses).tolist() if losses else []
    losses.clear()
    append_history(run.progress, run.players.step - len(metrics), metrics, run.job.settings.steps)
