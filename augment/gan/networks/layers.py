"""K networks of one architecture in one, so that one pass serves them all and each stays alone with its own weights.

Outside of a network its members share the rows of a batch: row n K + k is the n-th of member k. Within, a
member's channels stand beside those of the others, and layers work in K groups. Every weight holds the
members' own one after the other along its first axis. One member is the plain network.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from augment.gan.networks.directional import carried


class Linear(nn.Linear):
    """A linear layer of each member: weight float (K outputs, inputs), bias float (K outputs,)."""

    def __init__(self, inputs: int, outputs: int, members: int, bias: bool = True) -> None:
        super().__init__(inputs, members * outputs, bias)
        self.members = members

    def forward(self, rows: Tensor) -> Tensor:
        """float (N K, inputs) -> float (N K, outputs)."""
        return carried(rows, lambda value: self._times(value, self.bias), lambda _, along: self._times(along, None))

    def _times(self, rows: Tensor, bias: Tensor | None) -> Tensor:
        if self.members == 1:
            return F.linear(rows, self.weight, bias)
        own = rows.reshape(-1, self.members, self.in_features).transpose(0, 1)  # (K, N, inputs)
        weight = self.weight.view(self.members, -1, self.in_features).mT  # (K, inputs, outputs)
        made = torch.bmm(own, weight) if bias is None else torch.baddbmm(bias.view(self.members, 1, -1), own, weight)
        return made.transpose(0, 1).flatten(0, 1)


class Convolution(nn.Conv2d):
    """Of each member: keeps an image's size, or with a side of 4 and a stride of 2 halves it."""

    def __init__(self, before: int, after: int, side: int, members: int, *, stride: int = 1, bias: bool = True) -> None:
        super().__init__(
            members * before, members * after, side, stride, padding=(side - 1) // 2, groups=members, bias=bias
        )

    def forward(self, h: Tensor) -> Tensor:
        """float (N, K before, H, W) -> float (N, K after, H / stride, W / stride)."""
        return carried(h, super().forward, lambda _, along: self._conv_forward(along, self.weight, None))


def doubling(before: int, after: int, members: int, *, bias: bool = True) -> nn.ConvTranspose2d:
    """A transposed convolution of each member that doubles an image's size."""
    return nn.ConvTranspose2d(members * before, members * after, 4, 2, padding=1, groups=members, bias=bias)


def beside(rows: Tensor, members: int) -> Tensor:
    """float (N K, C, H, W) -> (N, K C, H, W), the channels of a pixel side by side in memory."""
    if members == 1:
        return rows
    _, channels, height, width = rows.shape
    own = rows.reshape(-1, members, channels, height, width).permute(0, 3, 4, 1, 2)  # (N, H, W, K, C)
    return own.flatten(3).permute(0, 3, 1, 2)


def in_rows(images: Tensor, members: int) -> Tensor:
    """float (N, K C, H, W) -> (N K, C, H, W), the channels of a pixel side by side in memory."""
    if members == 1:
        return images
    count, channels, height, width = images.shape
    own = images.permute(0, 2, 3, 1).reshape(count, height, width, members, channels // members)
    return own.permute(0, 3, 1, 2, 4).flatten(0, 1).permute(0, 3, 1, 2)
