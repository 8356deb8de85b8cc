"""From params.yaml to the settings of each GAN, and to the backend.

A pinned base is a saved generator in the place of the shared GAN, so that a class can train alone. A bundle has no
discriminator, so each class begins with a fresh one, which costs next to nothing: on the digits (8x8, 48 or 8 images
of a class, two seeds) KID 0.0026 against 0.0024 with the shared GAN's own, 0.0040 from scratch; giving the fresh one
50 or 150 steps ahead changes nothing.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

import torch

from augment.core.engine import engine_of
from augment.core.environment import multiplies_bf16, resolve_device
from augment.core.errors import BundleError, ParamsError
from augment.core.files import WORK_STORE
from augment.data.imageset import ImageSet
from augment.data.sources.disk import is_bare
from augment.gan.backend import Backend, backend_on
from augment.gan.bundle import load_bundle
from augment.gan.networks.architecture import LINEAR_MAX_PX, Architecture
from augment.gan.per_class import ClassTraining
from augment.gan.training.run import GanSettings, Start
from augment.params import Compute, Train
from augment.params.types import LARGE_FROM_PX, Flips

LEARNING_RATE, LINEAR_LEARNING_RATE = 1e-3, 1e-2  # a single layer's weights have far to go, and no layers above them
SMALL_IMAGE_STEPS, LARGE_IMAGE_STEPS = (1200, 300), (5000, 400)  # shared, per class
MAX_STEPS_PER_IMAGE = 40  # of a class's own GAN after the shared one: fewer than ten images are learned by heart sooner


def training_for(images: ImageSet, train: Train, *, flips: Flips, device: str) -> ClassTraining:
    """What `train:` in params.yaml means for these images, with the start that `train.base` pins.

    Raises `ParamsError` as `class_training` does, and `BundleError` for a bundle that does not fit.
    """
    _, channels, height, width = images.images.shape
    start = load_pinned_start(train, channels, height, width)
    return class_training(
        train, images.counts(), flips=flips, height=height, width=width, device=device, pinned_start=start
    )


def class_training(
    train: Train,
    counts: Mapping[str, int],
    *,
    flips: Flips,
    height: int,
    width: int,
    device: str,
    pinned_start: Start | None = None,
    name: str = "params.yaml",
) -> ClassTraining:
    """Resolve `train:` for classes of so many training images; with a `pinned_start` there is no shared GAN to train.

    name: where the settings come from, for messages. Raises `ParamsError` for an override of a class
    that is not there, a network that does not fit the images, or a loss without the penalty that it rests on.
    """
    _check_overrides(train, list(counts), name)
    _check_network(train.network, height, width, name)
    _check_penalty(train, name)
    small = min(height, width) < LARGE_FROM_PX
    usual_shared, usual = SMALL_IMAGE_STEPS if small else LARGE_IMAGE_STEPS
    shared_steps = usual_shared if train.shared_steps == "auto" else train.shared_steps
    common = _gan_settings(train, shared_steps, flips, small, device)
    classes = {label: replace(common, steps=_class_steps(train, usual, images)) for label, images in counts.items()}
    for label, override in train.overrides.items():
        classes[label] = replace(classes[label], **override.model_dump(exclude_none=True))
    has_shared = train.transfer == "shared" and pinned_start is None
    return ClassTraining(common if has_shared else None, classes, pinned_start)


def has_pinned_start(train: Train) -> bool:
    """Whether classes start from the generator in `train.base`."""
    return train.transfer == "shared" and _is_pinned(Path(train.base))


def _is_pinned(folder: Path) -> bool:
    """Whether it holds more than a README; a folder that is not there counts, for `start_from_bundle` to name it."""
    return not (folder.is_dir() and is_bare(folder))


def pinned_training(train: Train) -> dict[str, str | int | float] | None:
    """What the manifest in `train.base` says of its training, None where nothing is pinned. Raises `BundleError`."""
    return load_bundle(Path(train.base)).training if has_pinned_start(train) else None


def load_pinned_start(train: Train, channels: int, height: int, width: int) -> Start | None:
    """What `train.base` holds, if transfer is wanted. Raises `BundleError` when it does not fit."""
    wanted = Architecture(train.network, channels, height, width, train.latent, train.width)
    return start_from_bundle(Path(train.base), wanted) if train.transfer == "shared" else None


def start_backend(compute: Compute) -> Backend:
    """Hold this process to one thread, and resolve `compute:`.

    One thread as every unit of work has, so that no figure depends on the number of cores, and a busy machine's
    threads do not wait for each other.
    """
    torch.set_num_threads(1)
    on_cluster = compute.engine == "ray"
    device = resolve_device(("cuda" if compute.gpus_per_task else "cpu") if on_cluster else compute.device)
    engine = engine_of(compute.engine, compute.jobs, compute.address)
    return backend_on(device, engine, WORK_STORE, float(compute.checkpoint_seconds), compute.gpus_per_task)


def _class_steps(train: Train, usual: int, images: int) -> int:
    if train.steps != "auto":
        return train.steps
    return min(usual, MAX_STEPS_PER_IMAGE * images) if train.transfer == "shared" else usual


def _check_overrides(train: Train, classes: list[str], name: str) -> None:
    if unknown := sorted(set(train.overrides) - set(classes)):
        unknown_text, classes_text = (", ".join(map(repr, labels)) for labels in (unknown, classes))
        raise ParamsError(f"{name}: train.overrides: no class is called {unknown_text}; the classes are {classes_text}")


def _check_network(network: str, height: int, width: int, name: str) -> None:
    if network == "linear" and max(height, width) > LINEAR_MAX_PX:
        raise ParamsError(
            f"{name}: train.network: linear is one layer, for images of at most {LINEAR_MAX_PX} px a side; these "
            f"are {height}x{width}. Use dcgan or residual, or smaller images (ingest.size)"
        )


def _check_penalty(train: Train, name: str) -> None:
    """The Wasserstein distance is measured by a slope of at most 1, which only its penalty holds."""
    if train.loss != "wasserstein_gp":
        return
    without = [f"train.overrides.{label}.gamma" for label, override in train.overrides.items() if override.gamma == 0]
    if train.gamma == 0 or without:
        keys = ", ".join(without) if train.gamma > 0 else "train.gamma"
        raise ParamsError(
            f"{name}: {keys}: 0 switches off the penalty that train.loss: wasserstein_gp rests on. "
            "Set it above 0 (0.5 is lambda = 10 of the paper), or choose another loss, for example hinge"
        )


def _gan_settings(train: Train, steps: int, flips: Flips, small: bool, device: str) -> GanSettings:
    usual_precision: Literal["bf16", "fp32"] = "bf16" if multiplies_bf16(device) and not small else "fp32"
    usual_rate = LINEAR_LEARNING_RATE if train.network == "linear" else LEARNING_RATE
    return GanSettings(
        network=train.network,
        features=train.width,
        latent=train.latent,
        loss=train.loss,
        gamma=train.gamma,
        penalty_every=train.penalty_every,
        augmentation=train.augmentation,
        color_augmentation=train.color_augmentation,
        flips=flips,
        steps=steps,
        batch_size=train.batch_size,
        learning_rate=usual_rate if train.learning_rate == "auto" else train.learning_rate,
        ema_std=train.ema_std,
        precision=usual_precision if train.precision == "auto" else train.precision,
    )


def start_from_bundle(folder: Path, wanted: Architecture) -> Start | None:
    """The weights that every class starts from, or None while the folder holds nothing but a README.

    wanted: the networks that the settings and the images ask for. Raises `BundleError` when the
    folder holds no bundle, a damaged one, or one of other networks or images.
    """
    if not _is_pinned(folder):
        return None
    if not (folder / "manifest.json").exists():
        raise BundleError(
            f"train.base: {folder} holds no manifest.json; give the folder of a bundle, such as a copy of "
            "models/_shared, or `train.base: data/base` with nothing but its README for none"
        )
    generator = load_bundle(folder)
    architecture = generator.network.architecture
    made_images, train_images = _image_text(architecture), _image_text(wanted)
    if made_images != train_images:
        raise BundleError(
            f"train.base: {folder} makes images of {made_images}, and the training images are "
            f"{train_images}; give a bundle of that size, or empty the folder"
        )
    if architecture != wanted:
        raise BundleError(
            f"train.base: {folder} has {_network_text(architecture)}, and params.yaml says {_network_text(wanted)}; "
            "set these alike, or give another bundle"
        )
    return Start(generator.network.state_dict(), None)


def _image_text(images: Architecture) -> str:
    return f"{images.height} x {images.width} pixels in {'grey' if images.channels == 1 else 'RGB'}"


def _network_text(architecture: Architecture) -> str:
    return f"network {architecture.network}, width {architecture.features}, latent {architecture.latent}"
