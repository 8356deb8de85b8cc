"""An upscaler read back from disk, verified as bundles of generators are."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from augment.data.arguments import path_argument
from augment.gan.bundle_files import WEIGHTS, BundleForm, read_form
from augment.gan.upscale.network import UpscalerNetwork, UpscalerShape
from augment.gan.upscale.upscaler import FORMAT, Upscaler
from augment.gan.weights_file import read_network


class UpscalerManifest(BundleForm):
    """manifest.json of an upscaler."""

    format: int = Field(ge=FORMAT, le=FORMAT)
    kind: Literal["upscaler"]
    channels: Literal[1, 3]
    doublings: int = Field(ge=1, le=5)
    features: int = Field(ge=4, le=256)
    blocks: int = Field(ge=0, le=64)


def load_upscaler(folder: str | Path) -> Upscaler:
    """What `Upscaler.save` wrote, verified. Raises `BundleError` saying what is wrong with which file.

    >>> import augment, tempfile, torch
    >>> photos, folder = torch.randint(0, 256, (12, 1, 32, 32), dtype=torch.uint8), tempfile.mkdtemp()
    >>> augment.train_upscaler(photos, 16, steps=3, progress=False).save(folder)
    >>> augment.load_upscaler(folder)
    Upscaler(grey, 2 times)
    """
    place = path_argument("folder", folder)
    manifest = read_form(place, UpscalerManifest, FORMAT)
    shape = UpscalerShape(manifest.channels, manifest.doublings, manifest.features, manifest.blocks)
    return Upscaler(read_network(place / WEIGHTS, manifest.weights_sha256, lambda: UpscalerNetwork(shape)))
