"""Layers that carry a derivative, against torch's own forward mode and closed forms."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd import forward_ad

from augment.gan.networks.layers import Convolution, Linear, leaky_relu, with_derivative


def numbers(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def along(function: Callable[[Tensor], Tensor], point: Tensor, direction: Tensor) -> tuple[Tensor, Tensor]:
    """The value and the derivative that it carries."""
    with forward_ad.dual_level():
        made = forward_ad.unpack_dual(function(forward_ad.make_dual(point, direction)))
        return made.primal, made.tangent


def test_leaky_relu_has_slope_one_above_zero_and_a_fifth_below() -> None:
    points = torch.tensor([-3.0, -1e-9, 1e-9, 2.0])
    value, derivative = along(leaky_relu, points, torch.full((4,), 10.0))
    assert value.tolist() == pytest.approx([-0.6, -2e-10, 1e-9, 2.0])
    assert derivative.tolist() == [2.0, 2.0, 10.0, 10.0]


def test_leaky_relu_without_a_derivative_is_torchs() -> None:
    points = numbers(50).requires_grad_()
    ours, theirs = leaky_relu(points), F.leaky_relu(points, 0.2)
    assert torch.equal(ours, theirs)
    assert torch.equal(*(torch.autograd.grad(made.sum(), points)[0] for made in (ours, theirs)))


@pytest.mark.parametrize("models", [1, 3])
def test_a_convolution_carries_what_torchs_rules_give(models: int) -> None:
    layer = Convolution(2, 5, 4, models, stride=2).double()
    plain = torch.nn.Conv2d(2 * models, 5 * models, 4, 2, padding=1, groups=models).double()
    plain.load_state_dict(layer.state_dict())
    point, direction = numbers(4, 2 * models, 6, 8), numbers(4, 2 * models, 6, 8, seed=1)
    for own, reference in zip(along(layer, point, direction), along(plain, point, direction), strict=True):
        assert torch.allclose(own, reference, rtol=0, atol=1e-12)


@pytest.mark.parametrize("models", [1, 3])
@pytest.mark.parametrize("bias", [True, False])
def test_a_linear_layer_carries_its_product_without_the_bias(models: int, bias: bool) -> None:
    layer = Linear(7, 2, models, bias=bias).double()
    point, direction = numbers(4 * models, 7), numbers(4 * models, 7, seed=1)
    value, derivative = along(layer, point, direction)
    nothing = torch.zeros_like(point)
    assert torch.allclose(value, layer(point), rtol=0, atol=1e-12)
    assert torch.allclose(derivative, layer(direction) - layer(nothing), rtol=0, atol=1e-12)


def test_the_weights_gradient_comes_through_the_derivative_alone() -> None:
    """The graph of the values would send zeros back through every layer, which is what this file saves."""
    layer = Convolution(1, 3, 3, 1).double()
    value, derivative = along(lambda h: leaky_relu(layer(h)), numbers(2, 1, 5, 5), numbers(2, 1, 5, 5, seed=1))
    assert derivative.requires_grad
    assert not value.requires_grad
    derivative.sum().backward()
    assert layer.weight.grad is not None
    assert layer.weight.grad.abs().sum() > 0
    assert layer.bias.grad is None  # a constant has no slope


def test_a_derivative_reaches_the_rule_with_its_value() -> None:
    point, direction = numbers(9), numbers(9, seed=1)
    value, derivative = along(lambda h: with_derivative(h, torch.exp, lambda at, v: at.exp() * v), point, direction)
    assert torch.allclose(value, point.exp())
    assert torch.allclose(derivative, point.exp() * direction)
