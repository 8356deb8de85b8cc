"""What an experiment will cost: fits, and minutes from a few timed steps. It is told, and decides nothing.

`measure_cost` counts and times on the very set, just before the experiment; `forecast` a whole run on noise, for
`augment check`, before there is anything to train on.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch

from augment.core.engine import Engine
from augment.core.progress import counted, duration
from augment.core.seeds import numpy_rng
from augment.data.imageset import ImageSet
from augment.data.split.pool import FOLDS
from augment.evaluation.arms.draws import Samples, identical_arms
from augment.evaluation.arms.scratch import ScratchFit, fit_scratch
from augment.evaluation.experiment.settings import ExperimentSettings, classifier_steps
from augment.evaluation.experiment.training_sets import FOLD_REPETITIONS
from augment.gan import cost as gan_cost
from augment.gan.latent_transfer import descend, inversion_passes
from augment.gan.networks.build import new_generator, to_uint8
from augment.gan.per_class import Backend, ClassTraining, shared_job
from augment.gan.settings import class_training, load_pinned_start, start_backend
from augment.gan.training.run import GanSettings
from augment.measure.classifiers import FitSettings, SmallCnn, probabilities, steps_ahead
from augment.params import Params
from augment.params.arms import BASELINE_ARM, SOURCES, Arm, augmentation_of, family_of
from augment.synthesis.selection import expected_candidates, samples_per_class

PROBE_STEPS = 8  # at least; where more batches are augmented in one go, all of these, since a call costs too
PROBE_BATCH = 8
SLOW_STEP_SECONDS = 0.5
PROBE_CANDIDATES = 64  # candidates
SEARCH_STEPS = 2


@dataclass(frozen=True)
class ExperimentCost:
    """Classifiers of the arms and of the class filter, candidates that it judges, and the minutes of all of these with
    the search of latent transfer; GANs, and theirs."""

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
    ways = [augmentation_of(arm, settings.base) for arm in arms]
    timed = list(dict.fromkeys([*ways, "classical"]))
    runs = [_probe_run(way or BASELINE_ARM, train, settings.fit, settings.batch_size, settings.flips) for way in timed]
    seconds = dict(zip(timed, engine.gather(seconds_per_step, runs), strict=True))
    classifiers, filters = len(seeds) * len(arms), len(seeds) * settings.filter.folds
    work = len(seeds) * settings.fit.steps * sum(seconds[way] for way in ways)
    work += filters * settings.filter.fit.steps * seconds["classical"]
    per_class = expected_candidates(settings.wanted, settings.oversample, settings.filter.accept)
    candidates = len(seeds) * len(train.classes) * per_class
    gan, shape = training.shared or training.classes[train.classes[0]], train.images.shape[1:]
    work += candidates * seconds_per_candidate(gan, shape, settings.filter.folds)
    if settings.transfer_share > 0 and training.shared:
        work += len(seeds) * inversion_passes(train.counts()) * seconds_per_pass(training.shared, shape)
    gans, gan_minutes = _gan_cost(train, seeds[0], training, sets, backend)
    minutes = work / (60 * min(engine.processes, classifiers))
    return ExperimentCost(classifiers, filters, candidates, minutes, gans, gan_minutes)


def _arms_to_train(train: ImageSet, settings: ExperimentSettings) -> list[Arm]:
    """The arms that come to the same as no other, once there are made images."""
    every_kind = Samples(dict.fromkeys(SOURCES, dict.fromkeys(train.classes, train.images[:1])))
    identical = identical_arms(settings.arms, [train], [every_kind], settings.base)
    return [arm for arm in settings.arms if arm not in identical and family_of(arm, settings.base) == "scratch"]


def _gan_cost(train: ImageSet, seed: int, training: ClassTraining, sets: int, backend: Backend) -> tuple[int, float]:
    """How many GANs so many sets are, and their minutes."""
    if sets == 0:
        return 0, 0.0
    groups = gan_steps(training, sets)
    job = shared_job(train, training.shared or training.classes[train.classes[0]], seed, backend.device, "cost")
    (seconds,) = Engine("serial").gather(gan_cost.seconds_per_step, [job])
    return sum(map(len, groups)), gan_cost.minutes(seconds, groups, backend.engine.processes, backend.stacked)


def gan_steps(training: ClassTraining, sets: int) -> list[list[int]]:
    """Steps of the shared GANs of so many sets, and of their classes' GANs; each group is trained side by side."""
    shared = [training.shared.steps] if training.shared else []
    return [shared * sets, [settings.steps for settings in training.classes.values()] * sets]


def cost_line(cost: ExperimentCost, settings: ExperimentSettings, engine: Engine) -> str:
    """The cost in one line, GANs first, since they are trained first."""
    processes = min(engine.processes, cost.classifiers)
    whole = f"{duration(cost.minutes + cost.gan_minutes)} on {counted(processes, 'process')}"
    gans = f"{cost.gans} GANs, as far as .work does not hold them: {duration(cost.gan_minutes)}; " if cost.gans else ""
    work = (
        f"{cost.classifiers} classifiers of {settings.fit.steps} steps, {cost.filters} of the class filter "
        f"({settings.filter.fit.steps} steps) and {cost.candidates} candidates that it judges"
    )
    return f"{gans}{work}: {duration(cost.minutes)}; in all {whole}, from a few timed steps of each"


def seconds_per_step(run: ScratchFit) -> float:
    """Seconds that a step of this arm's classifier takes; at least 0. One step runs before, to warm up.

    Where a step of a small batch is slow already, the image decides, and time goes with the batch: that is enough.
    """
    small = min(PROBE_BATCH, run.batch_size)
    times = [_fit_seconds(replace(run, batch_size=small), 1) for _ in range(2)]
    if times[1] > SLOW_STEP_SECONDS:
        return times[1] * run.batch_size / small
    timed = max(PROBE_STEPS, steps_ahead(run.train.images.shape[1:]))
    times = [_fit_seconds(run, steps) for steps in (1, 1 + timed)]
    return max(0.0, (times[1] - times[0]) / timed)


def seconds_per_candidate(settings: GanSettings, shape: tuple[int, ...], folds: int) -> float:
    """Seconds to draw a sample of this shape (C, H, W) and to show it to the filter's classifiers, by new networks."""
    channels, height, width = shape
    generator = new_generator(settings.architecture(*shape)).eval()
    judge = SmallCnn(channels, height, width, classes=2).to(memory_format=torch.channels_last).eval()  # type: ignore[call-overload]

    def draw_and_judge() -> None:
        with torch.no_grad():
            images = to_uint8(generator(torch.zeros(PROBE_CANDIDATES, settings.latent))).numpy()
        for _ in range(folds):
            probabilities(judge, images)

    return _warm_seconds(draw_and_judge) / PROBE_CANDIDATES


def seconds_per_pass(settings: GanSettings, shape: tuple[int, ...]) -> float:
    """Seconds that one image of this shape (C, H, W) takes in a step of the search for its latent, by a new network."""
    generator = new_generator(settings.architecture(*shape)).eval().requires_grad_(False)
    images, latents = torch.zeros(PROBE_BATCH, *shape), torch.zeros(PROBE_BATCH, settings.latent)
    search = partial(descend, generator, images, latents, SEARCH_STEPS)
    return _warm_seconds(search) / (PROBE_BATCH * SEARCH_STEPS)


def _warm_seconds(work: Callable[[], object]) -> float:
    """The fastest of three calls in one thread: the first one warms up."""
    return min(Engine("serial").gather(_seconds, [work] * 3))


def _fit_seconds(run: ScratchFit, steps: int) -> float:
    return _seconds(partial(fit_scratch, replace(run, fit=FitSettings(steps, run.fit.learning_rate))))


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _probe_run(arm: Arm, train: ImageSet, fit: FitSettings, batch_size: int, flips: str) -> ScratchFit:
    """Without made images every arm draws real ones, at the same price."""
    return ScratchFit(arm, 0, train, Samples(), fit, batch_size, flips)


def forecast(shape: tuple[int, int, int], counts: Mapping[str, int], params: Params) -> list[str]:
    """Two lines: the GANs of all repeats, and the classifiers of the comparison.

    shape: (C, H, W). counts: images of each class. Raises `ParamsError` and `BundleError` for settings of `train`
    that do not fit such images.
    """
    backend, noise = start_backend(params.compute), _noise_images(shape, list(counts))
    training = _training(shape, counts, params, backend.device)
    first = training.shared or next(iter(training.classes.values()))
    job = shared_job(noise, first, params.seed, backend.device, "forecast")
    groups = gan_step_groups(training, params)
    gans = gan_cost.measured_cost_line(job, groups, backend.engine.processes, backend.stacked)
    fit = FitSettings(1, params.evaluate.learning_rate)
    run = _probe_run("classical", noise, fit, params.evaluate.batch_size, params.ingest.flips)
    seconds = seconds_per_step(run) * total_classifier_steps(params, classifier_steps(params.evaluate, *shape[1:]))
    seconds += seconds_per_candidate(first, shape, params.generate.folds) * candidate_count(params, noise)
    compared = f"{classifier_count(params)} classifiers: {duration(seconds / backend.engine.processes / 60)}"
    return [f"a run trains {gans}", f"and compares {compared}"]


def _training(shape: tuple[int, int, int], counts: Mapping[str, int], params: Params, device: str) -> ClassTraining:
    """As the train stage resolves it; overrides of other classes, and a start that is not there, count for nothing."""
    _, height, width = shape
    overrides = {label: own for label, own in params.train.overrides.items() if label in counts}
    train, flips = params.train.model_copy(update={"overrides": overrides}), params.ingest.flips
    start = load_pinned_start(train, *shape) if Path(train.base).exists() else None
    return class_training(train, counts, flips=flips, height=height, width=width, device=device, pinned_start=start)


def repeat_counts(params: Params) -> tuple[int, int]:
    """Repeats, and those that need GANs of their own; whether `repeated` has disjoint sets is guessed before ingest."""
    if params.evaluate.protocol == "holdout":
        return params.evaluate.seeds, params.evaluate.seeds - 1
    if params.ingest.train_per_class is not None:
        return params.evaluate.repeats, params.evaluate.repeats - 1
    return FOLDS * FOLD_REPETITIONS, FOLDS * FOLD_REPETITIONS


def gan_step_groups(training: ClassTraining, params: Params) -> list[list[int]]:
    """Steps of the GANs of a whole run: `train` makes those that are delivered, `experiment` those of its repeats."""
    return [*gan_steps(training, 1), *gan_steps(training, repeat_counts(params)[1])]


def classifier_count(params: Params) -> int:
    """Classifiers of all arms and repeats, those of the class filter not counted."""
    return repeat_counts(params)[0] * len(params.evaluate.arm_names)


def candidate_count(params: Params, train: ImageSet) -> int:
    """Of the delivered samples and of all repeats; train: images of the shape and the classes of the set."""
    chosen = params.generate
    per_class = expected_candidates(samples_per_class(chosen, train), chosen.oversample, chosen.accept)
    return (1 + repeat_counts(params)[0]) * len(train.classes) * per_class


def total_classifier_steps(params: Params, steps_each: int) -> int:
    """Of all classifiers: `steps_each` of every one, and those of the class filters of `generate` and all repeats."""
    filters = (1 + repeat_counts(params)[0]) * params.generate.folds * params.generate.filter_steps
    return classifier_count(params) * steps_each + filters


def _noise_images(shape: tuple[int, int, int], classes: Sequence[str]) -> ImageSet:
    """Two images of every class; what they show changes no time."""
    labels = np.repeat(np.array(classes), 2)
    names = np.arange(len(labels)).astype(np.str_)
    images = numpy_rng("forecast").integers(0, 256, (len(labels), *shape), dtype=np.uint8)
    return ImageSet(images, labels, names, names)
