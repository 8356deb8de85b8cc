"""What a discriminator's layers do with a value that carries a derivative along a direction (forward mode).

A discriminator is linear but for its activations, so each layer makes the derivative from the one that comes in.
torch's own rules would compute every layer a second time with weights of zero, and send gradients of zero back
through the values: twice the work.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd import forward_ad

SLOPE = 0.2  # of the leaky ReLU


def carried(h: Tensor, layer: Callable[[Tensor], Tensor], along: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """layer(h). Where h carries a derivative, the result carries along(value, derivative), and no graph of values.

    So the gradient of that derivative reaches the weights through `along` alone: `layer` must have a slope that
    does not change with its input, except in jumps.
    """
    value, derivative = forward_ad.unpack_dual(h)  # type: ignore[no-untyped-call]
    if derivative is None:
        return layer(h)
    with torch.no_grad():
        made = layer(value)
    dual: Tensor = forward_ad.make_dual(made, along(value, derivative))  # type: ignore[no-untyped-call]
    return dual


def leaky_relu(h: Tensor) -> Tensor:
    """The activation of every discriminator, elementwise."""

    def along(value: Tensor, derivative: Tensor) -> Tensor:
        slopes: Tensor = torch.ops.aten.leaky_relu_backward(derivative, value, SLOPE, False)
        return slopes

    return carried(h, lambda value: F.leaky_relu(value, SLOPE), along)
