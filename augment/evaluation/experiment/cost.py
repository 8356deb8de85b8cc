"""What a comparison will cost, told before it begins: fits, and minutes from a short probe on this very set."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from augment.core.engine import Engine
from augment.core.progress import counted, duration
from augment.data.imageset import ImageSet
from augment.evaluation.experiment.arms import Samples, augmentation_of, identical_arms
from augment.evaluation.experiment.classifier import ArmRun, fit_arm
from augment.evaluation.experiment.experiment import ExperimentSettings
from augment.gan import cost as gan_cost
from augment.gan.latent_transfer import descend, inversion_passes
from augment.gan.networks.build import new_generator, to_uint8
from augment.gan.per_class import Backend, ClassTraining, shared_job
from augment.gan.training.step import GanSettings
from augment.measure.classifiers import MAX_AHEAD_STEPS, FitSettings, SmallCnn, probabilities
from augment.params.arms import BASELINE_ARM, SOURCES, Arm
from augment.synthesis.selection import expected_candidates

PROBE_STEPS = MAX_AHEAD_STEPS  # whole turns of augmentation, each of which costs by the call
PROBE_BATCH = 8
SLOW_STEP_SECONDS = 0.5
PROBE_CANDIDATES = 64  # candidates
SEARCH_STEPS = 2


@dataclass(frozen=True)
class ExperimentCost:
    """Classifiers of the arms and of the class filter, candidates that it judges, and the minutes that all of these
    take together, with the search of latent transfer; GANs, and theirs."""

    classifiers: int
    filters: int
    candidates: int
    minutes: float
    gans: int
    gan_minutes: float


def measure_cost(
    train: ImageSet,
    seeds: Sequence[int],
    settings: ExperimentSettings,
    training: ClassTraining,
    sets: int,
    backend: Backend,
) -> ExperimentCost:
    """Time a few steps of classifiers, side by side as the comparison will run, and of a GAN, and count them up.

    sets: of GANs that are to be trained for repeats, as `training` says. Arms that augment alike are timed as one; the
    filter's classifiers learn as `classical` does.
    """
    engine = backend.engine
    arms = _arms_to_train(train, settings)
    ways = [augmentation_of(arm, settings.base_augmentation) for arm in arms]
    timed = list(dict.fromkeys([*ways, "classical"]))
    runs = [_probe_run(way or BASELINE_ARM, train, seeds[0], settings) for way in timed]
    seconds = dict(zip(timed, engine.gather(seconds_per_step, runs), strict=True))
    classifiers, filters = len(seeds) * len(arms), len(seeds) * settings.filter.folds
    work = len(seeds) * settings.fit.steps * sum(seconds[way] for way in ways)
    work += filters * settings.filter.fit.steps * seconds["classical"]
    candidates_per_class = expected_candidates(settings.wanted, settings.oversample, settings.filter.accept)
    candidates = len(seeds) * len(train.classes) * candidates_per_class
    gan = training.shared or training.classes[train.classes[0]]
    work += candidates * seconds_per_candidate(gan, train.images.shape[1:], settings.filter.folds)
    if settings.transfer_share > 0 and training.shared:
        work += (
            len(seeds) * inversion_passes(train.counts()) * seconds_per_pass(training.shared, train.images.shape[1:])
        )
    gans, gan_minutes = _gan_cost(train, seeds[0], training, sets, backend)
    minutes = work / (60 * min(engine.processes, classifiers))
    return ExperimentCost(classifiers, filters, candidates, minutes, gans, gan_minutes)


def _arms_to_train(train: ImageSet, settings: ExperimentSettings) -> list[Arm]:
    """The arms that come to the same as no other, once there are made images."""
    one_image = dict.fromkeys(train.classes, train.images[:1])
    identical = identical_arms(
        settings.arms,
        [train],
        [Samples(dict.fromkeys(SOURCES, one_image))],
        settings.base_augmentation,
    )
    return [arm for arm in settings.arms if arm not in identical]


def _gan_cost(train: ImageSet, seed: int, training: ClassTraining, sets: int, backend: Backend) -> tuple[int, float]:
    """How many GANs so many sets are, and their minutes."""
    if sets == 0:
        return 0, 0.0
    groups = gan_steps(training, sets)
    job = shared_job(train, training.shared or training.classes[train.classes[0]], seed, backend.device, "cost")
    (seconds,) = Engine("serial").gather(gan_cost.seconds_per_step, [job])
    gans = sum(map(len, groups))
    return gans, gan_cost.minutes(seconds, groups, backend.engine.processes, backend.stacked)


def gan_steps(training: ClassTraining, sets: int) -> list[list[int]]:
    """Steps of the shared GANs of so many sets, and of their classes' GANs; each group is trained side by side."""
    shared = [training.shared.steps] if training.shared else []
    return [shared * sets, [settings.steps for settings in training.classes.values()] * sets]


def cost_line(cost: ExperimentCost, settings: ExperimentSettings, engine: Engine) -> str:
    """The cost in one line, GANs first, since they are trained first."""
    processes = min(engine.processes, cost.classifiers)
    where = f"on {counted(processes, 'process')}"
    whole = duration(cost.minutes + cost.gan_minutes)
    gans = f"{cost.gans} GANs, as far as .work does not hold them: {duration(cost.gan_minutes)}; " if cost.gans else ""
    work = (
        f"{cost.classifiers} classifiers of {settings.fit.steps} steps, {cost.filters} of the class filter "
        f"({settings.filter.fit.steps} steps) and {cost.candidates} candidates that it judges"
    )
    line = f"{gans}{work}: {duration(cost.minutes)}; in all {whole} {where}"
    return f"{line}, from a few timed steps of each"


def seconds_per_step(run: ArmRun) -> float:
    """Seconds that a step of this arm's classifier takes; at least 0. One step runs before, to warm up.

    Where a step of a small batch is slow already, the image decides, and time goes with the batch: that is enough.
    """
    small = min(PROBE_BATCH, run.batch_size)
    times = [_fit_seconds(replace(run, batch_size=small), 1) for _ in range(2)]
    if times[1] > SLOW_STEP_SECONDS:
        return times[1] * run.batch_size / small
    times = [_fit_seconds(run, steps) for steps in (1, 1 + PROBE_STEPS)]
    return max(0.0, (times[1] - times[0]) / PROBE_STEPS)


def seconds_per_candidate(settings: GanSettings, shape: tuple[int, ...], folds: int) -> float:
    """Seconds to draw a sample of this shape (C, H, W) and to show it to the filter's classifiers, by new networks."""
    channels, height, width = shape
    generator = new_generator(settings.architecture(*shape)).eval()
    judge = SmallCnn(channels, height, width, classes=2).to(memory_format=torch.channels_last).eval()  # type: ignore[call-overload]

    def draw_and_judge(_: int) -> float:
        began = time.perf_counter()
        with torch.no_grad():
            images = to_uint8(generator(torch.zeros(PROBE_CANDIDATES, settings.latent))).numpy()
        for _ in range(folds):
            probabilities(judge, images)
        return (time.perf_counter() - began) / PROBE_CANDIDATES

    return min(Engine("serial").gather(draw_and_judge, range(3)))


def seconds_per_pass(settings: GanSettings, shape: tuple[int, ...]) -> float:
    """Seconds that one image of this shape (C, H, W) takes in a step of the search for its latent, by a new network."""
    generator = new_generator(settings.architecture(*shape)).eval().requires_grad_(False)
    images, latents = torch.zeros(PROBE_BATCH, *shape), torch.zeros(PROBE_BATCH, settings.latent)

    def search(_: int) -> float:
        began = time.perf_counter()
        descend(generator, images, latents, SEARCH_STEPS)
        return (time.perf_counter() - began) / (PROBE_BATCH * SEARCH_STEPS)

    return min(Engine("serial").gather(search, range(2)))  # the first one warms up


def _fit_seconds(run: ArmRun, steps: int) -> float:
    began = time.perf_counter()
    fit_arm(replace(run, fit=FitSettings(steps, run.fit.learning_rate)))
    return time.perf_counter() - began


def _probe_run(arm: Arm, train: ImageSet, seed: int, settings: ExperimentSettings) -> ArmRun:
    """Without made images every arm draws real ones, at the same price."""
    nothing = np.empty((0, *train.images.shape[1:]), dtype=np.uint8)
    return ArmRun(arm, seed, train, Samples(), nothing, nothing, settings.fit, settings.batch_size, settings.flips)
