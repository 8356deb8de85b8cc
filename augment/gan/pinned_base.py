"""A pinned start: a saved generator in the place of the shared GAN, so that a class can train alone.

A bundle has no discriminator, so each class begins with a fresh one. Measured on the digits (8x8, 48 or 8
images of a class, two seeds), that costs next to nothing: KID 0.0026 against 0.0024 with the shared
GAN's own discriminator, 0.0040 from scratch; giving the fresh one 50 or 150 steps ahead changes nothing.
"""

from pathlib import Path

from augment.core.errors import BundleError
from augment.data.sources.disk import is_bare
from augment.gan.bundle import load_bundle
from augment.gan.networks.build import Architecture
from augment.gan.training.run import Start


def is_pinned(folder: Path) -> bool:
    """Whether it holds more than a README; a folder that is not there counts, for `start_from_bundle` to name it."""
    return not (folder.is_dir() and is_bare(folder))


def start_from_bundle(folder: Path, wanted: Architecture) -> Start | None:
    """The weights that every class starts from, or None while the folder holds nothing but a README.

    wanted: the networks that the settings and the images ask for. Raises `BundleError` when the
    folder holds no bundle, a damaged one, or one of other networks or images.
    """
    if not is_pinned(folder):
        return None
    if not (folder / "manifest.json").exists():
        raise BundleError(
            f"train.base: {folder} holds no manifest.json; give the folder of a bundle, such as a copy of "
            "models/_shared, or `train.base: data/base` with nothing but its README for none"
        )
    generator = load_bundle(folder)
    architecture = generator.network.architecture
    if generator.shape != (wanted.channels, wanted.height, wanted.width):
        raise BundleError(
            f"train.base: {folder} makes images of {_image_text(*generator.shape)}, and the training images are "
            f"{_image_text(wanted.channels, wanted.height, wanted.width)}; give a bundle of that size, or empty "
            "the folder"
        )
    if architecture != wanted:
        raise BundleError(
            f"train.base: {folder} has {_network_text(architecture)}, and params.yaml says {_network_text(wanted)}; "
            "set these alike, or give another bundle"
        )
    return Start(generator.network.state_dict(), None)


def _image_text(channels: int, height: int, width: int) -> str:
    return f"{height} x {width} pixels in {'grey' if channels == 1 else 'RGB'}"


def _network_text(architecture: Architecture) -> str:
    return f"network {architecture.network}, width {architecture.features}, latent {architecture.latent}"
