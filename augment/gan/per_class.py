"""One GAN per class: a shared GAN on all classes first, then a copy of it fine-tuned for each."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from augment.core.engine import Engine
from augment.core.errors import TrainingError
from augment.core.progress import Ticker
from augment.core.seeds import derive_seed
from augment.data.imageset import ImageSet
from augment.gan import cost
from augment.gan.checkpoint_store import StoredJob, finished, is_finished, train_together
from augment.gan.training.run import GanJob, GanResult, Start
from augment.gan.training.stacked_trainer import alike
from augment.gan.training.step import GanSettings


@dataclass(frozen=True)
class ClassTraining:
    """How the GANs of a set are trained: settings of the shared GAN (None: there is none) and of each class.

    base: where the classes start when no shared GAN is trained; None: from scratch.
    """

    shared: GanSettings | None
    classes: dict[str, GanSettings]
    base: Start | None = None


@dataclass(frozen=True)
class Workplace:
    """Where the work is done and kept.

    stacked: GANs of equal settings train abreast, in stacks, in this process, since several would only compete for
    a GPU; else each is a unit of the engine's, as all other work is.
    """

    engine: Engine
    device: str
    store: Path | None  # None: nothing is kept
    checkpoint_seconds: float
    stacked: bool = False


@dataclass(frozen=True)
class Trained:
    """The GANs of one seed. shared: None where none was trained. A class whose GAN failed has a reason, no weights."""

    shared: GanResult | None
    classes: dict[str, GanResult]


def workplace_on(device: str, engine: Engine, store: Path | None, checkpoint_seconds: float) -> Workplace:
    """GANs train on `device`, on a GPU in stacks; classifiers and all else on the CPU, by `engine`."""
    return Workplace(engine, device, store, checkpoint_seconds, stacked=device == "cuda")


def train_classes(images: ImageSet, training: ClassTraining, seeds: Sequence[int], place: Workplace) -> list[Trained]:
    """Train one GAN per class for each seed; the result's entries follow `seeds`, which all differ.

    A class that fails does not stop the others. Says before it begins what it will take. Raises `TrainingError` when
    a shared GAN fails, since nothing can start without it.
    """
    return train_repeats([images] * len(seeds), training, seeds, place)


def train_repeats(
    sets: Sequence[ImageSet], training: ClassTraining, seeds: Sequence[int], place: Workplace
) -> list[Trained]:
    """As `train_classes`, each seed with training images of its own: `sets` follows `seeds`."""
    _tell_cost(sets, training, seeds, place)
    shared_jobs = _shared_jobs(sets, training, seeds, place)
    shared = _whole(seeds, _train_all(shared_jobs, place, "shared GANs")) if shared_jobs else [None] * len(seeds)
    results = iter(_train_all(_class_jobs(sets, training, seeds, shared, place), place, "class GANs"))
    return [Trained(own, {label: next(results) for label in training.classes}) for own in shared]


def _whole(seeds: Sequence[int], shared: list[GanResult]) -> list[GanResult]:
    """The shared GANs, none of which failed."""
    for seed, result in zip(seeds, shared, strict=True):
        if result.reason:
            raise TrainingError(
                f"the shared GAN failed (seed {seed}): {result.reason}. Set train.transfer: none, lower "
                "train.learning_rate or change train.gamma, then run the same command again."
            )
    return shared


def _start(shared: GanResult | None, training: ClassTraining) -> Start | None:
    """Where the classes begin: at their shared GAN, at `training.base`, or from scratch (None)."""
    return training.base if shared is None else Start(shared.generator, shared.discriminator)


def shared_job(images: ImageSet, settings: GanSettings, seed: int, device: str, name: str) -> GanJob:
    """All classes in one unconditional GAN, each drawn equally often."""
    counts = images.counts()
    chances = np.array([1 / (len(counts) * counts[label]) for label in images.labels.tolist()])
    own_seed = derive_seed(seed, "gan", "shared")
    return GanJob(name, images.images, chances, settings, own_seed, None, device)


def class_job(
    images: ImageSet, label: str, settings: GanSettings, seed: int, start: Start | None, device: str, name: str
) -> GanJob:
    """One class alone; its draws are named by its label, so other classes never change them."""
    own = images.of_class(label).images
    chances = np.full(len(own), 1 / len(own))
    return GanJob(name, own, chances, settings, derive_seed(seed, "gan", "class", label), start, device)


def _names(seeds: Sequence[int]) -> list[str]:
    """What tells the repeats apart for people."""
    return [f" of repeat {number}" if len(seeds) > 1 else "" for number in range(1, len(seeds) + 1)]


def _shared_jobs(
    sets: Sequence[ImageSet], training: ClassTraining, seeds: Sequence[int], place: Workplace
) -> list[GanJob]:
    if training.shared is None:
        return []
    return [
        shared_job(images, training.shared, seed, place.device, f"shared GAN{name}")
        for images, seed, name in zip(sets, seeds, _names(seeds), strict=True)
    ]


def _class_jobs(
    sets: Sequence[ImageSet],
    training: ClassTraining,
    seeds: Sequence[int],
    shared: Sequence[GanResult | None],
    place: Workplace,
) -> list[GanJob]:
    return [
        class_job(images, label, settings, seed, _start(own, training), place.device, f"GAN of class {label}{name}")
        for images, seed, own, name in zip(sets, seeds, shared, _names(seeds), strict=True)
        for label, settings in training.classes.items()
    ]


def _tell_cost(sets: Sequence[ImageSet], training: ClassTraining, seeds: Sequence[int], place: Workplace) -> None:
    """What all GANs will take that the store does not hold; nothing where it holds all.

    Of a seed whose shared GAN has yet to train nothing else can be there, and after one that failed nothing follows.
    """
    left: list[GanJob] = []
    jobs: list[GanJob] = []
    for images, seed in zip(sets, seeds, strict=True):
        shared_jobs = _shared_jobs([images], training, [seed], place)  # one at most
        found = [finished(_stored(job, place)) for job in shared_jobs] or [None]
        if shared_jobs and found[0] is None:
            left += shared_jobs
        elif found[0] is None or not found[0].reason:
            jobs += _class_jobs([images], training, [seed], found, place)
    jobs = [job for job in jobs if not is_finished(_stored(job, place))]
    if left or jobs:
        later = [settings.steps for settings in training.classes.values()] * len(left)
        groups = [[job.settings.steps for job in left], [*(job.settings.steps for job in jobs), *later]]
        line = cost.tell([*left, *jobs][0], groups, place.engine.processes, place.stacked)
        print(f"  {line}", file=sys.stderr, flush=True)


def _stored(job: GanJob, place: Workplace) -> StoredJob:
    return StoredJob(job, place.store, place.checkpoint_seconds)


def _train_all(jobs: list[GanJob], place: Workplace, what: str) -> list[GanResult]:
    stored = [_stored(job, place) for job in jobs]
    groups = alike(jobs) if place.stacked else [[position] for position in range(len(jobs))]
    engine = Engine("serial") if place.stacked else place.engine
    results: dict[int, GanResult] = {}
    ticker = Ticker(what, len(jobs))
    for number, made in engine.map(train_together, [[stored[position] for position in own] for own in groups]):
        for position, result in zip(groups[number], made, strict=True):
            results[position] = result
            ticker.tick()
    return [results[position] for position in range(len(jobs))]
