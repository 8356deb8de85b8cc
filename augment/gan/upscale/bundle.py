"""An upscaler read back from disk, verified as bundles of generators are."""

from pathlib import Path
from typing import Literal

import torch
from pydantic import Field

from augment.data.arguments import path_argument
from augment.gan.bundle_files import (
    MANIFEST,
    MAX_MANIFEST_BYTES,
    WEIGHTS,
    Closed,
    Hash,
    parse_form,
    read_limited,
)
from augment.gan.upscale.network import UpscalerNetwork, UpscalerShape
from augment.gan.upscale.upscaler import FORMAT, Upscaler
from augment.gan.weights_file import read_weights


class UpscalerManifest(Closed):
    """manifest.json of an upscaler."""

    format: int = Field(ge=FORMAT, le=FORMAT)
    kind: Literal["upscaler"]
    channels: Literal[1, 3]
    doublings: int = Field(ge=1, le=5)
    features: int = Field(ge=4, le=256)
    blocks: int = Field(ge=0, le=64)
    weights_sha256: Hash
    sha256: Hash


def load_upscaler(folder: str | Path) -> Upscaler:
    """What `Upscaler.save` wrote, verified. Raises `BundleError` saying what is wrong with which file.

    >>> import augment, tempfile, torch
    >>> photos, folder = torch.randint(0, 256, (12, 1, 32, 32), dtype=torch.uint8), tempfile.mkdtemp()
    >>> augment.train_upscaler(photos, 16, steps=3, progress=False).save(folder)
    >>> augment.load_upscaler(folder)
    Upscaler(grey, 2 times)
    """
    place = path_argument("folder", folder)
    path = place / MANIFEST
    manifest = parse_form(path, read_limited(path, MAX_MANIFEST_BYTES), UpscalerManifest, FORMAT)
    with torch.device("meta"):  # shapes without memory, so a manifest cannot make us allocate
        network = UpscalerNetwork(
            UpscalerShape(manifest.channels, manifest.doublings, manifest.features, manifest.blocks)
        )
    weights = read_weights(place / WEIGHTS, manifest.weights_sha256, network.state_dict())
    network.load_state_dict(weights, assign=True)
    return Upscaler(network.requires_grad_(False).eval())
