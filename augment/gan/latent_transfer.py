"""Latent transfer: the images of a minority class varied as images of the set's majority classes vary.

Every training image has a place in the latent space of the shared GAN (`invert`). An image, moved by the difference of
two images of one majority class (the donor) and drawn by the shared generator, shows its class with a change that
others show. What the generator cannot draw of the image, its residual, is added again, so details stay, and a
move that ends near an image of the class, the moved one or another, is drawn again, since its sample would be a copy.
The idea is the hallucination of Hariharan & Girshick 2017 (arXiv:1606.02819) and the delta-encoder (Schwartz et al.
2018, arXiv:1806.04734) in a GAN's latent space.
"""

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from augment.core.environment import multiplies_bf16
from augment.core.seeds import numpy_rng, torch_rng
from augment.data.imageset import ImageSet
from augment.data.split.labelled import minority_classes
from augment.gan.generators import ClassGenerator
from augment.gan.networks.build import Generator, to_float, to_uint8
from augment.gan.training.checks import rms_distances
from augment.measure.metrics import leave_one_out_nearest
from augment.params.types import LARGE_FROM_PX

MIN_DONOR_SHARE = 0.5  # of the largest class's images: a class with as many is a donor
SHIFT_STRENGTH = 0.9  # of the difference: gains as much as 0.6, which leaves several times the copies
COPY_DISTANCE_SHARE = 0.65  # of the usual distance to the next image of the class: nearer is a copy
MAX_DRAWS = 4  # of a sample at most, the first included
MAX_IMAGES_PER_CLASS = 64  # of a class that are looked for in the latent space,
MAX_IMAGES_IN_ALL = 640  # so that the time is bounded; but 8 of each class at least
INVERSION_STEPS, INVERSION_RATE, MIN_INVERSION_RATE = 200, 0.1, 0.005
PRIOR_WEIGHT = 0.01  # weight of a latent's mean square beside the mean square error
START_CANDIDATES = 2000  # latents of which the nearest to an image is where its search begins
MAX_PASS_PIXELS = 2**20  # of the images of one pass, 256 of 64x64; but 8 images at least

Rows = TypeVar("Rows", Tensor, range)


@dataclass(frozen=True)
class LatentTransfer:
    """All that makes samples of one class by latent transfer.

    network: the shared generator; latents float (n, latent) and residuals float (n, C, H, W) of images that it varies,
    image = network(latent) + residual; donors: float (m, latent) of the images of each donor, m >= 2; known: uint8
    (N, C, H, W), all images of the class; min_distance: of a sample from each of them, as `near_copies` takes it;
    positions: int64 (n,), which of the known images are varied.
    """

    label: str
    network: Generator
    latents: Tensor
    residuals: Tensor
    donors: tuple[Tensor, ...]
    known: NDArray[np.uint8]
    min_distance: float
    positions: NDArray[np.int64]

    @torch.no_grad()
    def sample(self, n: int, *, seed: int, start: int = 0) -> Tensor:
        """uint8 (n, C, H, W) on the CPU: images start to start + n - 1 of this seed.

        Image i depends on (seed, i) alone, up to float rounding.
        """
        with torch.autocast("cpu", enabled=False):  # the caller's would round
            images = [self._draw(seed, some) for some in _passes_of(range(start, start + n), self.residuals.shape)]
        return torch.cat([torch.empty((0, *self.residuals.shape[1:]), dtype=torch.uint8, device="cpu"), *images])

    def sources(self, n: int, *, seed: int, start: int = 0) -> NDArray[np.int64]:
        """Which of the known images each sample varies, int64 (n,), as `sample` counts them."""
        varied = [self._varied(self._rng(seed, index)) for index in range(start, start + n)]
        return self.positions[np.array(varied, dtype=np.int64)]

    def places(self, seed: int, index: int) -> tuple[Tensor, Tensor]:
        """Where sample `index` may lie: float (C, H, W), what is added to what the network draws of either latent, and
        the latents (MAX_DRAWS, latent), of which the first is taken that makes no copy."""
        source, latents = self._moved_latents(seed, index)
        return self.residuals[source], latents

    def _draw(self, seed: int, indices: range) -> Tensor:
        moves = [self._moved_latents(seed, index) for index in indices]
        sources = torch.tensor([source for source, _ in moves], device="cpu")
        tried = torch.stack([latents for _, latents in moves], dim=1)  # (MAX_DRAWS, n, latent)
        images = self._images(sources, tried[0])
        for latents in tried[1:]:
            copies = near_copies(images, self.known, self.min_distance)
            if not copies.any():
                break
            images[copies] = self._images(sources[copies], latents[copies])
        return images

    def _moved_latents(self, seed: int, index: int) -> tuple[int, Tensor]:
        """Which image is varied, and the latents (MAX_DRAWS, latent) that it may move to."""
        rng = self._rng(seed, index)
        source = self._varied(rng)
        donor = self.donors[int(torch.randint(len(self.donors), (), generator=rng, device="cpu"))]
        pairs = torch.stack([torch.randperm(len(donor), generator=rng, device="cpu")[:2] for _ in range(MAX_DRAWS)])
        return source, self.latents[source] + SHIFT_STRENGTH * (donor[pairs[:, 0]] - donor[pairs[:, 1]])

    def _rng(self, seed: int, index: int) -> torch.Generator:
        return torch_rng(seed, "borrowed", self.label, index)

    def _varied(self, rng: torch.Generator) -> int:
        """The first draw of a sample: a row of the latents."""
        return int(torch.randint(len(self.latents), (), generator=rng, device="cpu"))

    def _images(self, sources: Tensor, latents: Tensor) -> Tensor:
        return to_uint8(self.network(latents) + self.residuals[sources])


def latent_transfers(shared: ClassGenerator, train: ImageSet, seed: int) -> dict[str, LatentTransfer]:
    """The latent transfer of each minority class of `train`, through the shared generator."""
    network, counts = copy.deepcopy(shared.network).cpu(), train.counts()
    majority, minority, max_images = donor_classes(counts), minority_classes(counts), max_images_per_class(len(counts))
    if not majority:
        return {}
    known = {label: train.of_class(label).images for label in sorted({*majority, *minority})}
    positions = {
        label: _sought(len(images_of_class), max_images, seed, label) for label, images_of_class in known.items()
    }
    images = {label: to_float(torch.from_numpy(known[label][chosen])) for label, chosen in positions.items()}
    all_latents = invert(network, torch.cat(list(images.values())))  # one search for all: small batches cost as much
    sizes = [len(images_of_class) for images_of_class in images.values()]
    latents = dict(zip(images, torch.split(all_latents, sizes), strict=True))
    donors = tuple(latents[label] for label in majority)
    undrawn = {label: residuals(network, images[label], latents[label]) for label in minority}
    distances = {label: min_sample_distance(known[label]) for label in minority}
    return {
        label: LatentTransfer(
            label,
            network,
            latents[label],
            undrawn[label],
            donors,
            known[label],
            distances[label],
            positions[label],
        )
        for label in minority
    }


def near_copies(images: Tensor, known: NDArray[np.uint8], min_distance: float) -> Tensor:
    """Which images, uint8 (n, C, H, W), are nearer than `min_distance` to a known one, uint8 (N, C, H, W): bool (n,).

    Distances are root mean squares of differences of pixels in [-1, 1].
    """
    return rms_distances(images, torch.from_numpy(known)).amin(dim=1) < min_distance


def min_sample_distance(known: NDArray[np.uint8]) -> float:
    """How far a sample should be from the images of its class, uint8 (N, C, H, W), for `near_copies`; 0 below two."""
    if len(known) < 2:
        return 0.0
    rows = to_float(torch.from_numpy(known)).flatten(1)
    _, distances = leave_one_out_nearest(rows.numpy())
    return COPY_DISTANCE_SHARE * float(np.median(distances)) / math.sqrt(rows.shape[1])


def donor_classes(counts: Mapping[str, int]) -> list[str]:
    """The majority classes; none where no class has two images."""
    largest = max(counts.values())
    return [label for label, count in counts.items() if count >= max(2, MIN_DONOR_SHARE * largest)]


def max_images_per_class(classes: int) -> int:
    """How many images of a class are looked for in the latent space."""
    return min(MAX_IMAGES_PER_CLASS, max(8, MAX_IMAGES_IN_ALL // classes))


def inversion_passes(counts: Mapping[str, int]) -> int:
    """Passes of one image each, forwards and backwards, that looking for all of a set takes; none without a donor."""
    majority, max_images = donor_classes(counts), max_images_per_class(len(counts))
    sought = sum(min(max_images, counts[label]) for label in {*majority, *minority_classes(counts)})
    tried = START_CANDIDATES // 3  # a third: those that are tried are only drawn
    return INVERSION_STEPS * sought + tried if majority else 0


def invert(network: Generator, images: Tensor) -> Tensor:
    """Latents float (N, latent) whose images are near to `images`, float (N, C, H, W) in [-1, 1].

    From the nearest of 2000 random latents, 200 steps of Adam on the mean square error.
    """
    rng = torch.Generator().manual_seed(0)
    tried = torch.randn(START_CANDIDATES, network.architecture.latent, generator=rng)
    starts = tried[_nearest(network, images, tried)]
    return _by_pass(lambda some, start: descend(network, some, start, INVERSION_STEPS), images, starts)


@torch.no_grad()
def residuals(network: Generator, images: Tensor, latents: Tensor) -> Tensor:
    """What the generator leaves undrawn of each image, float (N, C, H, W)."""
    return _by_pass(lambda some, z: some - network(z), images, latents)


def descend(network: Generator, images: Tensor, start: Tensor, steps: int) -> Tensor:
    """Latents float (N, latent) that come nearer to `images` than `start`, by so many steps of Adam."""
    latents = start.clone().requires_grad_()
    optimizer = torch.optim.Adam([latents], INVERSION_RATE)
    fast = multiplies_bf16("cpu") and min(images.shape[2:]) >= LARGE_FROM_PX
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = MIN_INVERSION_RATE + INVERSION_RATE * (1 - step / steps)
        with torch.autocast("cpu", torch.bfloat16, enabled=fast):
            drawn = network(latents).float()
        error = (drawn - images).square().mean(dim=(1, 2, 3)) + PRIOR_WEIGHT * latents.square().mean(dim=1)
        optimizer.zero_grad(set_to_none=True)
        error.sum().backward()
        optimizer.step()
    return latents.detach()


def _passes_of(rows: Rows, shape: Sequence[int]) -> list[Rows]:
    """Rows in parts that bound what one pass over their images, of this shape (..., H, W), takes of memory."""
    size = max(8, MAX_PASS_PIXELS // (shape[-2] * shape[-1]))
    return [rows[at : at + size] for at in range(0, len(rows), size)]


def _by_pass(function: Callable[[Tensor, Tensor], Tensor], images: Tensor, latents: Tensor) -> Tensor:
    """`function` of all images and latents, rows in their order."""
    passes = zip(_passes_of(images, images.shape), _passes_of(latents, images.shape), strict=True)
    return torch.cat([function(some, z) for some, z in passes])


@torch.no_grad()
def _nearest(network: Generator, images: Tensor, latents: Tensor) -> Tensor:
    """Which latent's image is the nearest to each of `images`, int64 (N,)."""
    drawn = (network(some).flatten(1) for some in _passes_of(latents, images.shape))
    return torch.cat([torch.cdist(images.flatten(1), some) for some in drawn], dim=1).argmin(dim=1)


def _sought(count: int, max_images: int, seed: int, label: str) -> NDArray[np.int64]:
    """Which images of a class, of so many, are looked for in the latent space: int64 (n,), ascending."""
    return np.sort(numpy_rng(seed, "borrowing", label).permutation(count)[:max_images])
