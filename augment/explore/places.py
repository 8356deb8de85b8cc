"""Where a sample lies in a latent space, so that it can be moved there."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from augment.gan.generators import ClassGenerator
from augment.gan.latent_transfer import LatentTransfer
from augment.gan.networks.build import Generator, to_uint8
from augment.synthesis.samplers import CopyFree, Mixture, Sampler


@dataclass(frozen=True)
class Place:
    """image = network(latent) + residual; latent float (latent,), residual float (C, H, W)."""

    network: Generator
    latent: Tensor
    residual: Tensor

    @torch.no_grad()
    def image(self, directions: Tensor, moves: Sequence[float]) -> NDArray[np.uint8]:
        """uint8 (C, H, W) of the place moved by so much along each direction; unmoved it is the sample."""
        moved = self.latent + torch.tensor(list(moves), dtype=torch.float32) @ directions[: len(moves)]
        drawn: NDArray[np.uint8] = to_uint8(self.network(moved[None]) + self.residual)[0].numpy()
        return drawn


def place_of(sampler: Sampler, image: NDArray[np.uint8], seed: int, number: int) -> Place | None:
    """The place of a sample, uint8 (C, H, W): of those that its sampler may have drawn, the one that gives it. None
    where the sampler has no latent space."""
    for place in _drawn(sampler, seed, number):
        made = place.image(place.latent[None], ())
        if np.abs(made.astype(np.int16) - image).max() <= 1:  # sums of other batches round otherwise
            return place
    return None


def _drawn(sampler: Sampler, seed: int, number: int) -> Iterator[Place]:
    """Places of sample `number`, first what was tried first."""
    if isinstance(sampler, Mixture):
        before = int(np.floor(number * sampler.transfer_share))
        transferred = bool(sampler.is_transferred(1, number)[0])
        inner: Sampler | LatentTransfer = sampler.transfer if transferred else sampler.generator
        yield from _drawn_by(inner, seed, before if transferred else number - before)
    else:
        yield from _drawn_by(sampler, seed, number)


def _drawn_by(sampler: Sampler | LatentTransfer, seed: int, number: int) -> Iterator[Place]:
    if isinstance(sampler, LatentTransfer):
        residual, latents = sampler.places(seed, number)
        yield from (Place(sampler.network, latent, residual) for latent in latents)
        return
    generator = sampler.generator if isinstance(sampler, CopyFree) else sampler
    seeds = sampler.seeds(seed) if isinstance(sampler, CopyFree) else [seed]
    if isinstance(generator, ClassGenerator):
        nothing = torch.zeros(generator.shape)
        yield from (Place(generator.network, generator.latents(one, [number])[0], nothing) for one in seeds)
