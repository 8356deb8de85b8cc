"""What is left of a translator's training: a class's defects on whatever good images it is given."""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import safetensors.torch
import torch
from numpy.typing import NDArray
from torch import Tensor

from augment.core.files import json_text, sha256, write_bytes
from augment.core.seeds import torch_rng
from augment.gan.bundle_files import MANIFEST, WEIGHTS, signed
from augment.gan.networks.build import to_float, to_uint8
from augment.gan.translate.network import TranslatorNetwork, random_codes, translated

FORMAT = 1  # of the bundle
CHUNK = 16  # images of one forward pass, always, so that image i never depends on how many are asked for


@dataclass(frozen=True)
class Translator:
    """Of one class. Its network has seen the class's defects on images of one size, and works at any."""

    label: str
    network: TranslatorNetwork

    def latents(self, n: int, *, seed: int, start: int = 0) -> Tensor:
        """z float (n, latent) of images start to start + n - 1 of this seed."""
        drawn = (random_codes(self.network.codes, 1, self._rng(seed, index)) for index in range(start, start + n))
        return torch.cat([self.network.codes[:0], *drawn])

    def places(self, n: int, *, seed: int, start: int = 0) -> Tensor:
        """Where, float (n, 6), as `placed` takes it: each as one of those that were learnt."""
        rngs = (self._rng(seed, index, "place") for index in range(start, start + n))
        which = [int(torch.randint(len(self.network.places), (), generator=rng)) for rng in rngs]
        return self.network.places[which]

    def onto(self, good: NDArray[np.uint8], z: Tensor, place: Tensor) -> NDArray[np.uint8]:
        """Good images uint8 (n, C, H, W) with a defect each; z, place: float (n, latent) and (n, 6)."""
        made = np.empty_like(good)
        for at in range(0, len(good), CHUNK):
            rows = np.minimum(np.arange(at, at + CHUNK), len(good) - 1)
            chunk = self._drawn(torch.from_numpy(good[rows]), z[rows], place[rows])
            made[at : at + CHUNK] = chunk[: len(good) - at].numpy()
        return made

    def translate(self, good: NDArray[np.uint8], *, seed: int = 0, start: int = 0) -> NDArray[np.uint8]:
        """The same, with z and places of images start to start + n - 1 of this seed."""
        n = len(good)
        return self.onto(good, self.latents(n, seed=seed, start=start), self.places(n, seed=seed, start=start))

    @torch.no_grad()
    def is_finite(self) -> bool:
        """Whether an image drawn from each of its first defects has finite values."""
        shape, rows = self.network.shape, min(2, self.network.shape.defects, self.network.shape.places)
        good = torch.zeros(rows, shape.channels, shape.height, shape.width)
        made = self.network(good, self.network.codes[:rows], self.network.places[:rows])
        return all(bool(part.isfinite().all()) for part in made)

    def save(self, folder: Path) -> dict[str, str]:
        """Write manifest.json and generator.safetensors; equal translators give equal bytes. Returns the SHA-256 of
        both, by name. Raises `StoreError` when the disk refuses."""
        weights = {name: value.cpu().contiguous() for name, value in self.network.state_dict().items()}
        content = safetensors.torch.save(weights, metadata={"format": "pt"})
        form = {"format": FORMAT, "kind": "translator", "label": self.label, **asdict(self.network.shape)}
        manifest = json_text(signed({**form, "weights_sha256": sha256(content)})).encode()
        for name, written in ((WEIGHTS, content), (MANIFEST, manifest)):
            write_bytes(folder / name, written)
        return {WEIGHTS: sha256(content), MANIFEST: sha256(manifest)}

    @torch.no_grad()
    def _drawn(self, good: Tensor, z: Tensor, place: Tensor) -> Tensor:
        with torch.autocast("cpu", enabled=False):  # the caller's would round
            return to_uint8(translated(self.network, to_float(good), z, place))

    def _rng(self, seed: int, index: int, purpose: str = "latent") -> torch.Generator:
        return torch_rng(seed, "translator", purpose, self.label, index)
