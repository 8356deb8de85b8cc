"""A generator that draws what words say: made by `train_words`, saved as a bundle of its own kind."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor

from augment.core.errors import BundleError
from augment.core.files import json_text, sha256, write_bytes
from augment.core.seeds import torch_rng
from augment.data.arguments import path_argument, short, whole_number
from augment.gan.bundle_files import MANIFEST, WEIGHTS, signed
from augment.gan.generators.class_generator import CHUNK, is_finite
from augment.gan.networks.build import to_uint8
from augment.gan.words.networks import WordNetwork
from augment.gan.words.vocabulary import Reading, Vocabulary

FORMAT, KIND = 1, "words"  # of the bundle
MAX_SAMPLES = 1_000_000  # of one call


@dataclass(frozen=True)
class WordGenerator:
    """Draws images of a description; one generator for all classes.

    >>> import augment, torch
    >>> images = torch.randint(0, 256, (4, 1, 8, 8), dtype=torch.uint8)
    >>> said = ["light scratch", "dark scratch", "light dent", "dark dent"]
    >>> words = augment.train_words(images, said, steps=2, progress=False)
    >>> words.sample("dark dent", 3).shape
    torch.Size([3, 1, 8, 8])
    >>> words.read("deep light scratch").unknown
    ('deep',)

    training, environment: how and where it was trained, in a few words and numbers.
    """

    network: WordNetwork
    vocabulary: Vocabulary
    training: Mapping[str, str | int | float] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.network, WordNetwork):
            raise TypeError(f"network must be a WordNetwork, got {short(self.network)}")
        if not isinstance(self.vocabulary, Vocabulary):
            raise TypeError(f"vocabulary must be a Vocabulary, got {short(self.vocabulary)}")
        for name in ("training", "environment"):
            if not isinstance(getattr(self, name), Mapping):
                raise TypeError(f"{name} must be a mapping, got {short(getattr(self, name))}")

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of a sample."""
        architecture = self.network.architecture
        return architecture.channels, architecture.height, architecture.width

    def __repr__(self) -> str:
        sides = "x".join(map(str, self.shape))
        return f"WordGenerator({len(self.vocabulary.words)} words, images {sides})"

    def read(self, request: str) -> Reading:
        """What a request means to it: the words that it knows, and how far the nearest training description is."""
        return self.vocabulary.read(request)

    def warning(self, request: str) -> str:
        """What was never seen of a request, in one message; empty where a training description has all of it."""
        return self.vocabulary.warning(self.read(request))

    def sample(self, request: str, n: int, *, seed: int = 0) -> Tensor:
        """uint8 (n, C, H, W) on the CPU, of what a request says; nothing is said of what was never seen.

        What a request leaves open is drawn for each image from the training descriptions that have all of it. Image i
        depends on (request, seed, i) alone, its latents on (seed, i): descriptions that differ in a word give images
        that differ in what it means. Raises TypeError and `ArgumentError` for a request that cannot be read, or
        an n or seed that is no whole number or out of range.
        """
        n, seed = whole_number("n", n, 0, MAX_SAMPLES), whole_number("seed", seed)
        bags = self.vocabulary.encode(self.vocabulary.completions(request))
        none = torch.empty((0, *self.shape), dtype=torch.uint8)
        chunks = [to_uint8(self._draw(bags, seed, chunk)) for chunk in range(-(-n // CHUNK))]
        return torch.cat([none, *chunks])[:n]

    def save(self, folder: str | Path) -> dict[str, str]:
        """Write a bundle, manifest.json and generator.safetensors; equal generators give equal bytes. Returns the
        SHA-256 of both, by name. Raises `StoreError` when the disk refuses."""
        place = path_argument("folder", folder)
        weights = {name: value.cpu().contiguous() for name, value in self.network.state_dict().items()}
        content = safetensors.torch.save(weights, metadata={"format": "pt"})
        architecture = self.network.architecture
        manifest = {
            "format": FORMAT,
            "kind": KIND,
            "channels": architecture.channels,
            "height": architecture.height,
            "width": architecture.width,
            "latent": architecture.latent,
            "features": architecture.features,
            "words": list(self.vocabulary.words),
            "descriptions": list(self.vocabulary.descriptions),
            "training": dict(self.training),
            "environment": dict(self.environment),
            "weights_sha256": sha256(content),
        }
        contents = {WEIGHTS: content, MANIFEST: json_text(signed(manifest)).encode()}
        for name, written in contents.items():
            write_bytes(place / name, written)
        return {name: sha256(written) for name, written in contents.items()}

    def try_out(self) -> None:
        """Draw of the first description. Raises `BundleError` where the images are not finite."""
        self._draw(self.vocabulary.encode(self.vocabulary.descriptions[:1]), 0, 0)

    @torch.no_grad()
    def _draw(self, bags: Tensor, seed: int, chunk: int) -> Tensor:
        """A chunk of images, float (CHUNK, C, H, W), always whole, so that image i does not depend on n; each of one of
        the bags."""
        latent = self.network.architecture.latent
        rngs = [torch_rng(seed, "words", index) for index in range(chunk * CHUNK, (chunk + 1) * CHUNK)]
        z = torch.stack([torch.randn(latent, generator=rng) for rng in rngs])
        said = torch.stack([bags[torch.randint(len(bags), (), generator=rng)] for rng in rngs])
        with torch.autocast("cpu", enabled=False):  # the caller's would round
            images: Tensor = self.network(z, said)
        if not is_finite(images):
            raise BundleError("the generator of words draws images that are not finite: train it again", "not_finite")
        return images
