"""What a whole run will take on images of a size, before there is anything to train on: steps on noise are timed."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from augment.core.progress import duration
from augment.core.seeds import numpy_rng
from augment.data.imageset import ImageSet
from augment.data.split.pool import FOLDS
from augment.evaluation.experiment import cost
from augment.evaluation.experiment.arms import Samples
from augment.evaluation.experiment.classifier import ArmRun
from augment.evaluation.experiment.protocol import FOLD_REPETITIONS
from augment.evaluation.experiment.settings import classifier_steps
from augment.gan import cost as gan_cost
from augment.gan.per_class import ClassTraining, shared_job
from augment.gan.settings import class_training, load_pinned_start, start_backend
from augment.measure.classifiers import FitSettings
from augment.params import Params
from augment.synthesis.selection import expected_candidates
from augment.synthesis.settings import samples_per_class


def forecast(shape: tuple[int, int, int], counts: Mapping[str, int], params: Params) -> list[str]:
    """Two lines: the GANs of all repeats, and the classifiers of the comparison.

    shape: (C, H, W). counts: images of each class. Raises `ParamsError` and `BundleError` for settings of `train`
    that do not fit such images.
    """
    backend, noise = start_backend(params.compute), _noise_images(shape, list(counts))
    training = _training(shape, counts, params, backend.device)
    first = training.shared or next(iter(training.classes.values()))
    job = shared_job(noise, first, params.seed, backend.device, "forecast")
    gans = gan_cost.measured_cost_line(
        job, gan_step_groups(training, params), backend.engine.processes, backend.stacked
    )
    run = ArmRun(
        "classical", 0, noise, Samples(), noise.images[:0], noise.images[:0],
        FitSettings(1, params.evaluate.learning_rate), params.evaluate.batch_size, params.ingest.flips,
    )  # fmt: skip
    steps = total_classifier_steps(params, classifier_steps(params.evaluate, *shape[1:]))
    seconds = cost.seconds_per_step(run) * steps
    seconds += cost.seconds_per_candidate(first, shape, params.generate.folds) * candidate_count(params, noise)
    compared = f"{classifier_count(params)} classifiers: {duration(seconds / backend.engine.processes / 60)}"
    return [f"a run trains {gans}", f"and compares {compared}"]


def _training(shape: tuple[int, int, int], counts: Mapping[str, int], params: Params, device: str) -> ClassTraining:
    """As the train stage resolves it; overrides of other classes, and a start that is not there, count for nothing."""
    channels, height, width = shape
    overrides = {label: own for label, own in params.train.overrides.items() if label in counts}
    train = params.train.model_copy(update={"overrides": overrides})
    start = load_pinned_start(train, channels, height, width) if Path(train.base).exists() else None
    flips = params.ingest.flips
    return class_training(train, counts, flips=flips, height=height, width=width, device=device, pinned_start=start)


def repeat_counts(params: Params) -> tuple[int, int]:
    """Repeats of the comparison, and those that need GANs of their own; `repeated` is guessed from `train_per_class`.

    Whether that leaves images enough for disjoint training sets is only known after ingest.
    """
    if params.evaluate.protocol == "holdout":
        return params.evaluate.seeds, params.evaluate.seeds - 1
    if params.ingest.train_per_class is not None:
        return params.evaluate.repeats, params.evaluate.repeats - 1
    return FOLDS * FOLD_REPETITIONS, FOLDS * FOLD_REPETITIONS


def gan_step_groups(training: ClassTraining, params: Params) -> list[list[int]]:
    """Steps of the GANs of a whole run: `train` makes those that are delivered, `evaluate` those of its repeats."""
    _, further = repeat_counts(params)
    return [*cost.gan_steps(training, 1), *cost.gan_steps(training, further)]


def classifier_count(params: Params) -> int:
    """Classifiers of all arms and repeats, those of the class filter not counted."""
    return repeat_counts(params)[0] * len(params.evaluate.arm_names)


def candidate_count(params: Params, train: ImageSet) -> int:
    """Of the delivered samples and of all repeats; train: images of the shape and the classes of the set."""
    wanted = samples_per_class(params.generate, train)
    per_class = expected_candidates(wanted, params.generate.oversample, params.generate.accept)
    return (1 + repeat_counts(params)[0]) * len(train.classes) * per_class


def total_classifier_steps(params: Params, steps_each: int) -> int:
    """Steps of all classifiers of a run: `steps_each` of every one, and those of the class filters of `generate` and of
    all repeats."""
    filters = (1 + repeat_counts(params)[0]) * params.generate.folds * params.generate.filter_steps
    return classifier_count(params) * steps_each + filters


def _noise_images(shape: tuple[int, int, int], classes: Sequence[str]) -> ImageSet:
    """Two images of every class; what they show changes no time."""
    labels = np.array([label for label in classes for _ in range(2)])
    names = np.array([str(number) for number in range(len(labels))])
    images = numpy_rng("forecast").integers(0, 256, (len(labels), *shape), dtype=np.uint8)
    return ImageSet(images, labels, names, names)
