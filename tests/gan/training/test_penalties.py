"""The penalties' gradients against closed forms and against double backward."""

from collections.abc import Callable

import pytest
import torch

from augment.gan.networks.architecture import Architecture
from augment.gan.networks.build import Discriminator, build
from augment.gan.training.losses import Centre
from augment.gan.training.step import (
    add_penalty_gradient,
    input_grads_of,
    interpolates,
    penalty_direction,
    zero_centred_penalty,
)


class Quadratic(torch.nn.Module):
    """D(x) = a sum x^2, whose slope is 2 a x."""

    def __init__(self) -> None:
        super().__init__()
        self.a = torch.nn.Parameter(torch.tensor(0.7, dtype=torch.float64))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return (self.a * images.square()).sum(dim=(1, 2, 3))


class Linear(torch.nn.Module):
    """D(x) = a sum x, whose slope is a everywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.a = torch.nn.Parameter(torch.zeros((), dtype=torch.float64))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return (self.a * images).sum(dim=(1, 2, 3))


def draw() -> torch.Tensor:
    return torch.randn(6, 3, 4, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def test_input_grads_of_a_quadratic() -> None:
    images = draw().requires_grad_()
    assert torch.allclose(input_grads_of(Quadratic()(images), images), 1.4 * images)


def test_zero_centred_gradient_of_a_quadratic() -> None:
    """1/2 ||2 a x||^2 = 2 a^2 ||x||^2, so its derivative by a is 4 a ||x||^2."""
    network, images = Quadratic(), draw()
    add_penalty_gradient(network, images, penalty_direction(1.4 * images, "zero_centred", 3.0))
    assert network.a.grad.item() == pytest.approx(3 * 4 * 0.7 * images.square().sum().item())


def test_one_centred_gradient_of_a_quadratic() -> None:
    """(2 a ||x|| - 1)^2 has the derivative 4 ||x|| (2 a ||x|| - 1) by a."""
    network, images = Quadratic(), draw()
    add_penalty_gradient(network, images, penalty_direction(1.4 * images, "one_centred", 3.0))
    lengths = images.flatten(1).norm(dim=1)
    assert network.a.grad.item() == pytest.approx((3 * 4 * lengths * (1.4 * lengths - 1)).sum().item())


def test_a_flat_discriminator_gets_a_finite_gradient() -> None:
    """A slope of exactly 0 has no direction; its gradient must be a number all the same."""
    network, images = Linear(), draw()
    add_penalty_gradient(network, images, penalty_direction(torch.zeros_like(images), "one_centred", 1.0))
    assert torch.isfinite(network.a.grad)


PENALTIES: dict[Centre, Callable[[torch.Tensor], torch.Tensor]] = {
    "zero_centred": lambda input_grads: input_grads.pow(2).sum(dim=(1, 2, 3)) / 2,
    "one_centred": lambda input_grads: (input_grads.pow(2).sum(dim=(1, 2, 3)).sqrt() - 1) ** 2,
}


def test_the_penalty_is_half_of_gamma_times_r1_and_r2() -> None:
    real, fake = torch.full((2, 1, 2, 2), 3.0), torch.full((2, 1, 2, 2), 5.0)
    assert zero_centred_penalty(real, fake, 0.5).tolist() == [0.25 * (4 * 9 + 4 * 25)] * 2


@pytest.mark.parametrize("centre", ["zero_centred", "one_centred"])
def test_the_direction_is_the_derivative_of_the_penalty(centre: Centre) -> None:
    input_grads = draw().requires_grad_()
    (expected,) = torch.autograd.grad(0.3 * PENALTIES[centre](input_grads).sum(), input_grads)
    assert torch.allclose(penalty_direction(input_grads, centre, 0.3), expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("gamma", [0.3 / 7, 5.0])
def test_the_zero_centred_direction_is_rounded_once(gamma: float) -> None:
    """So the formula as written gives, bit for bit, gamma times the input gradients."""
    input_grads = draw().float()
    assert torch.equal(penalty_direction(input_grads, "zero_centred", gamma), gamma * input_grads)


def discriminator(network: str, side: int, channels: int) -> Discriminator:
    _, found = build(Architecture(network, channels, side, side, 4, 4), seed=3)
    for weight in found.parameters():  # residual branches start at zero, where little could be told apart
        torch.nn.init.normal_(weight, std=0.3, generator=torch.Generator().manual_seed(weight.numel()))
    return found.double()


@pytest.mark.parametrize("centre", ["zero_centred", "one_centred"])
@pytest.mark.parametrize(("network", "side"), [("linear", 4), ("dcgan", 8), ("dcgan", 25), ("residual", 8)])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_gradient_is_that_of_double_backward(network: str, side: int, channels: int, centre: Centre) -> None:
    mine, theirs = discriminator(network, side, channels), discriminator(network, side, channels)
    images = torch.rand(4, channels, side, side, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    images.requires_grad_()
    add_penalty_gradient(mine, images, penalty_direction(input_grads_of(mine(images), images), centre, 0.3))
    (input_grads,) = torch.autograd.grad(theirs(images).sum(), images, create_graph=True)
    (0.3 * PENALTIES[centre](input_grads).sum()).backward()
    for (name, own), reference in zip(mine.named_parameters(), theirs.parameters(), strict=True):
        expected = torch.zeros_like(reference) if reference.grad is None else reference.grad
        found = torch.zeros_like(own) if own.grad is None else own.grad
        assert torch.allclose(found, expected, rtol=1e-9, atol=1e-12), name


def test_bf16_gives_the_same_gradient_within_two_percent() -> None:
    """As close as the adversarial gradient itself is in bf16."""
    _, network = build(Architecture("dcgan", 1, 28, 28, 8, 16), seed=0)
    images = (torch.rand(16, 1, 28, 28, generator=torch.Generator().manual_seed(1)) * 2 - 1).requires_grad_()
    found = {}
    for precision in (False, True):
        network.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=precision):
            input_grads = input_grads_of(network(images).float(), images)
            add_penalty_gradient(network, images, penalty_direction(input_grads, "zero_centred", 1.0))
        found[precision] = torch.cat([w.grad.flatten() for w in network.parameters() if w.grad is not None])
    assert ((found[True] - found[False]).norm() / found[False].norm()).item() < 0.02


def test_interpolates_lie_between_each_real_image_and_its_fake() -> None:
    real, fake = torch.ones(200, 1, 2, 2), -torch.ones(200, 1, 2, 2)
    between = interpolates(real, fake, torch.Generator().manual_seed(0))
    assert torch.equal(between, between[:, :1, :1, :1].expand_as(between)), "one share for a whole image"
    shares = (between[:, 0, 0, 0] + 1) / 2
    assert shares.min() >= 0
    assert shares.max() <= 1
    assert shares.mean().item() == pytest.approx(0.5, abs=0.05)
    assert shares.var().item() == pytest.approx(1 / 12, abs=0.02)
