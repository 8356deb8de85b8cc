"""A generator of words read back from disk, verified as bundles of classes are."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from augment.core.errors import BundleError
from augment.data.arguments import path_argument
from augment.data.descriptions.text import description_fault, words_in
from augment.gan.bundle_files import WEIGHTS, BundleForm, damaged, read_form, refuse_link
from augment.gan.networks.architecture import Architecture
from augment.gan.weights_file import read_network
from augment.gan.words.generator import FORMAT, WordGenerator
from augment.gan.words.networks import WordNetwork
from augment.gan.words.vocabulary import MAX_DESCRIPTIONS, MAX_WORDS, Vocabulary


class WordManifest(BundleForm):
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
    manifest = read_form(folder, WordManifest, FORMAT, bound)
    plan, words = manifest.architecture, len(manifest.words)
    network = read_network(folder / WEIGHTS, manifest.weights_sha256, lambda: WordNetwork(plan, words))
    vocabulary = Vocabulary(tuple(manifest.words), tuple(manifest.descriptions))
    generator = WordGenerator(network, vocabulary, manifest.training, manifest.environment)
    try:
        generator.try_out()
    except BundleError as error:
        raise damaged(folder / WEIGHTS, error.code, "its weights are finite, and its images are not") from error
    return generator
