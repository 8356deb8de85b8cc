"""The shapes of both networks, for images of any size from 2 to 256 pixels.

Both sides count in doublings from a base of 3 to 7 pixels: the generator doubles and crops to the
image, the discriminator pads the image with its own border and halves.
"""

from dataclasses import dataclass
from typing import Literal

NetworkName = Literal["linear", "dcgan", "residual"]

MAX_WIDTH_FACTOR = 8  # channels stop growing at this multiple of the width
LINEAR_MAX_PX = 40  # a single layer draws one template and its shades: enough for small, simple images


@dataclass(frozen=True)
class Architecture:
    """All that decides the shapes of both networks."""

    network: NetworkName
    channels: int  # 1 (grey) or 3 (RGB)
    height: int  # pixels
    width: int  # pixels
    latent: int  # length of z
    features: int  # channels of the layer nearest to the image

    @property
    def doublings(self) -> int:
        """Stride-2 layers: as exact a fit as a base of 3 to 7 pixels allows, then the smallest base."""
        shorter = min(self.height, self.width)
        possible = [k for k in range(7) if 3 <= -(-shorter // 2**k) <= 7] or [0]
        return min(possible, key=lambda k: (_padded(self.height, k) * _padded(self.width, k), -k))

    @property
    def base_size(self) -> tuple[int, int]:
        """Height and width in pixels before the first doubling."""
        return -(-self.height // 2**self.doublings), -(-self.width // 2**self.doublings)

    @property
    def padded(self) -> tuple[int, int]:
        """Height and width after the last doubling; the image is cropped out of this."""
        return _padded(self.height, self.doublings), _padded(self.width, self.doublings)

    @property
    def stages(self) -> list[int]:
        """Feature channels from the base towards the image, one entry per resolution below the image's.

        Halving towards the image; tiny images keep the channels of the second layer, since one
        narrow layer draws no digit.
        """
        depth = max(self.doublings, 2)
        channels = [self.features * min(2 ** (depth - 1 - level), MAX_WIDTH_FACTOR) for level in range(depth)]
        return channels[: max(self.doublings, 1)]


def _padded(pixels: int, doublings: int) -> int:
    block: int = 2**doublings
    return -(-pixels // block) * block
