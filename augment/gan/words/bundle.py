"""A generator of words read back from disk, verified as bundles of classes are."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import torch
from pydantic import Field, model_validator

from augment.core.errors import BundleError
from augment.data.arguments import path_argument
from augment.data.descriptions.text import description_fault, words_in
from augment.gan.bundle_files import (
    MANIFEST,
    MAX_MANIFEST_BYTES,
    WEIGHTS,
    Closed,
    Hash,
    damaged,
    parse_form,
    read_limited,
    refuse_link,
    refuse_others,
)
from augment.gan.networks.architecture import Architecture
from augment.gan.weights_file import read_weights
from augment.gan.words.generator import FORMAT, WordGenerator
from augment.gan.words.networks import WordNetwork
from augment.gan.words.vocabulary import MAX_DESCRIPTIONS, MAX_WORDS, Vocabulary


class WordManifest(Closed):
    """manifest.json of a generator of words."""

    format: int = Field(ge=FORMAT, le=FORMAT)
    kind: Literal["words"]
    channels: Literal[1, 3]
    height: int = Field(ge=2, le=256)
    width: int = Field(ge=2, le=256)
    latent: int = Field(ge=1, le=1024)
    features: int = Field(ge=4, le=256)
    words: list[str] = Field(min_length=1, max_length=MAX_WORDS)
    descriptions: list[str] = Field(min_length=1, max_length=MAX_DESCRIPTIONS)
    training: dict[str, str | int | float]
    environment: dict[str, str]
    weights_sha256: Hash
    sha256: Hash

    @model_validator(mode="after")
    def _fits(self) -> "WordManifest":
        if any(description_fault(text) for text in self.descriptions):
            raise ValueError("a description that could not have been learnt")
        if self.words != sorted({word for text in self.descriptions for word in words_in(text)}):
            raise ValueError("`words` are not those of `descriptions`, sorted")
        return self

    @property
    def architecture(self) -> Architecture:
        return Architecture("dcgan", self.channels, self.height, self.width, self.latent, self.features)


def load_words(folder: str | Path) -> WordGenerator:
    """What `WordGenerator.save` wrote, verified. Raises `BundleError` saying what is wrong with which file.

    >>> import augment, tempfile, torch
    >>> images, folder = torch.randint(0, 256, (2, 1, 8, 8), dtype=torch.uint8), tempfile.mkdtemp()
    >>> _ = augment.train_words(images, ["light dent", "dark dent"], steps=2, progress=False).save(folder)
    >>> augment.load_words(folder)
    WordGenerator(3 words, images 1x8x8)
    """
    return read_words(path_argument("folder", folder))


def read_words(folder: Path, bound: Mapping[str, str] | None = None) -> WordGenerator:
    """The same; bound: of a set, what its index says of the folder: file -> SHA-256."""
    refuse_link(folder)
    path = folder / MANIFEST
    content = read_limited(path, MAX_MANIFEST_BYTES)
    manifest = parse_form(path, content, WordManifest, FORMAT)
    refuse_others(folder, content, manifest.weights_sha256, bound)
    with torch.device("meta"):  # shapes without memory, so a manifest cannot make us allocate
        network = WordNetwork(manifest.architecture, len(manifest.words))
    network.load_state_dict(read_weights(folder / WEIGHTS, manifest.weights_sha256, network.state_dict()), assign=True)
    vocabulary = Vocabulary(tuple(manifest.words), tuple(manifest.descriptions))
    generator = WordGenerator(network.requires_grad_(False).eval(), vocabulary, manifest.training, manifest.environment)
    try:
        generator.try_out()
    except BundleError as error:
        raise damaged(folder / WEIGHTS, error.code, "its weights are finite, and its images are not") from error
    return generator
