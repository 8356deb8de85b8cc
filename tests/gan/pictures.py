"""Made images for tests that look at samples: blobs on a plain ground, or clouds that fill the frame."""

import torch
import torch.nn.functional as F
from torch import Tensor


def blobs(count: int, seed: int, height: int = 24, width: int = 24, channels: int = 1) -> Tensor:
    """float (count, C, H, W): three bright spots of random place, size and height on black, and faint noise."""
    draw = torch.Generator().manual_seed(seed)
    rows, columns = torch.arange(height)[:, None], torch.arange(width)
    images = torch.full((count, channels, height, width), -1.0)
    for _ in range(3):
        shape = (count, channels, 1, 1)
        top, left = (side * (0.2 + 0.6 * torch.rand(shape, generator=draw)) for side in (height, width))
        reach = height * (0.05 + 0.1 * torch.rand(shape, generator=draw))
        bump = torch.exp(-((rows - top) ** 2 + (columns - left) ** 2) / (2 * reach**2))
        images += (0.5 + torch.rand(shape, generator=draw)) * bump
    return (images + 0.02 * torch.randn(images.shape, generator=draw)).clamp(-1, 1)


def clouds(count: int, seed: int, height: int = 24, width: int = 24, channels: int = 3) -> Tensor:
    """float (count, C, H, W): smooth noise that fills the frame, around a level of the image's own."""
    draw = torch.Generator().manual_seed(seed)
    coarse = torch.randn((count, channels, max(2, height // 4), max(2, width // 4)), generator=draw)
    fine = F.interpolate(coarse, (height, width), mode="bilinear", align_corners=False)
    level = 0.4 * torch.randn((count, channels, 1, 1), generator=draw)
    return (level + 0.5 * fine + 0.05 * torch.randn(fine.shape, generator=draw)).clamp(-1, 1)
