"""Generators on disk: save, verify, load, sample.

A bundle is a folder with `manifest.json` (closed schema, hash of the weights, hash of itself) and
`generator.safetensors` (the averaged generator; the discriminator is never exported). Loading
touches no pickle, no code, and no name to import.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import safetensors.torch
import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError
from torch import Tensor

from augment.data.slugs import slug
from augment.errors import BundleError
from augment.files import sha256, sha256_json, write_bytes, write_json
from augment.gan.fit import GanResult, Weights
from augment.gan.networks import Architecture, Generator, NetworkName, new_generator, to_uint8
from augment.gan.training import GanSettings
from augment.seeds import torch_rng

CHUNK = 64  # images of one forward pass, always, so that image i never depends on how many are asked for
MANIFEST_BYTES = 1_000_000
HEADER_BYTES = 100_000


class Manifest(BaseModel):
    """manifest.json of a bundle."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    format: Literal[1]
    label: str = Field(min_length=1, max_length=1024)
    slug: str = Field(pattern=r"^[a-z0-9-]{1,48}$")
    network: NetworkName
    channels: Literal[1, 3]
    height: int = Field(ge=2, le=256)
    width: int = Field(ge=2, le=256)
    latent: int = Field(ge=1, le=1024)
    features: int = Field(ge=4, le=256)
    training: dict[str, str | int | float]
    environment: dict[str, str]
    weights_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")

    @property
    def architecture(self) -> Architecture:
        """The network that the weights must fit."""
        return Architecture(self.network, self.channels, self.height, self.width, self.latent, self.features)


class ClassGenerator:
    """The generator of one class. `sample` is all that a user needs."""

    def __init__(self, label: str, network: Generator) -> None:
        self.label = label
        self.network = network.eval().requires_grad_(False)

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of a sample."""
        architecture = self.network.architecture
        return architecture.channels, architecture.height, architecture.width

    def to(self, device: str) -> "ClassGenerator":
        """Move to a device, in place."""
        self.network.to(device)
        return self

    @torch.no_grad()
    def sample(self, n: int, *, seed: int = 0, start: int = 0) -> Tensor:
        """uint8 (n, C, H, W) on the CPU: images start to start + n - 1 of this seed.

        Image i depends on (seed, i) alone: `sample(4)` is the beginning of `sample(8)`.
        Raises ValueError for a negative n or start.
        """
        if n < 0 or start < 0:
            raise ValueError(f"n and start must not be negative, got n={n}, start={start}")
        chunks = range(start // CHUNK, -(-(start + n) // CHUNK))
        images = [self._chunk(seed, chunk) for chunk in chunks] or [torch.empty((0, *self.shape), dtype=torch.uint8)]
        offset = start % CHUNK
        return torch.cat(images)[offset : offset + n]

    def _chunk(self, seed: int, chunk: int) -> Tensor:
        latent = self.network.architecture.latent
        z = torch.stack(
            [
                torch.randn(latent, generator=torch_rng(seed, "latent", self.label, index))
                for index in range(chunk * CHUNK, (chunk + 1) * CHUNK)
            ]
        )  # (CHUNK, latent)
        device = next(self.network.parameters()).device
        return to_uint8(self.network(z.to(device))).cpu()


class GeneratorSet(Mapping[str, ClassGenerator]):
    """Generators by label, in the order of the sorted labels.

    class_to_idx: label -> index over all classes of the training set, those without a generator
    included. failed: label -> why there is no generator.
    """

    def __init__(self, generators: Mapping[str, ClassGenerator], failed: Mapping[str, str] | None = None) -> None:
        self._generators = dict(sorted(generators.items()))
        self.failed = dict(failed or {})
        labels = sorted([*self._generators, *self.failed])
        self.class_to_idx = {label: index for index, label in enumerate(labels)}

    def __getitem__(self, label: str) -> ClassGenerator:
        if label in self._generators:
            return self._generators[label]
        if label in self.failed:
            raise KeyError(f"class {label!r} has no generator: {self.failed[label]}")
        raise KeyError(f"no class {label!r}; there are {', '.join(map(repr, self._generators))}")

    def __iter__(self) -> Iterator[str]:
        return iter(self._generators)

    def __len__(self) -> int:
        return len(self._generators)


def network_from(architecture: Architecture, weights: Weights) -> Generator:
    """A generator in eval mode with these weights."""
    network = new_generator(architecture)
    network.load_state_dict(weights)
    return network.eval()


def generators_from(
    shape: tuple[int, ...], settings: Mapping[str, GanSettings], results: Mapping[str, GanResult]
) -> GeneratorSet:
    """Generators straight from training, without a folder; shape is (C, H, W)."""
    channels, height, width = shape
    generators, failed = {}, {}
    for label, result in results.items():
        own = settings[label]
        if result.reason:
            failed[label] = result.reason
            continue
        architecture = Architecture(own.network, channels, height, width, own.latent, own.features)
        generators[label] = ClassGenerator(label, network_from(architecture, result.generator))
    return GeneratorSet(generators, failed)


def save_bundle(
    folder: Path,
    label: str,
    architecture: Architecture,
    weights: Weights,
    training: dict[str, Any],
    environment: dict[str, str],
) -> None:
    """Write a bundle; equal arguments give equal bytes."""
    # One metadata key at most: safetensors writes two in random order.
    content = safetensors.torch.save(weights, metadata={"format": "pt"})
    manifest = {
        "format": 1,
        "label": label,
        "slug": slug(label),
        "network": architecture.network,
        "channels": architecture.channels,
        "height": architecture.height,
        "width": architecture.width,
        "latent": architecture.latent,
        "features": architecture.features,
        "training": training,
        "environment": environment,
        "weights_sha256": sha256(content),
    }
    write_bytes(folder / "generator.safetensors", content)
    write_json(folder / "manifest.json", {**manifest, "sha256": sha256_json(manifest)})


def load_bundle(folder: Path) -> ClassGenerator:
    """Load and verify one bundle. Raises `BundleError` saying what is wrong with which file."""
    manifest = read_manifest(folder / "manifest.json")
    path = folder / "generator.safetensors"
    # On the meta device: shapes without memory, so a manifest cannot make us allocate.
    with torch.device("meta"):
        expected = {
            name: (value.shape, value.dtype)
            for name, value in new_generator(manifest.architecture).state_dict().items()
        }
    most = sum(shape.numel() * dtype.itemsize for shape, dtype in expected.values()) + HEADER_BYTES
    content = _read(path, most)
    if sha256(content) != manifest.weights_sha256:
        raise _damaged(path, "its SHA-256 is not the manifest's")
    try:
        weights = safetensors.torch.load(content)
    except (SafetensorError, ValueError, KeyError) as error:
        raise _damaged(path, str(error)) from error
    found = {name: (value.shape, value.dtype) for name, value in weights.items()}
    if found != expected:
        wrong = sorted(name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name))
        raise _damaged(path, f"tensors that do not fit the manifest: {', '.join(wrong[:5])}")
    if not all(torch.isfinite(value).all() for value in weights.values()):
        raise _damaged(path, "it holds numbers that are not finite")
    return ClassGenerator(manifest.label, network_from(manifest.architecture, weights))


def read_manifest(path: Path) -> Manifest:
    """A manifest checked against its schema and its own hash."""
    content = _read(path, MANIFEST_BYTES)
    try:
        values = json.loads(content)
        manifest = Manifest.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        raise _damaged(path, f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    except (ValueError, RecursionError) as error:
        raise _damaged(path, f"not JSON: {error}") from error
    if sha256_json({key: value for key, value in values.items() if key != "sha256"}) != manifest.sha256:
        raise _damaged(path, "its SHA-256 is not the one it states")
    return manifest


def load_generators(folder: str | Path = "models") -> GeneratorSet:
    """All generators of a models folder, verified.

    Raises `BundleError` when index.json or a bundle is missing or damaged.
    """
    index_path = Path(folder) / "index.json"
    try:
        classes = json.loads(_read(index_path, 100 * MANIFEST_BYTES))["classes"]
        entries = {label: (entry["status"], entry["slug"], entry["reason"]) for label, entry in classes.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(index_path, f"not an index of generators ({error})") from error
    generators = {}
    for label, (status, own_slug, _) in entries.items():
        if status != "trained":
            continue
        if own_slug != slug(label):
            raise _damaged(index_path, f"class {label!r} must be in folder {slug(label)!r}, not {own_slug!r}")
        generators[label] = load_bundle(Path(folder) / own_slug)
        if generators[label].label != label:
            raise _damaged(Path(folder) / own_slug, f"it is of class {generators[label].label!r}, not {label!r}")
    failed = {label: str(reason) for label, (status, _, reason) in entries.items() if status != "trained"}
    return GeneratorSet(generators, failed)


def _read(path: Path, most: int) -> bytes:
    try:
        size = path.stat().st_size
        if size > most:
            raise _damaged(path, f"{size} bytes where at most {most} can be right")
        return path.read_bytes()
    except OSError as error:
        raise BundleError(
            f"{path}: {error.strerror}. Run `dvc repro train` to make the generators, or give the folder "
            "that holds index.json."
        ) from error


def _damaged(path: Path, what: str) -> BundleError:
    return BundleError(f"{path}: {what}. Delete the folder and run `dvc repro train`, or fetch it again.")
