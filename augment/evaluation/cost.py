"""What a comparison will cost, told before it begins: fits, and minutes from a short probe on this very set."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from augment.data.imageset import ImageSet
from augment.engine import Engine
from augment.evaluation.arms import ArmRun, Samples, fit_arm
from augment.evaluation.compare import Comparing
from augment.measure.classifiers import FitSettings
from augment.params import Arm
from augment.progress import duration

PROBE_STEPS = 5
SMALL_BATCH = 8
SLOW_S = 0.5


@dataclass(frozen=True)
class Cost:
    """Classifiers of the arms, classifiers of the class filter, and the minutes that both take together."""

    classifiers: int
    filters: int
    minutes: float


def measured_cost(train: ImageSet, seeds: Sequence[int], settings: Comparing, engine: Engine) -> Cost:
    """Time a few steps of every arm, side by side as the comparison will run, and count them up.

    The filter's classifiers learn as `classical` does. GANs are not in it.
    """
    arms: list[Arm] = [*settings.arms, "classical"]
    runs = [_probe_run(arm, train, seeds[0], settings) for arm in arms]
    seconds = dict(engine.map(seconds_per_step, runs))
    classifiers, filters = len(seeds) * len(settings.arms), len(seeds) * settings.filter.folds
    work = len(seeds) * settings.fit.steps * sum(seconds[position] for position in range(len(settings.arms)))
    work += filters * settings.filter.fit.steps * seconds[len(settings.arms)]
    return Cost(classifiers, filters, work / (60 * _processes(engine, classifiers)))


def cost_line(cost: Cost, settings: Comparing, engine: Engine, gans: int) -> str:
    """The cost in one line; `gans` more are to be trained first."""
    processes = _processes(engine, cost.classifiers)
    where = f"on {processes} process{'es' if processes > 1 else ''}"
    return (
        f"{cost.classifiers} classifiers of {settings.fit.steps} steps and {cost.filters} of the class filter "
        f"({settings.filter.fit.steps} steps): {duration(cost.minutes)} {where}, from a few timed steps of each arm. "
        f"Before that {gans} GANs, as far as .work does not hold them; they tell their own time."
    )


def seconds_per_step(run: ArmRun) -> float:
    """Seconds that a step of this arm's classifier takes; at least 0. One step runs before, to warm up.

    Where a step of a small batch is slow already, the image decides, and time goes with the batch: that is enough.
    """
    small = min(SMALL_BATCH, run.batch_size)
    times = [_seconds(replace(run, batch_size=small), 1) for _ in range(2)]
    if times[1] > SLOW_S:
        return times[1] * run.batch_size / small
    times = [_seconds(run, steps) for steps in (1, 1 + PROBE_STEPS)]
    return max(0.0, (times[1] - times[0]) / PROBE_STEPS)


def _seconds(run: ArmRun, steps: int) -> float:
    began = time.perf_counter()
    fit_arm(replace(run, fit=FitSettings(steps, run.fit.learning_rate)))
    return time.perf_counter() - began


def _probe_run(arm: Arm, train: ImageSet, seed: int, settings: Comparing) -> ArmRun:
    """Without made images every arm draws real ones, at the same price."""
    nothing = np.empty((0, *train.images.shape[1:]), dtype=np.uint8)
    samples = Samples(raw={}, filtered={}, copies={})
    return ArmRun(arm, seed, train, samples, nothing, nothing, settings.fit, settings.batch_size, settings.flips)


def _processes(engine: Engine, units: int) -> int:
    return 1 if engine.kind == "serial" else min(engine.jobs, units)
