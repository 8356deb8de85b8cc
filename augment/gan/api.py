"""Train generators from arrays, without the pipeline: no params.yaml, no folders, no DVC."""

import importlib.util
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from augment import params
from augment.core.engine import Engine, standalone
from augment.core.environment import resolve_device
from augment.core.errors import ArgumentError, AugmentError, DataError, TrainingError
from augment.core.processes import cores
from augment.data.arguments import flag_argument, path_argument, sequence_argument, short
from augment.data.imageset import ImageSet
from augment.data.sources.labels import label_faults
from augment.gan.backend import Callback, backend_on
from augment.gan.generators import ClassGenerator, GeneratorSet
from augment.gan.generators.arguments import images_argument
from augment.gan.per_class import generators_from, train_classes
from augment.gan.settings import class_training
from augment.gan.training.adaptive_augmentation import Probability
from augment.params.types import Flips

MIN_IMAGES_PER_CLASS = 2
MIN_SIDE_PX, MAX_SIDE_PX = 2, 256
CHECKPOINT_SECONDS = 30.0
CALL_NAME = "train_generators"  # whose arguments messages speak of


# As long as its arguments, which are the public interface, and what they mean.
def train_generators(
    images: NDArray[np.uint8] | Tensor,
    labels: Sequence[str] | Sequence[int] | NDArray[Any] | Tensor,
    *,
    seed: int = 0,
    classes: Sequence[str] | None = None,
    network: str = "dcgan",
    width: int = 32,
    latent: int = 64,
    loss: str = "relativistic",
    gamma: float = 0.5,
    augmentation: Probability = 0.6,
    flips: Flips = "none",
    transfer: str = "shared",
    shared_steps: int | Literal["auto"] = "auto",
    steps: int | Literal["auto"] = "auto",
    batch_size: int = 32,
    learning_rate: float | Literal["auto"] = "auto",
    overrides: Mapping[str, Mapping[str, float | str]] | None = None,
    device: str = "auto",
    jobs: int | Literal["auto"] = 1,
    store: str | Path | None = None,
    progress: bool = True,
    callback: Callback | None = None,
) -> GeneratorSet:
    """Train one GAN per class and return the generators.

    images: uint8 (N, C, H, W), C in {1, 3}, height and width from 2 to 256, at least two of each class.
    labels: N class names, or N indices: into `classes`, or 0 to K - 1 for classes "0", "1", ...
    seed: equal seeds give equal generators. classes: the class names in the order of your indices;
    without it, sorted names.

    The defaults are for a few dozen images a class; what one may want to change:

    network: dcgan (convolutions), residual (slower, for larger images), linear (one layer, up to 40 px).
    width: channels of the layer nearest to the image. latent: how many random numbers make an image.
    loss: relativistic, non_saturating, minimax, mse, least_squares, hinge or wasserstein_gp; with few
    images it matters little. gamma: weight of the penalty that keeps the discriminator smooth; raise it
    when a GAN fails. augmentation: probability, from 0 to 1, of shifting or covering what the discriminator
    sees, so that it does not learn the images by heart.
    flips: how images may be mirrored without leaving their class (none, horizontal, vertical, both).
    transfer: shared begins with one GAN on all classes and gives every class a copy of it; none trains
    each from scratch. shared_steps, steps: training steps of the one and of the others; auto: 1200 and
    300, from 16 px up 5000 and 400, after a shared GAN at most 40 for each image of a class. batch_size:
    images a step. learning_rate: of Adam; auto: 0.001, for linear 0.01.
    overrides: class name -> {steps, learning_rate, gamma, augmentation} of its own.
    device: auto, cpu or cuda (a GPU trains classes of equal settings stacked, and jobs plays no part there).
    jobs: processes, auto: as many as cores; more than one needs joblib. store: a folder that keeps
    checkpoints and finished GANs, so that an interrupted call goes on and a repeated one is instant.
    progress: whether standard error tells how far it is: a bar on a terminal, lines elsewhere.
    callback: called up to fifty times of each GAN with its name, step, steps, d_loss, g_loss, win_rate and gap as
    attributes; where it returns True this GAN ends there, with what it has learnt and outside the store, and the next
    begins. Needs jobs=1.

    Equal arguments give equal generators on one machine (CPU). A class whose GAN fails is in `failed` with its reason.
    Raises `DataError` for images or labels that cannot be used, TypeError for labels or classes that are no sequence,
    `ParamsError` for a setting that is not allowed or a GPU that is not there, `TrainingError` when every GAN fails.

    >>> import augment, torch
    >>> images = torch.randint(0, 256, (12, 1, 8, 8), dtype=torch.uint8)
    >>> labels = ["dent"] * 8 + ["scratch"] * 4
    >>> generators = augment.train_generators(images, labels, width=4, shared_steps=8, steps=8)  # leave the steps out
    >>> list(generators)
    ['dent', 'scratch']
    >>> generators["dent"].sample(5, seed=0).shape
    torch.Size([5, 1, 8, 8])
    >>> def until_even(gan):  # ends a GAN whose discriminator wins less than half of the time
    ...     return gan.step > 200 and gan.win_rate < 0.5
    >>> generators = augment.train_generators(
    ...     images, labels, width=4, shared_steps=8, steps=8, progress=False, callback=until_even
    ... )
    """
    values = {
        "network": network,
        "width": width,
        "latent": latent,
        "loss": loss,
        "gamma": gamma,
        "augmentation": augmentation,
        "transfer": transfer,
        "shared_steps": shared_steps,
        "steps": steps,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "overrides": {} if overrides is None else dict(overrides) if isinstance(overrides, Mapping) else overrides,
    }
    checked = params.check(
        {
            "seed": _plain(seed),
            "ingest": {"flips": flips},
            "train": {name: _plain(value) for name, value in values.items()},
            "compute": {"device": device, "jobs": _plain(jobs)},
        },
        CALL_NAME,
    )
    data, order = _image_set(images, labels, classes)
    where = resolve_device(device)
    kept = None if store is None or (isinstance(store, str) and not store) else path_argument("store", store)
    _check_watching(progress, callback, checked.compute.jobs)
    backend = replace(
        backend_on(where, _engine(checked.compute.jobs), kept, CHECKPOINT_SECONDS),
        quiet=not progress,
        callback=callback,
    )
    counts, (_, _, height, side) = data.counts(), data.images.shape
    ordered = {label: counts[label] for label in order}
    training = class_training(
        checked.train, ordered, flips=flips, height=height, width=side, device=backend.device, name=CALL_NAME
    )
    with standalone():
        (trained,) = train_classes(data, training, [checked.seed], backend)
    generators = generators_from(data, training, trained, backend.device)
    if not generators:
        reasons = "; ".join(f"{label}: {reason}" for label, reason in generators.failed.items())
        raise TrainingError(f"every class's GAN failed ({reasons}); lower learning_rate or raise gamma")
    held = {  # whatever becomes of the store
        label: ClassGenerator(label, one.network, one.training, one.environment) for label, one in generators.items()
    }
    return GeneratorSet(held, generators.failed, order, generators.shared)


def _image_set(images: Any, labels: Any, classes: Sequence[str] | None) -> tuple[ImageSet, list[str]]:
    """The arguments as an image set, and the order of its classes. Raises `DataError`."""
    pixels = images_argument("images", images)
    if isinstance(labels, np.ma.MaskedArray):
        raise DataError("labels must be an array without a mask: every image has a label")
    named = None if classes is None else sequence_argument("classes", classes)
    names, order = _names([_scalar(label) for label in sequence_argument("labels", labels)], named)
    numbers = np.array([str(number) for number in range(len(names))], np.str_)
    data = ImageSet(np.ascontiguousarray(pixels), np.array(names, np.str_), numbers, numbers)
    height, width = pixels.shape[2:]
    if min(height, width) < MIN_SIDE_PX or max(height, width) > MAX_SIDE_PX:
        raise DataError(f"images are {height} x {width} pixels; {MIN_SIDE_PX} to {MAX_SIDE_PX} each way can be trained")
    for label, _, what in label_faults(order)[:1]:
        raise DataError(f"a class cannot be called {label[:50]!a}: {what}; rename it")
    counts = data.counts()
    for label in order:
        if counts.get(label, 0) < MIN_IMAGES_PER_CLASS:
            raise DataError(
                f"class {label!r} has {counts.get(label, 0)} images, at least {MIN_IMAGES_PER_CLASS} are needed; "
                "add some or leave the class out"
            )
    return data, order


def _scalar(label: Any) -> Any:
    """The plain value in an array or tensor of one; anything else as it is."""
    single = isinstance(label, np.ndarray | np.generic | Tensor) and math.prod(label.shape) == 1
    return label.item() if single and getattr(label, "device", None) != torch.device("meta") else label


def _names(labels: list[Any], classes: Sequence[str] | None) -> tuple[list[str], list[str]]:
    """A name for every label, and the order of the classes."""
    if not labels:
        raise DataError("no labels; give one for each image")
    if classes is not None and not all(isinstance(label, str) for label in classes):
        raise DataError(f"classes={list(classes)} must be names (str), in the order of your indices")
    if classes is not None and len(set(classes)) < len(classes):
        raise DataError(f"classes={list(classes)} names a class twice; name every class once")
    if all(isinstance(label, str) for label in labels):
        order = sorted(set(labels)) if classes is None else list(classes)
        unknown = sorted(set(labels) - set(order))
        if unknown:
            raise DataError(f"labels {unknown[:5]} are not among classes={order}; name every class once")
        return labels, order
    odd = [label for label in labels if isinstance(label, bool) or not isinstance(label, int)]
    if odd:
        raise DataError(f"labels must be names or whole numbers, and all alike; found {odd[0]!r}")
    top = max(labels)
    if classes is None and top >= len(labels):  # before as many names are made
        raise DataError(
            f"labels go up to {top}, and there are {len(labels)} images: give 0 to K - 1, each at least twice"
        )
    order = [str(index) for index in range(top + 1)] if classes is None else list(classes)
    if min(labels) < 0 or top >= len(order):
        raise DataError(f"labels go from {min(labels)} to {top}, and there are {len(order)} classes: give 0 to K - 1")
    return [order[label] for label in labels], order


def _check_watching(progress: object, callback: object, jobs: int | Literal["auto"]) -> None:
    """Raises TypeError for what is neither a bool nor a function, `ArgumentError` for a function that other processes
    would call."""
    flag_argument("progress", progress)
    if callback is not None and not callable(callback):
        raise TypeError(f"callback must be a function, got {short(callback)}")
    if callback is not None and jobs != 1:
        raise ArgumentError(f"callback is called in this process, and jobs={jobs!r} trains in others; use jobs=1")


def _plain(value: Any) -> Any:
    """A number of NumPy's as one of Python's; anything else as it is."""
    return value.item() if isinstance(value, np.generic) else value


def _engine(wanted: int | Literal["auto"]) -> Engine:
    jobs = cores() if wanted == "auto" else wanted
    if jobs == 1:
        return Engine("serial", 1)
    if importlib.util.find_spec("joblib") is None:
        raise AugmentError(f"jobs={jobs} needs joblib: pip install 'gan-augment[pipeline]', or use jobs=1")
    return Engine("local", jobs)
