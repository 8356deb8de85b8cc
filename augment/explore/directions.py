"""Directions of the latent space along which a generator's images change the most."""

from collections.abc import Callable

import torch
from torch import Tensor

from augment.core.seeds import torch_rng

PLACES = 16  # latents whose slopes are averaged
STEP = 0.05  # of a latent number, whose spread is 1


@torch.no_grad()
def directions(network: Callable[[Tensor], Tensor], latent: int, count: int) -> Tensor:
    """Unit vectors float (min(count, latent), latent), the strongest change first.

    The leading right-singular vectors of the generator's Jacobian J (Ramesh, Choi & LeCun 2018, arXiv:1812.01161), of
    the mean of J^T J over some latents, so that they are the same for every image of a class. J is a difference
    quotient. The largest entry of each is positive, so that equal generators give equal signs.

    network: latents float (N, latent) -> images float (N, ...).
    """
    steps = STEP * torch.eye(latent)
    gram = torch.zeros(latent, latent)
    for place in torch.randn(PLACES, latent, generator=torch_rng("directions"), device="cpu"):
        slopes = (network(place + steps) - network(place - steps)).flatten(1) / (2 * STEP)  # (latent, pixels)
        gram += slopes @ slopes.T / PLACES
    vectors: Tensor = torch.linalg.eigh(gram).eigenvectors.T.flip(0)[:count]  # eigh gives the smallest first
    largest = vectors.gather(1, vectors.abs().argmax(dim=1, keepdim=True))
    signed: Tensor = vectors * largest.sign()
    return signed
