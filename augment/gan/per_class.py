"""One GAN per class: a shared GAN on all classes first, then a copy of it fine-tuned for each; and their generators."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from augment.core.environment import environment
from augment.core.errors import TrainingError
from augment.core.progress import Progress, say
from augment.core.progress.run_clock import running_clock
from augment.core.seeds import derive_seed
from augment.data.imageset import ImageSet
from augment.gan import cost
from augment.gan.backend import Backend, Callback, GanProgress, home_of
from augment.gan.checkpoint_store import FinishedGan, StoredJob, is_finished, load_finished, train_stacked
from augment.gan.generators import ClassGenerator, GeneratorSet, KeptGenerator, network_from
from augment.gan.networks.build import Generator
from augment.gan.training.run import GanJob, GanResult, GanSettings, Start
from augment.gan.training.stacked_trainer import stackable


@dataclass(frozen=True)
class ClassTraining:
    """How the GANs of a set are trained: settings of the shared GAN (None: there is none) and of each class.

    pinned_start: where the classes start when no shared GAN is trained; None: from scratch.
    """

    shared: GanSettings | None
    classes: dict[str, GanSettings]
    pinned_start: Start | None = None


@dataclass(frozen=True)
class TrainedClasses:
    """The GANs of one seed. shared: None where none was trained. A class whose GAN failed has a reason and no weights;
    those of the others are read from the work store, where there is one, and held where there is none, then without a
    discriminator, from which nothing begins."""

    shared: GanResult | None
    classes: dict[str, FinishedGan]


def train_classes(
    images: ImageSet, training: ClassTraining, seeds: Sequence[int], backend: Backend
) -> list[TrainedClasses]:
    """Train one GAN per class for each seed; the result's entries follow `seeds`, which all differ.

    A class that fails does not stop the others. Says before it begins what it will take. Raises `TrainingError` when
    a shared GAN fails, since nothing can start without it.
    """
    return train_repeats([images] * len(seeds), training, seeds, backend)


def train_repeats(
    sets: Sequence[ImageSet], training: ClassTraining, seeds: Sequence[int], backend: Backend
) -> list[TrainedClasses]:
    """As `train_classes`, each seed with training images of its own: `sets` follows `seeds`."""
    if not backend.quiet:
        _print_cost(sets, training, seeds, backend)
    repeats = [f" of repeat {number}" if len(seeds) > 1 else "" for number in range(1, len(seeds) + 1)]
    shared: list[GanResult] | list[None] = [None] * len(seeds)
    if training.shared is not None:
        shared_jobs = [
            shared_job(images, training.shared, seed, backend.device, f"shared GAN{repeat}")
            for images, seed, repeat in zip(sets, seeds, repeats, strict=True)
        ]
        shared = [gan.whole() for gan in _train_all(shared_jobs, backend, "shared GANs", discriminators=True)]
        for seed, result in zip(seeds, shared, strict=True):
            if result.reason:
                raise TrainingError(
                    f"the shared GAN failed (seed {seed}): {result.reason}. Set train.transfer: none, lower "
                    "train.learning_rate or change train.gamma, then run the same command again."
                )
    class_jobs = [
        job
        for images, seed, repeat, shared_of_seed in zip(sets, seeds, repeats, shared, strict=True)
        for job in _class_jobs(images, training, seed, shared_of_seed, backend.device, repeat)
    ]
    gans = iter(_train_all(class_jobs, backend, "class GANs", discriminators=False))
    return [
        TrainedClasses(shared_of_seed, {label: next(gans) for label in training.classes}) for shared_of_seed in shared
    ]


def shared_job(images: ImageSet, settings: GanSettings, seed: int, device: str, name: str) -> GanJob:
    """All classes in one unconditional GAN, each drawn equally often."""
    counts = images.counts()
    sampling_weights = np.array([1 / (len(counts) * counts[label]) for label in images.labels.tolist()])
    return GanJob(name, images.images, sampling_weights, settings, derive_seed(seed, "gan", "shared"), None, device)


def class_job(
    images: ImageSet, label: str, settings: GanSettings, seed: int, start: Start | None, device: str, name: str
) -> GanJob:
    """One class alone; its draws are named by its label, so other classes never change them."""
    images_of_class = images.of_class(label).images
    sampling_weights = np.full(len(images_of_class), 1 / len(images_of_class))
    gan_seed = derive_seed(seed, "gan", "class", label)
    return GanJob(name, images_of_class, sampling_weights, settings, gan_seed, start, device)


def _class_jobs(
    images: ImageSet, training: ClassTraining, seed: int, shared: GanResult | None, device: str, repeat: str = ""
) -> list[GanJob]:
    """Those of one seed, which begin at their shared GAN, at `training.pinned_start`, or from scratch (None)."""
    start = training.pinned_start if shared is None else Start(shared.generator, shared.discriminator)
    return [
        class_job(images, label, settings, seed, start, device, f"GAN of class {label}{repeat}")
        for label, settings in training.classes.items()
    ]


def _print_cost(sets: Sequence[ImageSet], training: ClassTraining, seeds: Sequence[int], backend: Backend) -> None:
    """What all GANs will take that the store does not hold; nothing where it holds all, or a whole run is timed.

    Of a seed whose shared GAN has yet to train nothing else can be there, and after one that failed nothing follows.
    """
    if running_clock():
        return
    shared_left: list[GanJob] = []
    class_jobs: list[GanJob] = []
    for images, seed in zip(sets, seeds, strict=True):
        shared = None
        if training.shared is not None:
            job = shared_job(images, training.shared, seed, backend.device, "shared GAN")
            shared = load_finished(_stored_job(job, backend))
            if shared is None:
                shared_left.append(job)
                continue
        if shared is None or not shared.reason:
            class_jobs += _class_jobs(images, training, seed, shared, backend.device)
    class_jobs = [job for job in class_jobs if not is_finished(_stored_job(job, backend))]
    if shared_left or class_jobs:
        later_steps = [settings.steps for settings in training.classes.values()] * len(shared_left)
        shared_steps, class_steps = ([job.settings.steps for job in jobs] for jobs in (shared_left, class_jobs))
        groups, first = [shared_steps, class_steps + later_steps], [*shared_left, *class_jobs][0]
        say(f"  {cost.measured_cost_line(first, groups, backend.engine.processes, backend.stacked)}")


def _stored_job(job: GanJob, backend: Backend) -> StoredJob:
    return StoredJob(job, backend.store, backend.checkpoint_seconds)


def _watched_job(stored: StoredJob, progress: Progress, callback: Callback | None, stack: int) -> StoredJob:
    """The same job, which tells how far it is, one of a stack of so many; in this process alone."""
    name, steps = stored.job.name, stored.job.settings.steps

    def on_row(row: dict[str, float]) -> bool:
        values = {key: row[key] for key in ("d_loss", "g_loss", "win_rate", "gap")}
        return callback is not None and bool(callback(GanProgress(name, int(row["step"]), steps, **values)))

    return replace(stored, on_step=lambda step, _: progress.within(step / steps, name, stack), on_row=on_row)


def _train_all(jobs: list[GanJob], backend: Backend, what: str, *, discriminators: bool) -> list[FinishedGan]:
    """The finished GANs in the order of the jobs, each job a unit of work, on a GPU each stack; discriminators: whether
    theirs are held too where there is no work store."""
    stored, engine = [_stored_job(job, backend) for job in jobs], backend.gan_engine
    groups = [[position] for position in range(len(jobs))]
    if backend.stacked:
        groups = [part for group in stackable(jobs) for part in _parts(group, engine.processes)]
    gans: dict[int, FinishedGan] = {}
    progress = Progress(what, len(jobs), shown=not backend.quiet)
    if engine.runs_here(len(groups)):
        sizes = {position: len(group) for group in groups for position in group}
        stored = [_watched_job(job, progress, backend.callback, sizes[at]) for at, job in enumerate(stored)]
    elif engine.kind == "ray":
        folder, files = home_of(backend)
        stored = [replace(job, folder=folder, files=files) for job in stored]
    for number, made in engine.map(train_stacked, [[stored[position] for position in group] for group in groups]):
        for position, gan in zip(groups[number], made, strict=True):
            gans[position] = gan if discriminators else replace(gan, result=replace(gan.result, discriminator={}))
            progress.advance()
    return [gans[position] for position in range(len(jobs))]


def _parts(stack: list[int], count: int) -> list[list[int]]:
    """A stack as at most so many of its own, alike in length, for as many devices."""
    return [part.tolist() for part in np.array_split(stack, min(count, len(stack)))]


def generators_from(images: ImageSet, training: ClassTraining, trained: TrainedClasses, device: str) -> GeneratorSet:
    """The generators of one seed, which read their weights from the work store where that has them; images: those
    trained on, device: where."""
    trained_in = environment(device)
    made = {
        label: _generator(label, images.of_class(label), training.classes[label], gan, trained_in)
        for label, gan in trained.classes.items()
        if not gan.result.reason
    }
    failed = {label: gan.result.reason for label, gan in trained.classes.items() if gan.result.reason}
    shared = None
    if training.shared is not None and trained.shared is not None:
        shared = _generator("shared", images, training.shared, FinishedGan(trained.shared, None), trained_in)
    return GeneratorSet(made, failed, shared=shared)


def _generator(
    label: str, images: ImageSet, settings: GanSettings, gan: FinishedGan, trained_in: dict[str, str]
) -> ClassGenerator:
    """images: those that this GAN was trained on, of which its manifest holds a fingerprint."""
    result, architecture = gan.result, settings.architecture(*images.images.shape[1:])
    summary: dict[str, str | int | float] = {
        "images": len(images),
        "images_sha256": images.fingerprint(),
        "steps": result.steps,
        "loss": settings.loss,
        "precision": settings.precision,
        "augmentation": result.history[-1]["augmentation"],
        "rollbacks": len(result.rollbacks),
        "leaks": "; ".join(result.leaks),
    }
    if gan.folder is None:
        return ClassGenerator(label, network_from(architecture, result.generator), summary, trained_in)

    def read() -> Generator:
        return network_from(architecture, gan.whole().generator)

    return KeptGenerator(label, architecture, read, summary, trained_in)
