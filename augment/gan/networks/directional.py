"""What layers do with a value that carries a derivative along a direction (forward mode), as in D's penalties.

A discriminator is linear but for its activations, so each layer makes the derivative from the one that comes in.
torch's own rules would compute every layer a second time with weights of zero, and send gradients of zero back
through the values: twice the work. A generator of the same layers carries none, and its layers are the plain ones.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd import forward_ad

LEAKY_SLOPE = 0.2  # of the leaky ReLU


def dual(value: Tensor, derivative: Tensor) -> Tensor:
    """The value, carrying a derivative of its own shape; within `forward_ad.dual_level()` alone."""
    made: Tensor = forward_ad.make_dual(value, derivative)  # type: ignore[no-untyped-call]
    return made


def split_dual(h: Tensor) -> tuple[Tensor, Tensor | None]:
    """A value, and the derivative that it carries, if any."""
    value, derivative = forward_ad.unpack_dual(h)  # type: ignore[no-untyped-call]
    return value, derivative


def with_derivative(h: Tensor, layer: Callable[[Tensor], Tensor], along: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """layer(h). Where h carries a derivative, the result carries along(value, derivative), and no graph of values.

    So the gradient of that derivative reaches the weights through `along` alone: `layer` must have a slope that
    does not change with its input, except in jumps.
    """
    value, derivative = split_dual(h)
    if derivative is None:
        return layer(h)
    with torch.no_grad():
        made = layer(value)
    return dual(made, along(value, derivative))


def leaky_relu(h: Tensor) -> Tensor:
    """The activation of every discriminator and of the residual generator, elementwise."""

    def along(value: Tensor, derivative: Tensor) -> Tensor:
        scaled: Tensor = torch.ops.aten.leaky_relu_backward(derivative, value, LEAKY_SLOPE, False)
        return scaled

    return with_derivative(h, lambda value: F.leaky_relu(value, LEAKY_SLOPE), along)
