"""A translator read back from disk, verified as bundles of generators are."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field

from augment.gan.bundle_files import WEIGHTS, BundleForm, Label, damaged, read_form
from augment.gan.translate.network import TranslatorNetwork, TranslatorShape
from augment.gan.translate.translator import FORMAT, Translator
from augment.gan.weights_file import read_network

MAX_TABLE = 100_000  # defects, or places, that a translator learnt


class TranslatorManifest(BundleForm):
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

    @property
    def shape(self) -> TranslatorShape:
        fields = TranslatorShape.__dataclass_fields__
        return TranslatorShape(**{name: getattr(self, name) for name in fields})


def load_translator(folder: Path, bound: Mapping[str, str]) -> Translator:
    """What `Translator.save` wrote, verified; bound: what the index says of its files, file -> SHA-256. Raises
    `BundleError` saying what is wrong with which file."""
    manifest = read_form(folder, TranslatorManifest, FORMAT, bound)
    path, shape = folder / WEIGHTS, manifest.shape
    network = read_network(path, manifest.weights_sha256, lambda: TranslatorNetwork(shape))
    translator = Translator(manifest.label, network)
    if not translator.is_finite():
        raise damaged(path, "not_finite", "its weights are finite, and the images that they draw are not")
    return translator
