"""The generator of one class: sampling, and saving as a bundle (`bundle_files.py`)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import safetensors.torch
import torch
from numpy.typing import NDArray
from torch import Tensor

from augment.core.errors import ArgumentError, BundleError
from augment.core.files import json_text, sha256, slug, write_bytes
from augment.core.seeds import torch_rng
from augment.data.arguments import path_argument, require_memory, short, whole_number
from augment.gan.bundle_files import MANIFEST, MANIFEST_FORMAT, WEIGHTS, signed
from augment.gan.generators.arguments import check_labels, check_translator, images_argument
from augment.gan.generators.notebook import SHOWN_SAMPLES, notebook_html, size_text
from augment.gan.networks.architecture import Architecture
from augment.gan.networks.build import Generator, new_generator, to_uint8
from augment.gan.training.run import Weights
from augment.gan.translate.translator import Translator

if TYPE_CHECKING:
    from torch.export import ExportedProgram

MAX_SAMPLES, MAX_INDEX = 10_000_000, 2**53  # of one call, which would last for days; of an image
MIN_TRANSLATED_PX = 8  # of a good image's side
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
    >>> generators["1"]
    ClassGenerator('1', images 1x8x8, dcgan, on cpu)

    training, environment: how and where it was trained, in a few words and numbers. translator: what draws the class's
    defects onto good images, None where nothing does; it is saved with a set of generators.
    """

    def __init__(
        self,
        label: str,
        network: Generator,
        training: Mapping[str, str | int | float] | None = None,
        environment: Mapping[str, str] | None = None,
        translator: Translator | None = None,
    ) -> None:
        if not isinstance(label, str):
            raise TypeError(f"label must be the name of a class, got {short(label)}")
        if not isinstance(getattr(network, "architecture", None), Architecture):
            raise TypeError(f"network must be a generator of this project, got {short(network)}")
        for name, words in (("training", training), ("environment", environment)):
            if words is not None and not isinstance(words, Mapping):
                raise TypeError(f"{name} must be a mapping, got {short(words)}")
        if translator is not None:
            check_translator(translator, label, network.architecture.channels)
        self.label, self.translator = label, translator
        self._network = network.eval().requires_grad_(False)
        self.training, self.environment = dict(training or {}), dict(environment or {})

    @property
    def network(self) -> Generator:
        """Latent vectors float (N, latent) -> images float (N, C, H, W) in [-1, 1]."""
        return self._network

    @property
    def architecture(self) -> Architecture:
        """Of the network."""
        return self.network.architecture

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of a sample."""
        return self.architecture.channels, self.architecture.height, self.architecture.width

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return next(self.network.parameters()).device

    def __repr__(self) -> str:
        network = self.architecture.network
        return f"ClassGenerator({self.label!r}, images {size_text(self.shape)}, {network}, on {self.device})"

    def _repr_html_(self) -> str:
        return notebook_html(repr(self), {self.label: self.sample(SHOWN_SAMPLES)})

    def with_translator(self, translator: Translator) -> "ClassGenerator":
        """The same, which translates too."""
        return ClassGenerator(self.label, self.network, self.training, self.environment, translator)

    def to(self, device: str | torch.device) -> "ClassGenerator":
        """Move to a device, in place; samples come to the CPU from wherever it is. Raises `ArgumentError` for one that
        is not there."""
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

    def translate(self, good: Tensor | NDArray[np.uint8], *, seed: int = 0, start: int = 0) -> Tensor:
        """uint8 (N, C, H, W), the good images given, of any size from 8 px up, each with a defect of this class.

        What is not under the defect stays as it was, to the last bit. Image i depends on (seed, start + i) and its good
        image alone. Raises `ArgumentError` for a class without a translator (docs/transplants.md), `DataError`,
        `ArgumentError` or TypeError for arguments that do not fit.
        """
        if self.translator is None:
            raise ArgumentError(
                f"class {self.label!r} has no translator: set generate.sources: learned and run the pipeline; where "
                "that finds none, data/synthetic/transplants.csv has the reason"
            )
        images, channels = images_argument("good", good), self.shape[0]
        if images.shape[1] != channels or min(images.shape[2:]) < MIN_TRANSLATED_PX:
            found = " x ".join(map(str, images.shape[1:]))
            raise ArgumentError(f"good must have {channels} channels and {MIN_TRANSLATED_PX} px a side, got {found}")
        require_memory("good", images.shape, "give fewer at once")
        seed, start = whole_number("seed", seed), whole_number("start", start, 0, MAX_INDEX)
        return torch.from_numpy(self.translator.translate(images, seed=seed, start=start))

    def latents(self, seed: int, indices: Iterable[int]) -> Tensor:
        """float (n, latent) on the CPU: the latent vectors from which these images of a seed are drawn."""
        return self._latents([torch_rng(seed, "latent", self.label, index) for index in indices])

    def try_out(self) -> None:
        """Draw two images. Raises `BundleError` where they are not finite."""
        self._draw(self._latents([torch_rng("try", index) for index in range(2)]))

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
            **asdict(self.architecture),
            "training": self.training,
            "environment": self.environment,
            "weights_sha256": sha256(content),
        }
        contents = {WEIGHTS: content, MANIFEST: json_text(signed(manifest)).encode()}
        for name, written in contents.items():
            write_bytes(folder / name, written)
        return {name: sha256(written) for name, written in contents.items()}

    def exported(self) -> "ExportedProgram":
        """The network as a program of torch.export, z float32 (N, latent) -> uint8 (N, C, H, W), for any N: to be kept
        by `torch.export.save` and run where this library is not. z is drawn from a normal distribution."""
        from augment.gan.generators.portable import exported  # noqa: PLC0415  (it compiles; sampling never needs it)

        return exported(self.network)

    def export_onnx(self, path: str | Path) -> None:
        """Write the network as an ONNX file: input `z` float32 (N, latent), output `images` uint8 (N, C, H, W), within
        one grey level of torch's for equal z.

        Raises `AugmentError` where the extra `onnx` is missing, `StoreError` when the disk refuses.
        """
        from augment.gan.generators.portable import onnx_bytes  # noqa: PLC0415  (as above)

        write_bytes(path_argument("path", path), onnx_bytes(self.network))

    def _chunk(self, seed: int, chunk: int) -> Tensor:
        return to_uint8(self._draw(self.latents(seed, range(chunk * CHUNK, (chunk + 1) * CHUNK)))).cpu()

    def _latents(self, rngs: Sequence[torch.Generator]) -> Tensor:
        latent = self.architecture.latent
        return torch.stack([torch.randn(latent, generator=rng, dtype=torch.float32, device="cpu") for rng in rngs])

    @torch.no_grad()
    def _draw(self, latents: Tensor) -> Tensor:
        """One image of each, float (N, C, H, W) in [-1, 1]. Raises `BundleError` for what is not finite."""
        with torch.autocast(self.device.type, enabled=False):  # the caller's would round
            images: Tensor = self.network(latents.to(self.device))
        if not is_finite(images):
            raise BundleError(
                f"the generator of class {self.label!r} draws images that are not finite: its weights are damaged. "
                "Train it again.",
                "not_finite",
            )
        return images


def is_finite(values: Tensor) -> bool:
    """Whether no number is infinite or NaN; takes no memory of its own, as `isfinite` would."""
    if not values.numel():
        return True
    low, high = values.aminmax()
    return bool(torch.isfinite(low) and torch.isfinite(high))


def network_from(architecture: Architecture, weights: Weights) -> Generator:
    """A generator in eval mode with these weights."""
    with torch.device("meta"):  # no weights are drawn
        network = new_generator(architecture)
    network.load_state_dict(weights, assign=True)
    return network.eval()
