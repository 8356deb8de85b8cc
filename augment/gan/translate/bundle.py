"""A translator read back from disk, verified as bundles of generators are."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import torch
from pydantic import Field

from augment.core.files import sha256
from augment.gan.bundle_files import (
    MANIFEST,
    MAX_MANIFEST_BYTES,
    WEIGHTS,
    Closed,
    Hash,
    Label,
    damaged,
    parse_form,
    read_limited,
)
from augment.gan.translate.network import TranslatorNetwork, TranslatorShape
from augment.gan.translate.translator import FORMAT, Translator
from augment.gan.weights_file import read_weights

MAX_TABLE = 100_000  # defects, or places, that a translator learnt


class TranslatorManifest(Closed):
    """manifest.json of a translator."""

    format: int = Field(ge=FORMAT, le=FORMAT)
    kind: Literal["translator"]
    label: Label
    channels: Literal[1, 3]
    height: int = Field(ge=2, le=256)
    width: int = Field(ge=2, le=256)
    defects: int = Field(ge=1, le=MAX_TABLE)
    places: int = Field(ge=1, le=MAX_TABLE)
    max_area: float = Field(gt=0, le=1)
    latent: int = Field(ge=1, le=1024)
    features: int = Field(ge=4, le=256)
    weights_sha256: Hash
    sha256: Hash

    @property
    def shape(self) -> TranslatorShape:
        fields = TranslatorShape.__dataclass_fields__
        return TranslatorShape(**{name: getattr(self, name) for name in fields})


def load_translator(folder: Path, bound: Mapping[str, str]) -> Translator:
    """What `Translator.save` wrote, verified; bound: what the index says of its files, file -> SHA-256. Raises
    `BundleError` saying what is wrong with which file."""
    path = folder / MANIFEST
    content = read_limited(path, MAX_MANIFEST_BYTES)
    manifest = parse_form(path, content, TranslatorManifest, FORMAT)
    for name, digest in ((MANIFEST, sha256(content)), (WEIGHTS, manifest.weights_sha256)):
        if bound[name] != digest:
            raise damaged(
                folder / name, "wrong_bundle", "its SHA-256 is not the one in index.json: it is of another set"
            )
    with torch.device("meta"):  # shapes without memory, so a manifest cannot make us allocate
        network = TranslatorNetwork(manifest.shape)
    weights = read_weights(folder / WEIGHTS, manifest.weights_sha256, network.state_dict())
    network.load_state_dict(weights, assign=True)
    translator = Translator(manifest.label, network.requires_grad_(False).eval())
    if not translator.is_finite():
        raise damaged(folder / WEIGHTS, "not_finite", "its weights are finite, and the images that they draw are not")
    return translator
