"""Real images at the judged size: what a backbone is shown in the place of the working-size pictures that GANs see."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augment.core.engine import SharedArray
from augment.data.imageset import ImageSet, UInt8


@dataclass(frozen=True)
class JudgedImages:
    """images: uint8 (N, C, H, W), all of one size; rows: content of a working-size picture -> the row of its image."""

    images: SharedArray
    rows: Mapping[bytes, int]

    @property
    def size(self) -> tuple[int, int]:
        """(H, W)."""
        return self.images.array.shape[2], self.images.array.shape[3]

    def rows_of(self, pictures: UInt8) -> NDArray[np.int64]:
        """Rows (n,) of the images that these working-size pictures (n, C, h, w) are of."""
        return np.array([self.rows[content(picture)] for picture in pictures], dtype=np.int64)

    def of(self, pictures: UInt8) -> UInt8:
        """Their images, uint8 (n, C, H, W)."""
        return np.asarray(self.images.array[self.rows_of(pictures)])

    def set_of(self, train: ImageSet) -> ImageSet:
        """The same set at the judged size."""
        return ImageSet(self.of(train.images), train.labels, train.groups, train.sources)


def judged_images(sides: Sequence[ImageSet], images: NDArray[np.uint8]) -> JudgedImages:
    """images: uint8 (N, C, H, W) of all sides, one after the other."""
    pictures = (picture for side in sides for picture in side.images)
    rows = {content(picture): row for row, picture in enumerate(pictures)}
    return JudgedImages(SharedArray(images), rows)


def content(image: NDArray[np.uint8]) -> bytes:
    """What tells an image from others of its shape."""
    return hashlib.sha256(image.tobytes()).digest()
