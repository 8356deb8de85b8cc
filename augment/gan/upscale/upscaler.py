"""What is left of super-resolution's training: a network that enlarges images, which shrink back to what they were."""

from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import safetensors.torch
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from augment.core.errors import ArgumentError
from augment.core.files import json_text, sha256, write_bytes
from augment.data.arguments import path_argument, require_memory, short, size_argument
from augment.data.sizes import Size
from augment.gan.bundle_files import MANIFEST, WEIGHTS, signed
from augment.gan.generators.arguments import images_argument
from augment.gan.networks.build import to_float, to_uint8
from augment.gan.upscale.network import UpscalerNetwork
from augment.gan.upscale.projection import Projection

FORMAT = 1  # of the bundle
PASS_VALUES = 2**23  # of feature maps at the large size in one pass, one image at least


@dataclass(frozen=True)
class Upscaler:
    """Enlarges images of any class; made by `train_upscaler`, read back by `load_upscaler`.

    >>> import augment, torch
    >>> photos = torch.randint(0, 256, (12, 1, 32, 32), dtype=torch.uint8)
    >>> augment.train_upscaler(photos, 16, steps=3, progress=False)
    Upscaler(grey, 2 times)
    """

    network: UpscalerNetwork

    def __post_init__(self) -> None:
        if not isinstance(self.network, UpscalerNetwork):
            raise TypeError(f"network must be an UpscalerNetwork, got {short(self.network)}")

    def __repr__(self) -> str:
        shape = self.network.shape
        return f"Upscaler({'grey' if shape.channels == 1 else 'RGB'}, {2**shape.doublings} times)"

    def __call__(self, small: Tensor | NDArray[np.uint8], size: object) -> Tensor:
        """uint8 (N, C, h, w) at `size`, pixels or (height, width), no smaller than theirs: uint8 (N, C, H, W).

        Shrunk as ingest shrinks, the result is what came in, to a grey level where no value is at its bounds. Each
        image depends on itself alone. Raises TypeError, `ArgumentError` or `DataError` for what does not fit.
        """
        images = torch.from_numpy(images_argument("small", small))
        if images.shape[1] != (channels := self.network.shape.channels):
            raise ArgumentError(f"small must have {channels} channels, as what was learnt; got {images.shape[1]}")
        (h, w), chosen = images.shape[2:], size_argument(size)
        height, width = (chosen, chosen) if isinstance(chosen, int) else chosen
        if height < h or width < w:
            raise ArgumentError(f"size is {height} x {width}, and the images are larger: {h} x {w}; give a larger one")
        require_memory("small", (*images.shape[:2], height, width), "give fewer at once, or a smaller size")
        made = torch.empty(*images.shape[:2], height, width, dtype=torch.uint8)
        factor = 2**self.network.shape.doublings
        step = max(1, PASS_VALUES // (self.network.shape.features * h * w * factor**2))
        exact = Projection.between((height, width), (h, w))
        for at in range(0, len(images), step):
            part = slice(at, at + step)
            made[part] = self._enlarged(images[part], (height, width), exact)
        return made

    def save(self, folder: str | Path) -> None:
        """Write manifest.json and generator.safetensors; equal upscalers give equal bytes. Raises `StoreError` when the
        disk refuses."""
        place = path_argument("folder", folder)
        weights = {name: value.cpu().contiguous() for name, value in self.network.state_dict().items()}
        content = safetensors.torch.save(weights, metadata={"format": "pt"})
        manifest = {"format": FORMAT, "kind": "upscaler", **asdict(self.network.shape)}
        write_bytes(place / WEIGHTS, content)
        write_bytes(place / MANIFEST, json_text(signed({**manifest, "weights_sha256": sha256(content)})).encode())

    @torch.no_grad()
    def _enlarged(self, small: Tensor, size: Size, exact: Projection) -> Tensor:
        images = to_float(small)
        guess = self.network(images)
        if guess.shape[2:] != size:
            guess = F.interpolate(guess, size, mode="bicubic", antialias=True)
        return to_uint8(exact.within_range(guess, images))
