"""Layers that every network is built of: they carry directional derivatives, and several models side by side.

Derivatives (forward mode, for D's penalties): a discriminator is linear but for its activations, so each layer makes
the derivative from the one that comes in. torch's own rules would compute every layer a second time with weights of
zero, and send gradients of zero back through the values: twice the work. Without a derivative a layer is the plain one.

Models: K networks of one architecture in one, so that one pass serves them all and each stays alone with its own
weights. Outside of a network they share the rows of a batch: row n K + k is the n-th of model k. Within, a model's
channels stand beside those of the others, and layers work in K groups. Every weight holds the models' own one after
the other along its first axis. One model is the plain network.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd import forward_ad

LEAKY_SLOPE = 0.2  # of the leaky ReLU


def channels_last(images: Tensor) -> Tensor:
    """The same images, float (N, C, H, W), with the channels of a pixel side by side in memory.

    Said outright for one channel: it fits both layouts, and torch would go on with the other.
    """
    if images.shape[1] == 1:
        return images.reshape(len(images), *images.shape[2:], 1).permute(0, 3, 1, 2)
    return images.contiguous(memory_format=torch.channels_last)


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
    return with_derivative(
        h,
        lambda value: F.leaky_relu(value, LEAKY_SLOPE),
        lambda value, along: torch.ops.aten.leaky_relu_backward(along, value, LEAKY_SLOPE, False),
    )


class Linear(nn.Linear):
    """A linear layer of each model: weight float (K outputs, inputs), bias float (K outputs,)."""

    def __init__(self, inputs: int, outputs: int, models: int, bias: bool = True) -> None:
        super().__init__(inputs, models * outputs, bias)
        self.models = models

    def forward(self, rows: Tensor) -> Tensor:
        """float (N K, inputs) -> float (N K, outputs)."""
        return with_derivative(rows, lambda h: self._times(h, self.bias), lambda _, along: self._times(along, None))

    def _times(self, rows: Tensor, bias: Tensor | None) -> Tensor:
        if self.models == 1:
            return F.linear(rows, self.weight, bias)
        rows = rows.reshape(-1, self.models, self.in_features).transpose(0, 1)  # (K, N, inputs)
        weight = self.weight.view(self.models, -1, self.in_features).mT  # (K, inputs, outputs)
        made = torch.bmm(rows, weight) if bias is None else torch.baddbmm(bias.view(self.models, 1, -1), rows, weight)
        return made.transpose(0, 1).flatten(0, 1)


class Convolution(nn.Conv2d):
    """Of each model: keeps an image's size, or with a side of 4 and a stride of 2 halves it."""

    def __init__(self, before: int, after: int, side: int, models: int, *, stride: int = 1, bias: bool = True) -> None:
        super().__init__(models * before, models * after, side, stride, (side - 1) // 2, groups=models, bias=bias)

    def forward(self, h: Tensor) -> Tensor:
        """float (N, K before, H, W) -> float (N, K after, H / stride, W / stride)."""
        return with_derivative(h, super().forward, lambda _, along: self._conv_forward(along, self.weight, None))


def doubling(before: int, after: int, models: int, *, bias: bool = True) -> nn.ConvTranspose2d:
    """A transposed convolution of each model that doubles an image's size."""
    return nn.ConvTranspose2d(models * before, models * after, 4, 2, padding=1, groups=models, bias=bias)


class DoublingToImage(nn.ConvTranspose2d):
    """As `doubling`, to the few channels of an image: in eval, of one model, twice as fast as a convolution to four
    times as many channels, whose pixels then stand side by side (Shi et al. 2016, arXiv:1609.07009: equal sums)."""

    def __init__(self, before: int, after: int, models: int) -> None:
        super().__init__(models * before, models * after, 4, 2, padding=1, groups=models)

    def forward(self, h: Tensor, output_size: list[int] | None = None) -> Tensor:
        """float (N, K before, H, W) -> float (N, K after, 2 H, 2 W)."""
        if self.training or self.groups > 1:
            return super().forward(h, output_size)
        padded = F.pad(self.weight, (1, 1, 1, 1))  # (before, after, 6, 6)
        taps = torch.tensor([[4, 2, 0], [5, 3, 1]], device=h.device)  # of even and odd pixels, on three inputs
        kernel = padded[:, :, taps][..., taps].permute(1, 2, 4, 0, 3, 5)  # (after, 2, 2, before, 3, 3)
        bias = None if self.bias is None else self.bias.repeat_interleave(4)
        return F.pixel_shuffle(F.conv2d(h, kernel.flatten(0, 2), bias, padding=1), 2)


def to_channels(rows: Tensor, models: int) -> Tensor:
    """float (N K, C, H, W) -> (N, K C, H, W), the channels of a pixel side by side in memory."""
    if models == 1:
        return rows
    _, channels, height, width = rows.shape
    by_model = rows.reshape(-1, models, channels, height, width).permute(0, 3, 4, 1, 2)  # (N, H, W, K, C)
    return by_model.flatten(3).permute(0, 3, 1, 2)


def to_batch(images: Tensor, models: int) -> Tensor:
    """float (N, K C, H, W) -> (N K, C, H, W), the channels of a pixel side by side in memory."""
    if models == 1:
        return images
    count, channels, height, width = images.shape
    by_model = images.permute(0, 2, 3, 1).reshape(count, height, width, models, channels // models)
    return by_model.permute(0, 3, 1, 2, 4).flatten(0, 1).permute(0, 3, 1, 2)
