"""Borrowed variation: the images of a poor class varied as images of the set's rich classes vary.

Every training image has a place in the latent space of the shared GAN (`invert`). An image, moved by the difference of
two images of one rich class and drawn by the shared generator, shows its class with a change that others show. What
the generator cannot draw of the image is added again, so details stay, and a move that ends near an image of the class,
the moved one or another, is drawn again, since its sample would be a copy. The idea is the hallucination of
Hariharan & Girshick 2017 (arXiv:1606.02819) and the delta-encoder (Schwartz et al. 2018, arXiv:1806.04734) in a GAN's
latent space.
"""

import copy
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from augment.core.environment import multiplies_bf16
from augment.core.seeds import numpy_rng, torch_rng
from augment.data.imageset import ImageSet, poor_classes
from augment.gan.generators import ClassGenerator
from augment.gan.networks.build import Generator, to_float, to_uint8
from augment.gan.settings import LARGE_FROM_PX
from augment.measure.metrics import leave_one_out_nearest

RICH = 0.5  # a class with this share of the largest class's images lends
STRENGTH = 0.9  # of the difference: gains as much as 0.6, which leaves several times the copies
NEAR = 0.65  # of the usual distance between an image and the next of its class: nearer, a sample is a copy
DRAWS = 4  # of a sample at most, the first included
MOST_IMAGES = 64  # of a class that are looked for in the latent space,
MOST_IN_ALL = 640  # so that the time is bounded; but 8 of each class at least
STEPS, RATE, LEAST_RATE = 200, 0.1, 0.005
PRIOR = 0.01  # weight of a latent's mean square beside the mean square error
TRIED = 2000  # latents of which the nearest to an image is where its search begins
MOST_PIXELS = 2**20  # of the images of one pass, 256 of 64x64; but 8 images at least

Rows = TypeVar("Rows", Tensor, range)


@dataclass(frozen=True)
class Borrowing:
    """All that makes borrowed samples of one class.

    network: the shared generator; latents float (n, latent) and rests float (n, C, H, W) of images that it varies,
    image = network(latent) + rest; lent: float (m, latent) of the images of each rich class, m >= 2; known: uint8
    (N, C, H, W), all images of the class; least: how far a sample should be from each, as `near` takes it
    """

    label: str
    network: Generator
    latents: Tensor
    rests: Tensor
    lent: tuple[Tensor, ...]
    known: NDArray[np.uint8]
    least: float

    @torch.no_grad()
    def sample(self, n: int, *, seed: int, start: int = 0) -> Tensor:
        """uint8 (n, C, H, W) on the CPU: images start to start + n - 1 of this seed.

        Image i depends on (seed, i) alone, up to float rounding.
        """
        with torch.autocast("cpu", enabled=False):  # the caller's would round
            images = [self._drawn(seed, some) for some in _parts(range(start, start + n), self.rests.shape)]
        return torch.cat([torch.empty((0, *self.rests.shape[1:]), dtype=torch.uint8, device="cpu"), *images])

    def _drawn(self, seed: int, indices: range) -> Tensor:
        moves = [self._moves(seed, index) for index in indices]
        sources = torch.tensor([source for source, _ in moves], device="cpu")
        tried = torch.stack([latents for _, latents in moves], dim=1)  # (DRAWS, n, latent)
        images = self._images(sources, tried[0])
        for latents in tried[1:]:
            copies = near(images, self.known, self.least)
            if not copies.any():
                break
            images[copies] = self._images(sources[copies], latents[copies])
        return images

    def _moves(self, seed: int, index: int) -> tuple[int, Tensor]:
        """Which image is varied, and `DRAWS` latents (DRAWS, latent) that it may move to."""
        rng = torch_rng(seed, "borrowed", self.label, index)
        source, lender = (
            int(torch.randint(count, (), generator=rng, device="cpu")) for count in (len(self.latents), len(self.lent))
        )
        bank = self.lent[lender]
        pairs = torch.stack([torch.randperm(len(bank), generator=rng, device="cpu")[:2] for _ in range(DRAWS)])
        return source, self.latents[source] + STRENGTH * (bank[pairs[:, 0]] - bank[pairs[:, 1]])

    def _images(self, sources: Tensor, latents: Tensor) -> Tensor:
        return to_uint8(self.network(latents) + self.rests[sources])


def borrowings(shared: ClassGenerator, train: ImageSet, seed: int) -> dict[str, Borrowing]:
    """What each poor class of `train` borrows with, through the shared generator."""
    network, counts = copy.deepcopy(shared.network).cpu(), train.counts()
    rich, poor, most = lenders(counts), poor_classes(counts), most_images(len(counts))
    if not rich:
        return {}
    known = {label: train.of_class(label).images for label in sorted({*rich, *poor})}
    images = {label: _some(own, most, seed, label) for label, own in known.items()}
    together = invert(network, torch.cat(list(images.values())))  # one search for all: small batches cost as much
    ends = list(itertools.accumulate(len(own) for own in images.values()))
    latents = dict(zip(images, torch.tensor_split(together, ends[:-1]), strict=True))
    lent = tuple(latents[label] for label in rich)
    return {
        label: Borrowing(
            label,
            network,
            latents[label],
            rests(network, images[label], latents[label]),
            lent,
            known[label],
            least_distance(known[label]),
        )
        for label in poor
    }


def near(images: Tensor, known: NDArray[np.uint8], least: float) -> Tensor:
    """Which images, uint8 (n, C, H, W), are nearer than `least` to a known one, uint8 (N, C, H, W): bool (n,).

    Distances are root mean squares of differences of pixels in [-1, 1].
    """
    rows, others = (to_float(some).flatten(1) for some in (images, torch.from_numpy(known)))
    return torch.cdist(rows, others).amin(dim=1) / math.sqrt(rows.shape[1]) < least


def least_distance(known: NDArray[np.uint8]) -> float:
    """How far a sample should be from the images of its class, uint8 (N, C, H, W), as `near` takes it; 0 below two."""
    if len(known) < 2:
        return 0.0
    rows = to_float(torch.from_numpy(known)).flatten(1)
    _, distances = leave_one_out_nearest(rows.numpy())
    return NEAR * float(np.median(distances)) / math.sqrt(rows.shape[1])


def lenders(counts: Mapping[str, int]) -> list[str]:
    """The rich classes; none where no class has two images."""
    largest = max(counts.values())
    return [label for label, count in counts.items() if count >= max(2, RICH * largest)]


def most_images(classes: int) -> int:
    """How many images of a class are looked for in the latent space."""
    return min(MOST_IMAGES, max(8, MOST_IN_ALL // classes))


def passes(counts: Mapping[str, int]) -> int:
    """Passes of one image each, forwards and backwards, that looking for all of a set takes; none where none lends."""
    rich, most = lenders(counts), most_images(len(counts))
    sought = sum(min(most, counts[label]) for label in {*rich, *poor_classes(counts)})
    return STEPS * sought + TRIED // 3 if rich else 0  # a third: those that are tried are only drawn


def invert(network: Generator, images: Tensor) -> Tensor:
    """Latents float (N, latent) whose images are near to `images`, float (N, C, H, W) in [-1, 1].

    From the nearest of 2000 random latents, 200 steps of Adam on the mean square error.
    """
    rng = torch.Generator().manual_seed(0)
    tried = torch.randn(TRIED, network.architecture.latent, generator=rng)
    starts = tried[_nearest(network, images, tried)]
    parts = zip(_parts(images, images.shape), _parts(starts, images.shape), strict=True)
    return torch.cat([descend(network, some, start, STEPS) for some, start in parts])


@torch.no_grad()
def rests(network: Generator, images: Tensor, latents: Tensor) -> Tensor:
    """What the generator leaves undrawn, float (N, C, H, W)."""
    parts = zip(_parts(images, images.shape), _parts(latents, images.shape), strict=True)
    return torch.cat([some - network(z) for some, z in parts])


def descend(network: Generator, images: Tensor, start: Tensor, steps: int) -> Tensor:
    """Latents float (N, latent) that come nearer to `images` than `start`, by so many steps of Adam."""
    latents = start.clone().requires_grad_()
    optimizer = torch.optim.Adam([latents], RATE)
    fast = multiplies_bf16("cpu") and min(images.shape[2:]) >= LARGE_FROM_PX
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = LEAST_RATE + RATE * (1 - step / steps)
        with torch.autocast("cpu", torch.bfloat16, enabled=fast):
            drawn = network(latents).float()
        error = (drawn - images).square().mean(dim=(1, 2, 3)) + PRIOR * latents.square().mean(dim=1)
        optimizer.zero_grad(set_to_none=True)
        error.sum().backward()
        optimizer.step()
    return latents.detach()


def _parts(rows: Rows, shape: Sequence[int]) -> list[Rows]:
    """Rows in parts that bound what one pass over their images, of this shape (..., H, W), takes of memory."""
    size = max(8, MOST_PIXELS // (shape[-2] * shape[-1]))
    return [rows[at : at + size] for at in range(0, len(rows), size)]


@torch.no_grad()
def _nearest(network: Generator, images: Tensor, latents: Tensor) -> Tensor:
    """Which latent's image is the nearest to each of `images`, int64 (N,)."""
    drawn = (network(some).flatten(1) for some in _parts(latents, images.shape))
    return torch.cat([torch.cdist(images.flatten(1), some) for some in drawn], dim=1).argmin(dim=1)


def _some(images: NDArray[np.uint8], most: int, seed: int, label: str) -> Tensor:
    """At most so many images of a class, float (n, C, H, W) in [-1, 1]."""
    rng = numpy_rng(seed, "borrowing", label)
    chosen = np.sort(rng.permutation(len(images))[:most])
    return to_float(torch.from_numpy(images[chosen]))
