"""What training GANs will take, told before it begins: a few steps of a real job are timed, in seconds at most."""

import time
from collections.abc import Sequence

import torch

from augment.core.engine import Engine
from augment.core.progress import counted, duration
from augment.gan.training.run import GanJob, augmentation, begin_run
from augment.gan.training.step import train_step

SLOW_STEP_SECONDS = 1.0  # a step that takes longer says enough: what the first one warms up is small beside it
LONG_RUN_MINUTES = 30.0
SHORTER = ". Smaller images take less (ingest.size: half the side is about a quarter of the time)"


def seconds_per_step(job: GanJob) -> float:
    """Seconds of a step on this machine, in one thread: the mean of those with the lazy penalty and those without."""
    run = begin_run(job, torch.from_numpy(job.images).to(job.device), None)
    augment = augmentation(job.settings, run.progress)

    def timed(step: int) -> float:
        run.players.step = step
        began = time.perf_counter()
        train_step(run.players, job.settings, run.data, run.seen, augment).tolist()  # waits for a GPU
        return time.perf_counter() - began

    def warm(step: int) -> float:
        first = timed(step)
        return first if first > SLOW_STEP_SECONDS else timed(step)

    penalised, plain = 0, 1  # every `penalty_every`-th step, from 0 on, has the penalty
    every = job.settings.penalty_every
    rest = warm(plain) if every > 1 else 0.0
    return rest + (warm(penalised) - rest) / every


def minutes(seconds: float, groups: Sequence[Sequence[int]], processes: int, stacked: bool) -> float:
    """Minutes for GANs of so many steps each, one group after the other; a group's are trained side by side.

    stacked: all of a group at once, which takes at least as long as the longest alone.
    """
    of_groups = (max(group) if stacked else sum(group) / min(processes, len(group)) for group in groups if group)
    return seconds * sum(of_groups) / 60


def measured_cost_line(job: GanJob, groups: Sequence[Sequence[int]], processes: int, stacked: bool) -> str:
    """One line on what `groups` will take, from timed steps of `job`, which is like them all."""
    (seconds,) = Engine("serial").gather(seconds_per_step, [job])
    needed = minutes(seconds, groups, processes, stacked)
    if not stacked:
        return training_cost_line(needed, groups, processes)
    gans = sum(map(len, groups))
    return f"{counted(gans, 'GAN')} in stacks: {duration(needed)} or more, from a few timed steps of one"


def training_cost_line(needed: float, groups: Sequence[Sequence[int]], processes: int) -> str:
    """`needed` minutes in words, and what to do when they are many."""
    steps = [number for group in groups for number in group]
    gans = f"{counted(len(steps), 'GAN')}, {counted(sum(steps), 'step')}"
    line = f"{gans}: {duration(needed)} on {counted(processes, 'process')}, from a few timed steps"
    return line + SHORTER if needed > LONG_RUN_MINUTES else line
