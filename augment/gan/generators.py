"""The generators of classes: sampling, and saving as bundles (`bundle_files.py`)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor

from augment.core.errors import ArgumentError, BundleError
from augment.core.files import json_text, sha256, slug, write_bytes
from augment.core.seeds import torch_rng
from augment.data.arguments import path_argument, sequence_argument, short, whole_number
from augment.gan.bundle_files import (
    INDEX,
    INDEX_FORMAT,
    MANIFEST,
    MANIFEST_FORMAT,
    MAX_REASON_LENGTH,
    SHARED,
    WEIGHTS,
    signed,
)
from augment.gan.generator_arguments import check_labels, check_parts
from augment.gan.networks.architecture import Architecture
from augment.gan.networks.build import Generator, new_generator, to_uint8
from augment.gan.training.run import Weights

MAX_SAMPLES, MAX_INDEX = 10_000_000, 2**53  # of one call, which would last for days; of an image
CHUNK = 64  # images of one forward pass, always, so that image i never depends on how many are asked for


class ClassGenerator:
    """The generator of one class. `sample` is all that a user needs.

    >>> import augment, torch
    >>> images = torch.randint(0, 256, (12, 1, 8, 8), dtype=torch.uint8)
    >>> generators = augment.train_generators(images, [0] * 8 + [1] * 4, width=4, shared_steps=8, steps=8)
    >>> generators["1"].sample(64, seed=0).shape, generators["1"].sample(0).dtype
    (torch.Size([64, 1, 8, 8]), torch.uint8)
    >>> torch.equal(generators["1"].sample(4, seed=0), generators["1"].sample(64, seed=0)[:4])
    True

    training, environment: how and where it was trained, in a few words and numbers.
    """

    def __init__(
        self,
        label: str,
        network: Generator,
        training: Mapping[str, str | int | float] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        if not isinstance(label, str):
            raise TypeError(f"label must be the name of a class, got {short(label)}")
        if not isinstance(getattr(network, "architecture", None), Architecture):
            raise TypeError(f"network must be a generator of this project, got {short(network)}")
        for name, words in (("training", training), ("environment", environment)):
            if words is not None and not isinstance(words, Mapping):
                raise TypeError(f"{name} must be a mapping, got {short(words)}")
        self.label = label
        self.network = network.eval().requires_grad_(False)
        self.training, self.environment = dict(training or {}), dict(environment or {})

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of a sample."""
        architecture = self.network.architecture
        return architecture.channels, architecture.height, architecture.width

    def to(self, device: str) -> "ClassGenerator":
        """Move to a device, in place. Raises `ArgumentError` for one that is not there."""
        try:
            self.network.to(torch.device(device))
        except (RuntimeError, TypeError, AssertionError, NotImplementedError) as error:
            raise ArgumentError(f"device must be one that torch has here, such as cpu; got {short(device)}") from error
        return self

    @torch.no_grad()
    def sample(self, n: int, *, seed: int = 0, start: int = 0) -> Tensor:
        """uint8 (n, C, H, W) on the CPU: images start to start + n - 1 of this seed.

        Image i depends on (seed, i) alone: `sample(4)` is the beginning of `sample(8)`.
        Raises `ArgumentError` for a negative n or start or one of many millions, and TypeError for what is no whole
        number.
        """
        n, start = whole_number("n", n, 0, MAX_SAMPLES), whole_number("start", start, 0, MAX_INDEX)
        seed = whole_number("seed", seed)
        chunks = range(start // CHUNK, -(-(start + n) // CHUNK))
        none = torch.empty((0, *self.shape), dtype=torch.uint8, device="cpu")
        images = [none, *(self._chunk(seed, chunk) for chunk in chunks)]
        return torch.cat(images)[start % CHUNK :][:n]

    def try_out(self) -> None:
        """Draw two images. Raises `BundleError` where they are not finite."""
        rngs = [torch_rng("try", index) for index in range(2)]
        self._draw(rngs)

    def save(self, folder: str | Path) -> dict[str, str]:
        """Write a bundle, manifest.json and generator.safetensors; equal generators give equal bytes.

        Returns the SHA-256 of both, by name. Raises `ArgumentError` for a label that no bundle can bear, `StoreError`
        when the disk refuses.
        """
        folder = path_argument("folder", folder)
        check_labels([self.label])
        weights = {name: value.cpu().contiguous() for name, value in self.network.state_dict().items()}
        # One metadata key at most: safetensors writes two in random order.
        content = safetensors.torch.save(weights, metadata={"format": "pt"})
        manifest = {
            "format": MANIFEST_FORMAT,
            "label": self.label,
            "slug": slug(self.label),
            **asdict(self.network.architecture),
            "training": self.training,
            "environment": self.environment,
            "weights_sha256": sha256(content),
        }
        contents = {WEIGHTS: content, MANIFEST: json_text(signed(manifest)).encode()}
        for name, written in contents.items():
            write_bytes(folder / name, written)
        return {name: sha256(written) for name, written in contents.items()}

    def _chunk(self, seed: int, chunk: int) -> Tensor:
        rngs = [torch_rng(seed, "latent", self.label, index) for index in range(chunk * CHUNK, (chunk + 1) * CHUNK)]
        return to_uint8(self._draw(rngs)).cpu()

    @torch.no_grad()
    def _draw(self, rngs: Sequence[torch.Generator]) -> Tensor:
        """One image of each, float (N, C, H, W) in [-1, 1]. Raises `BundleError` for what is not finite."""
        latent = self.network.architecture.latent
        latents = [torch.randn(latent, generator=rng, dtype=torch.float32, device="cpu") for rng in rngs]
        device = next(self.network.parameters()).device
        with torch.autocast(device.type, enabled=False):  # the caller's would round
            images: Tensor = self.network(torch.stack(latents).to(device))
        if not is_finite(images):
            raise BundleError(
                f"the generator of class {self.label!r} draws images that are not finite: its weights are damaged. "
                "Train it again.",
                "not_finite",
            )
        return images


class GeneratorSet(Mapping[str, ClassGenerator]):
    """Generators by label, in the order of the classes: a read-only mapping.

    classes: all classes of the training set, those without a generator included; sorted unless an
    order is given. class_to_idx: label -> position in `classes`. failed: label -> why there is no
    generator. shared: the generator of all classes that theirs began from, None where there was none.
    Raises `ArgumentError` when `classes` are not the labels of `generators` and `failed`, when a generator is of
    another label than it stands under, or draws images of another size than the others, TypeError for other kinds.

    >>> import augment, torch
    >>> images = torch.randint(0, 256, (12, 1, 8, 8), dtype=torch.uint8)
    >>> generators = augment.train_generators(
    ...     images, [0] * 8 + [1] * 4, classes=["scratch", "dent"], width=4, shared_steps=8, steps=8
    ... )
    >>> generators.class_to_idx, generators.failed
    ({'scratch': 0, 'dent': 1}, {})
    >>> {label: tuple(generator.sample(2).shape) for label, generator in generators.items()}
    {'scratch': (2, 1, 8, 8), 'dent': (2, 1, 8, 8)}
    """

    def __init__(
        self,
        generators: Mapping[str, ClassGenerator],
        failed: Mapping[str, str] | None = None,
        classes: Sequence[str] | None = None,
        shared: ClassGenerator | None = None,
    ) -> None:
        check_parts(generators, failed, shared)
        self.failed, self.shared = dict(failed or {}), shared
        labels = sorted({*generators, *self.failed})
        self.classes = labels if classes is None else sequence_argument("classes", classes)
        if sorted(self.classes, key=str) != labels or set(generators) & set(self.failed):
            raise ArgumentError(f"classes are {self.classes}, and the generators and failures are of {labels}")
        self._generators = {label: generators[label] for label in self.classes if label in generators}
        self.class_to_idx = {label: index for index, label in enumerate(self.classes)}

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

    def save(self, folder: str | Path) -> None:
        """Write a bundle for each class, one of the shared generator, and index.json, which has a hash of every file;
        `load_generators` reads all back.

        Raises `ArgumentError` for labels that cannot stand beside each other, `StoreError` when the disk refuses.
        """
        folder = path_argument("folder", folder)
        check_labels(self.classes)
        bundles = {slug(label): generator for label, generator in self.items()}
        bundles |= {SHARED: self.shared} if self.shared is not None else {}
        files = {
            f"{name}/{file}": digest
            for name, generator in bundles.items()
            for file, digest in generator.save(folder / name).items()
        }
        entries = {
            label: {
                "slug": slug(label),
                "status": "trained" if label in self else "failed",
                "reason": self.failed.get(label, "")[:MAX_REASON_LENGTH],
            }
            for label in self.classes
        }
        index = {"format": INDEX_FORMAT, "classes": entries, "order": self.classes, "shared": self.shared is not None}
        write_bytes(folder / INDEX, json_text(signed({**index, "files": files})).encode())


def is_finite(values: Tensor) -> bool:
    """Whether no number is infinite or NaN; takes no memory of its own, as `isfinite` would."""
    low, high = values.aminmax()
    return bool(torch.isfinite(low) and torch.isfinite(high))


def network_from(architecture: Architecture, weights: Weights) -> Generator:
    """A generator in eval mode with these weights."""
    with torch.device("meta"):  # no weights are drawn
        network = new_generator(architecture)
    network.load_state_dict(weights, assign=True)
    return network.eval()
