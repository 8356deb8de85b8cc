"""The order in which convolutions read an image's numbers."""

import torch
from torch import Tensor


def channels_last(images: Tensor) -> Tensor:
    """The same images, float (N, C, H, W), with the channels of a pixel side by side in memory.

    Said outright for one channel: it fits both layouts, and torch would go on with the other.
    """
    if images.shape[1] == 1:
        return images.reshape(len(images), *images.shape[2:], 1).permute(0, 3, 1, 2)
    return images.contiguous(memory_format=torch.channels_last)
