"""Sets of images that need no file: digits, 2x2 screens of Slanted Land, plates and shapes made in code."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from augment.data.sources.built_in.shapes import shape_texts, shapes
from augment.data.sources.built_in.small import digits, slanted
from augment.data.sources.built_in.surfaces import surfaces

__all__ = ["BUILT_IN", "digits", "shape_texts", "shapes", "slanted", "surfaces"]

BUILT_IN: dict[str, Callable[[], tuple[NDArray[np.uint8], list[str]]]] = {
    "digits": digits,
    "shapes": shapes,
    "slanted": slanted,
    "surfaces": surfaces,
}
