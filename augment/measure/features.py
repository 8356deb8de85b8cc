"""Embeddings of images that need no training and no download: uint8 NCHW -> float32 (N, D).

Distances between them are what the quality and copy figures are made of. Neither looks at labels,
and neither is the space that the class filter works in.
"""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from augment.core.errors import DataError
from augment.core.seeds import torch_rng
from augment.data.imageset import UInt8

if TYPE_CHECKING:  # the stages that train nothing read figures of these features, and never pay for torch
    import torch

Float32 = NDArray[np.float32]

CHANNELS = 24
SCALES = 3
MAX_PIXELS_SIDE = 32  # of an image whose pixels are features
CHUNK_IMAGES = 128  # bounds memory: about 50 MB of activations at the largest size


def random_convolutions(images: UInt8) -> Float32:
    """Features of a fixed random convolutional network, float32 (N, 432).

    images: uint8 (N, C, H, W), C in {1, 3}, H and W from 2 up; grey counts as RGB with equal channels. Larger images
    are first box-reduced to 64 px on the longer side. Three He-initialised convolutions with ReLU, halving the image
    between them; each scale gives every channel's mean, standard deviation and 2x2 map of means. The weights come from
    one fixed seed, so figures of different runs compare. Rows do not depend on the other images, up to float rounding.
    That such features are useful: Saxe et al. 2011, "On random weights and unsupervised feature learning".
    Raises DataError on any other dtype or shape.
    """
    _require_images(images)
    bank = _bank()
    return _in_chunks(images, lambda batch: _describe(_reduce(batch, 64) * 2 - 1, bank))


def pixels(images: UInt8) -> Float32:
    """Pixel features float32 (N, C * h * w): the image box-reduced to 32 px on the longer side.

    Values are in [0, 1] divided by sqrt(D), so the Euclidean distance of two rows is the root mean
    square difference of the two images, from 0 to 1. Raises DataError on a wrong dtype or shape.
    """
    _require_images(images)
    if max(images.shape[2:]) <= MAX_PIXELS_SIDE:
        flat: Float32 = images.reshape(len(images), math.prod(images.shape[1:])).astype(np.float32) / np.float32(255)
    else:
        flat = _in_chunks(images, lambda batch: _reduce(batch, MAX_PIXELS_SIDE).flatten(1))
    scaled: Float32 = flat / np.float32(math.sqrt(flat.shape[1]))
    return scaled


def _require_images(images: UInt8) -> None:
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1] not in (1, 3):
        raise DataError(
            f"features: images must be uint8 (N, C, H, W) with 1 or 3 channels, found {images.dtype} {images.shape}"
        )


def _in_chunks(images: UInt8, embed: Callable[["torch.Tensor"], "torch.Tensor"]) -> Float32:
    """Apply `embed` to float32 NCHW batches in [0, 1]; an empty set gives (0, D)."""
    import torch  # noqa: PLC0415  (as above)

    chunks = (images[start : start + CHUNK_IMAGES] for start in range(0, max(len(images), 1), CHUNK_IMAGES))
    with torch.inference_mode():
        rows: list[Float32] = [embed(torch.from_numpy(chunk.astype(np.float32) / 255)).numpy() for chunk in chunks]
    return np.concatenate(rows)


def _reduce(batch: "torch.Tensor", longest: int) -> "torch.Tensor":
    """Average boxes of pixels until the longer side is at most `longest`; smaller images stay."""
    import torch.nn.functional as F  # noqa: PLC0415  (as above)

    height, width = batch.shape[2:]
    scale = longest / max(height, width)
    if scale >= 1:
        return batch
    return F.adaptive_avg_pool2d(batch, (max(1, round(height * scale)), max(1, round(width * scale))))


def _bank() -> list["torch.Tensor"]:
    """The fixed filters of each scale, (24, C_in, 3, 3), He-initialised (He et al. 2015)."""
    import torch  # noqa: PLC0415  (as above)

    widths = [3, *[CHANNELS] * SCALES]
    return [
        torch.randn(CHANNELS, before, 3, 3, generator=torch_rng(0, "random convolutions", scale))
        * math.sqrt(2 / (9 * before))
        for scale, before in enumerate(widths[:-1])
    ]


def _describe(batch: "torch.Tensor", bank: list["torch.Tensor"]) -> "torch.Tensor":
    """Features of float32 NCHW in [-1, 1]; replicated borders, so that 2x2 images work too."""
    import torch  # noqa: PLC0415  (as above)
    import torch.nn.functional as F  # noqa: PLC0415  (as above)

    maps = batch.expand(-1, 3, -1, -1)
    parts: list[torch.Tensor] = []
    for scale, filters in enumerate(bank):
        if scale:
            maps = F.avg_pool2d(maps, 2, ceil_mode=True)
        maps = F.relu(F.conv2d(F.pad(maps, (1, 1, 1, 1), mode="replicate"), filters))
        flat = maps.flatten(2)  # (N, 24, h w)
        mean = flat.mean(2)
        spread = (flat - mean[..., None]).square().mean(2).sqrt()
        parts += [mean, spread, F.adaptive_avg_pool2d(maps, 2).flatten(1)]
    return torch.cat(parts, dim=1)
