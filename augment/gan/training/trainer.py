"""Train one GAN from start to finish: its loop with checkpoints and resume, and the interval checks with roll-back."""

import time
from typing import Any

import torch
from torch import Tensor
from torch.func import functional_call

from augment.gan.networks.build import to_float
from augment.gan.training.adaptive_augmentation import next_probability, overfitting
from augment.gan.training.augmentation import Operation, operations
from augment.gan.training.augmentation_leaks import find_leaks
from augment.gan.training.checks import evenly_spaced, find_fault, is_alike
from augment.gan.training.players import Players, deep_copy, roll_back, snapshot
from augment.gan.training.run import (
    INTERVAL_ROWS,
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
    is_row_end,
    never_ends,
    result_of,
    sampling_weights_of,
    save_run,
)
from augment.gan.training.step import draw_images, train_step

MAX_ROLLBACKS = 2
CHECKED_SAMPLES = 64
OVERFITTING_IMAGES = 64  # images of a kind that tell the overfitting
YOUNG_UNTIL = 0.5  # of a run from scratch: its samples may be alike, and come to differ
LEAK_CHECK_FROM = 0.7  # of the run: samples of a young G bear marks of their own, and lose them
MAX_LEAK_REFERENCES = 256  # real images whose marks are counted


def end_interval(run: Run, samples: Tensor | None, ends: bool) -> None:
    """The augmentation adapts, samples of the average are checked, and other images are hidden from D. ends: whether
    the run is to end here."""
    if run.job.settings.augmentation == "auto":
        adapt_augmentation(run)
    check_interval(run, samples, ends)
    run.seen, run.unseen = sampling_weights_of(run.job, run.progress)


def adapt_augmentation(run: Run) -> None:
    """Move the probability by how much D overfits the images that it saw in this interval."""
    if not run.unseen.any():
        return
    players, progress, latent = run.players, run.progress, run.job.settings.latent
    z = torch.randn(OVERFITTING_IMAGES, latent, generator=players.rng, device=run.data.device)
    with torch.no_grad():
        fake = players.generator(z)
    seen, unseen = (draw_images(run.data, of, OVERFITTING_IMAGES, players.rng) for of in (run.seen, run.unseen))
    overfit = overfitting(players.discriminator, seen, unseen, fake)
    progress.probability = next_probability(progress.probability, overfit)


def check_interval(run: Run, samples: Tensor | None, ends: bool) -> None:
    """Keep the state when all is well, else return to the last good one, or give the run up.

    A fault costs an attempt, a leak its operation; samples of a young G that are alike cost nothing, and what drew them
    is not kept as good. samples: of the average, as `average_samples` gives them.
    """
    players, progress, settings = run.players, run.progress, run.job.settings
    rows = progress.history[-INTERVAL_ROWS:]
    reason = find_fault(players, rows, settings.loss, samples, run.data)
    is_young = run.job.start is None and not ends and players.step < YOUNG_UNTIL * settings.steps
    alike = is_young and reason is not None and samples is not None and is_alike(samples, run.data)
    if alike:
        reason = find_fault(players, rows, settings.loss, None, run.data)
    if reason is not None and progress.attempt == MAX_ROLLBACKS:
        run.reason = f"{reason} at step {players.step}"
        return
    late = players.step >= LEAK_CHECK_FROM * settings.steps
    leaks = leaks_in(samples, run) if late and reason is None else {}
    fresh = sorted(set(leaks) - set(progress.leaked))
    if reason is None and not fresh:
        progress.leaks = list(leaks.values())
        run.good = run.good if alike else deep_copy(snapshot(players, progress))
        return
    progress.attempt += reason is not None
    progress.leaked = [*progress.leaked, *fresh]
    cause = reason or "; ".join(leaks[operation] for operation in fresh)
    progress.rollbacks = [*progress.rollbacks, f"step {players.step}: {cause}"]
    roll_back(players, progress, run.good, run.job.seed, settings.learning_rate)


def average_samples(players: Players) -> Tensor | None:
    """`CHECKED_SAMPLES` images of the average, float (N, C, H, W), under the batch's statistics: its own are unsettled.

    Of a stack as many of each model, in turns, from the same latents. None of a linear pair: its D sees means
    alone, so nothing asks its G for variety.
    """
    if players.generator.architecture.network == "linear":
        return None
    z = torch.randn(CHECKED_SAMPLES, players.generator.architecture.latent, generator=torch.Generator().manual_seed(0))
    z = z.repeat_interleave(players.models, dim=0)
    statistics = {name: buffer.clone() for name, buffer in players.average.named_buffers()}  # the average keeps its own
    with torch.no_grad():
        images: Tensor = functional_call(players.average, statistics, (z.to(players.rng.device),))
    return images.float()


def leaks_in(samples: Tensor | None, run: Run) -> dict[Operation, str]:
    """What samples show of the operations that the settings allow for these images."""
    if samples is None or run.job.settings.augmentation == 0:
        return {}
    suspects = operations(*run.data.shape[2:], color=run.job.settings.color_augmentation)
    return find_leaks(samples, to_float(evenly_spaced(run.data, MAX_LEAK_REFERENCES)), suspects)


def fit(
    job: GanJob,
    *,
    resume: dict[str, Any] | None = None,
    save: Save | None = None,
    save_seconds: float = 30.0,
    stop: ShouldStop = lambda: False,
    on_step: OnStep = lambda step, steps: None,
    on_row: OnRow = never_ends,
) -> GanResult:
    """Train until `settings.steps`, rolling back at most twice when a check fails.

    resume: what an earlier call gave to `save`; the finished weights are those of a run that was never interrupted.
    stop: asked before each step; when true, saves and raises KeyboardInterrupt. on_step: called after each step.
    on_row: called with each row of the history; when true, the run ends there, if its samples pass the checks.
    """
    settings, steps = job.settings, job.settings.steps
    run = begin_run(job, torch.from_numpy(job.images).to(job.device), resume)
    players, progress = run.players, run.progress
    saved_at = time.monotonic()
    metrics: list[Tensor] = []  # of the steps that no row holds yet
    while not run.is_over:
        if stop():
            record_steps(run, metrics)
            save_run(run, save)
            raise KeyboardInterrupt
        metrics.append(train_step(players, settings, run.data, run.seen, augmentation(settings, progress)))
        on_step(players.step, steps)
        if is_row_end(players.step, steps):
            record_steps(run, metrics)
            ended, step = on_row(progress.history[-1]), players.step
            if ended or is_interval_end(step, steps):
                end_interval(run, average_samples(players), ended)
                run.ended = ended and players.step == step
        if not run.is_over and time.monotonic() - saved_at > save_seconds:
            record_steps(run, metrics)
            save_run(run, save)
            saved_at = time.monotonic()
    return result_of(run)


def record_steps(run: Run, metrics: list[Tensor]) -> None:
    """Put the metrics of the latest steps, float64 (1, 4) each, into the history, and empty the list."""
    rows = torch.cat(metrics).tolist() if metrics else []
    metrics.clear()
    append_history(run.progress, run.players.step - len(rows), rows, run.job.settings.steps)
