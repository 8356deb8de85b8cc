"""Shapes made in code, each with its description: a colour, a shape, a size and a place, and combinations held out.

They show what words can do that were learnt together: ask for a combination that no training image has.
"""

from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from augment.core.seeds import numpy_rng

SIDE_PX, FINER = 16, 4  # of an image; samples of a pixel, each way
SEEN_IMAGES, TEST_IMAGES = 16, 4  # of a combination that trains; of every combination in test
COLOURS = {"red": (215, 55, 55), "green": (60, 180, 75), "blue": (65, 95, 225), "yellow": (225, 205, 60)}
SHAPES = ("circle", "square", "triangle", "cross")
SIZES = {"small": (2.2, 2.6), "large": (3.5, 3.9)}  # radius in pixels, from and to
PLACES = {"lower left": (11.5, 4.5), "lower right": (11.5, 11.5), "upper left": (4.5, 4.5), "upper right": (4.5, 11.5)}


class Combination(NamedTuple):
    """What an image shows; its index in each table above decides whether it is held out."""

    colour: str
    shape: str
    size: str
    place: str

    @property
    def description(self) -> str:
        return f"{self.size} {self.colour} {self.shape}, {self.place}"

    @property
    def held_out(self) -> bool:
        """An eighth, in both sizes: two of each colour, shape and place; every pair of words trains."""
        colour, place = list(COLOURS).index(self.colour), list(PLACES).index(self.place)
        shape = SHAPES.index(self.shape)
        return (colour + shape + place) % 4 == 0 and (place - colour) % 4 < 2


COMBINATIONS = [Combination(*values) for values in product(COLOURS, SHAPES, SIZES, PLACES)]


def shapes(seed: int = 0) -> tuple[NDArray[np.uint8], list[str]]:
    """Images uint8 (2304, 3, 16, 16) and their labels, which are the shapes.

    The seed decides everything: image i of a combination is drawn from (seed, combination, i).
    """
    listed = _listed()
    return np.stack([picture(shown, number, seed) for shown, number in listed]), [shown.shape for shown, _ in listed]


def shape_texts() -> tuple[list[str], list[str]]:
    """Of the same images the descriptions, and the split: held-out combinations are in test alone."""
    listed = _listed()
    splits = ["test" if shown.held_out or number >= SEEN_IMAGES else "train" for shown, number in listed]
    return [shown.description for shown, _ in listed], splits


def picture(shown: Combination, number: int, seed: int) -> NDArray[np.uint8]:
    """One image uint8 (3, 16, 16): light, colour, radius and place vary a little around what is said."""
    rng = numpy_rng(seed, "shapes", *shown, number)
    ground = rng.uniform(20, 70) + rng.normal(0, 4, (3, SIDE_PX, SIDE_PX))
    colour = np.array(COLOURS[shown.colour]) + rng.normal(0, 8, 3)
    radius = rng.uniform(*SIZES[shown.size])
    down, across = np.array(PLACES[shown.place]) + rng.uniform(-0.6, 0.6, 2)
    inside = covered_by(shown.shape, down, across, radius)
    image = ground + inside * (colour[:, None, None] - ground)
    return image.round().clip(0, 255).astype(np.uint8)


def covered_by(shape: str, down: float, across: float, radius: float) -> NDArray[np.float64]:
    """Float (16, 16): the share of each pixel that the shape covers."""
    fine = (np.arange(SIDE_PX * FINER) + 0.5) / FINER
    y, x = np.meshgrid((fine - down) / radius, (fine - across) / radius, indexing="ij")
    longer, shorter = np.maximum(np.abs(x), np.abs(y)), np.minimum(np.abs(x), np.abs(y))
    inside = {
        "circle": x**2 + y**2 < 1,
        "square": longer < 0.9,
        "triangle": (np.abs(x) < (y + 1) / 2) & (y < 0.9),
        "cross": (shorter < 0.33) & (longer < 1),
    }[shape]
    return np.asarray(inside.reshape(SIDE_PX, FINER, SIDE_PX, FINER).mean(axis=(1, 3)))


def _listed() -> list[tuple[Combination, int]]:
    """Every image: what it shows, and its number among those that show it."""
    return [
        (shown, number)
        for shown in COMBINATIONS
        for number in range(SEEN_IMAGES + TEST_IMAGES if not shown.held_out else TEST_IMAGES)
    ]
