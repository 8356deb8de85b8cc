"""Small built-in sets: hand-written digits, and Slanted Land.

Slanted Land is a world of 2x2 screens whose people are dark along the falling diagonal.

The smallest set that a GAN can learn (docs/gans-by-hand.md). There are only 16 black-and-white screens, so
every image here has grey levels of its own: copies would leave nothing to hold out.
"""

import numpy as np
from numpy.typing import NDArray

from augment.core.seeds import numpy_rng

IMAGES_PER_CLASS = 400  # images of each class
MAX_PALLOR = 0.3  # a face's dark pixels are at most this far from black, its light ones from white


def slanted() -> tuple[NDArray[np.uint8], list[str]]:
    """400 faces and 400 screens of noise, always the same ones.

    Returns uint8 (800, 1, 2, 2), 255 white and 0 black, and the labels "face" and "noise". A face has a
    dark top left and bottom right pixel and two light ones. Noise is anything, so about one screen
    in a hundred happens to look like a face.
    """
    rng = numpy_rng("slanted land")
    clean = np.array([[1.0, 0.0], [0.0, 1.0]])  # darkness, 0 white to 1 black
    faces = np.abs(clean - rng.uniform(0, MAX_PALLOR, (IMAGES_PER_CLASS, 1, 2, 2)))
    noise = rng.uniform(0, 1, (IMAGES_PER_CLASS, 1, 2, 2))
    images = ((1 - np.concatenate([faces, noise])) * 255).round().astype(np.uint8)
    return images, ["face"] * IMAGES_PER_CLASS + ["noise"] * IMAGES_PER_CLASS


def digits() -> tuple[NDArray[np.uint8], list[str]]:
    """scikit-learn's copy of the UCI hand-written digits, no download. Returns uint8 (1797, 1, 8, 8), the levels 0..16
    scaled to 0..255, and the labels "0" to "9"."""
    from sklearn.datasets import load_digits  # noqa: PLC0415  (slow to import, and an extra)

    bunch = load_digits()
    images = np.floor(bunch.images * (255 / 16) + 0.5).astype(np.uint8)[:, None]
    return images, [str(target) for target in bunch.target]
