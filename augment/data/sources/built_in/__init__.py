"""Sets of images that need no file: hand-written digits, plates made in code, and the 2x2 screens of Slanted Land."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from augment.data.sources.built_in.small import digits, slanted
from augment.data.sources.built_in.surfaces import surfaces

__all__ = ["BUILT_IN", "digits", "slanted", "surfaces"]

BUILT_IN: dict[str, Callable[[], tuple[NDArray[np.uint8], list[str]]]] = {
    "digits": digits,
    "slanted": slanted,
    "surfaces": surfaces,
}
