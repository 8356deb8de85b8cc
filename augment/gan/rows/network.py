"""The pair that learns rows: a generator that begins as a Gaussian copula, and a discriminator of three layers.

Both work on encoded rows (`data/rows/encoding.py`) taken relative to the mean of their class. Numbers are

    A z + sigma e + f(z),        A A' + sigma^2 = covariance within classes, f = 0 at the start,

so that before its first step G draws what a Gaussian with pooled covariance would, under the quantiles of each column;
training moves it to what rows are like besides. Categories are drawn by Gumbel's maximum with a straight-through
gradient (Jang et al. 2017, arXiv:1611.01144, section 2.2; Maddison et al. 2017, arXiv:1611.00712).
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

TEMPERATURE = 2 / 3  # of the relaxed gradient (Maddison et al. 2017, section 5)
MAX_RANK = 128  # directions along which numbers vary together; the rest varies by itself
SLOPE = 0.2  # of the leaky ReLU below 0


@dataclass(frozen=True)
class RowShape:
    """numeric: numbers of an encoded row; sizes: levels of each category; hidden: width of the layers within; latent:
    normal numbers that G is given beside those of its copula."""

    numeric: int
    sizes: tuple[int, ...]
    hidden: int
    latent: int

    @property
    def width(self) -> int:
        return self.numeric + sum(self.sizes)

    @property
    def rank(self) -> int:
        return min(self.numeric, MAX_RANK)

    @property
    def grain(self) -> int:
        """Normal numbers that each vary one number of a row alone; none where all directions are in the copula."""
        return self.numeric if self.numeric > self.rank else 0

    @property
    def noise(self) -> int:
        """Normal numbers that a row is made of."""
        return self.rank + self.latent + self.grain + sum(self.sizes)


class RowGeneratorNetwork(nn.Module):
    """z float (N, noise) to rows float (N, width, 1, 1), relative to the mean of the class; `centre` is that mean."""

    def __init__(self, shape: RowShape) -> None:
        super().__init__()
        self.shape = shape
        # not torch.eye, which on the meta device imports torch's compiler: a second before the first sample
        self.factor = nn.Parameter(torch.zeros(shape.numeric, shape.rank).fill_diagonal_(1.0))
        self.sigma = nn.Parameter(torch.zeros(shape.numeric))
        self.body = nn.Sequential(
            nn.Linear(shape.rank + shape.latent, shape.hidden), nn.LeakyReLU(SLOPE),
            nn.Linear(shape.hidden, shape.hidden), nn.LeakyReLU(SLOPE),
        )  # fmt: skip
        self.numbers = ZeroLinear(shape.hidden, shape.numeric)
        self.logits = ZeroLinear(shape.hidden, sum(shape.sizes))
        self.centre: Tensor
        self.register_buffer("centre", torch.zeros(shape.numeric))

    def forward(self, z: Tensor) -> Tensor:
        shape = self.shape
        core, grain, chance = torch.split(z, [shape.rank + shape.latent, shape.grain, sum(shape.sizes)], dim=1)
        hidden = self.body(core)
        numbers = core[:, : shape.rank] @ self.factor.T + self.numbers(hidden)
        if shape.grain:
            numbers = numbers + grain * self.sigma
        logits = torch.split(self.logits(hidden), list(shape.sizes), dim=1) if shape.sizes else ()
        chances = torch.split(chance, list(shape.sizes), dim=1) if shape.sizes else ()
        levels = [straight_through(own, noise) for own, noise in zip(logits, chances, strict=True)]
        return torch.cat([numbers, *levels], dim=1)[:, :, None, None]

    def rows(self, z: Tensor) -> Tensor:
        """Encoded rows float (N, width), where the class lies."""
        made: Tensor = self(z)[:, :, 0, 0]
        return torch.cat([made[:, : self.shape.numeric] + self.centre, made[:, self.shape.numeric :]], dim=1)


class ZeroLinear(nn.Module):
    """A linear layer that begins at 0, so that at the start it changes nothing; it may have no outputs."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(outputs, inputs))
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, h: Tensor) -> Tensor:
        return F.linear(h, self.weight, self.bias)


def straight_through(logits: Tensor, normal: Tensor) -> Tensor:
    """One level of each row, float (N, L) of one 1 each, by the probabilities softmax(logits); the gradient is that of
    the relaxed choice. normal: the noise, standard normal (N, L)."""
    share = torch.special.ndtr(normal).clamp(1e-6, 1 - 1e-6)
    noisy = logits - torch.log(-torch.log(share))  # a Gumbel number beside each
    soft = F.softmax(noisy / TEMPERATURE, dim=1)
    hard = F.one_hot(noisy.argmax(dim=1), logits.shape[1]).to(soft.dtype)
    return hard + soft - soft.detach()


class RowDiscriminator(nn.Module):
    """Rows float (N, width, 1, 1), relative to the mean of their class, to one raw score each, float (N,)."""

    def __init__(self, shape: RowShape) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(shape.width, shape.hidden), nn.LeakyReLU(SLOPE),
            nn.Linear(shape.hidden, shape.hidden), nn.LeakyReLU(SLOPE),
            nn.Linear(shape.hidden, 1),
        )  # fmt: skip

    def forward(self, rows: Tensor) -> Tensor:
        scores: Tensor = self.layers(rows.flatten(1))
        return scores[:, 0]


@torch.no_grad()
def start_at_gaussian(network: RowGeneratorNetwork, covariance: Tensor, shares: Tensor) -> None:
    """Set a fresh generator to the Gaussian of this covariance, float64 (numeric, numeric), and its categories to these
    shares, float (sum of sizes,), above 0."""
    if network.shape.numeric:
        values, vectors = torch.linalg.eigh(covariance)
        leading = values.clamp(min=0).sqrt() * vectors
        network.factor.copy_(leading[:, -network.shape.rank :])
        rest = covariance.diagonal() - network.factor.double().square().sum(dim=1)
        network.sigma.copy_(rest.clamp(min=0).sqrt())
    network.logits.bias.copy_(shares.log())
