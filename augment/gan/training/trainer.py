"""Train one GAN from start to finish: loop, curve, guards with roll-back, checkpoints, resume."""

import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from augment.gan.networks.build import to_float
from augment.gan.training.curve import record, row_ends, turn_ends
from augment.gan.training.looks import end_turn, samples_of
from augment.gan.training.run import GanJob, GanResult, Run, Save, augmentation, begun, keep, play, result_of


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
        if not run.over and time.monotonic() - saved_at > save_seconds:
            note(run, losses)
            keep(run, save)
            saved_at = time.monotonic()
    return result_of(run)


def note(run: Run, losses: list[Tensor]) -> None:
    """Put the figures of the latest steps, float64 (1, 4) each, into the curve, and empty the list."""
    figures = torch.cat(losses).tolist() if losses else []
    losses.clear()
    record(run.progress, run.game.step - len(figures), figures, run.job.settings.steps)
