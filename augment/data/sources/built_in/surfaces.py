"""Surfaces made in code: brushed plates, plenty of good ones, and few of each of five kinds of defects.

They show what carrying defects onto good parts does. They are no photographs, and no evidence that it gains anything.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from augment.core.seeds import numpy_rng

SIDE_PX = 32
GOOD_IMAGES, DEFECT_IMAGES = 600, 60  # of the good class, of each kind of defect
GRAIN_PX, GRAIN = 9, 14.0  # length of the brush marks; their depth in grey levels, before they are averaged
Plate = NDArray[np.float64]


def surfaces(seed: int = 0) -> tuple[NDArray[np.uint8], list[str]]:
    """Images uint8 (900, 1, 32, 32) and their labels: "good", then "chip", "crack", "pit", "scratch", "stain".

    The seed decides everything: image i of a class is drawn from (seed, label, i).
    """
    labels = ["good"] * GOOD_IMAGES + [kind for kind in DEFECTS for _ in range(DEFECT_IMAGES)]
    numbers = [*range(GOOD_IMAGES), *(number for _ in DEFECTS for number in range(DEFECT_IMAGES))]
    images = [surface(label, number, seed) for label, number in zip(labels, numbers, strict=True)]
    return np.stack(images)[:, None], labels


def surface(label: str, number: int, seed: int) -> NDArray[np.uint8]:
    """One image uint8 (32, 32): a plate of its own light and grain, and on it what the label says."""
    rng = numpy_rng(seed, "surfaces", label, number)
    plate = _plate(rng)
    if label in DEFECTS:
        plate = DEFECTS[label](plate, rng)
    return plate.round().clip(0, 255).astype(np.uint8)


def _plate(rng: np.random.Generator) -> Plate:
    grain = rng.normal(0, GRAIN, (SIDE_PX, SIDE_PX + GRAIN_PX - 1))
    marks = np.lib.stride_tricks.sliding_window_view(grain, GRAIN_PX, axis=1).mean(axis=2)
    down, across = np.mgrid[-1 : 1 : SIDE_PX * 1j, -1 : 1 : SIDE_PX * 1j]
    slope = rng.uniform(-20, 20, 2)
    return np.asarray(rng.uniform(115, 180) + slope[0] * down + slope[1] * across + marks)


def _distance(rng: np.random.Generator, reach: float) -> tuple[Plate, Plate]:
    """Of each pixel from a random place, down and across, pixels; reach: how near to a border that may be."""
    place = rng.uniform(reach, SIDE_PX - reach, 2)
    down, across = np.mgrid[:SIDE_PX, :SIDE_PX].astype(np.float64)
    return down - place[0], across - place[1]


def _pit(plate: Plate, rng: np.random.Generator) -> Plate:
    """A dark hole with a light rim."""
    radius = np.hypot(*_distance(rng, 5)) / rng.uniform(1.6, 2.8)
    return np.asarray(plate - rng.uniform(55, 80) * (radius < 1) + 30 * ((radius >= 1) & (radius < 1.6)))


def _stain(plate: Plate, rng: np.random.Generator) -> Plate:
    """A soft dark spot, longer than wide."""
    down, across = _distance(rng, 6)
    turn, long, wide = rng.uniform(0, np.pi), rng.uniform(4, 6), rng.uniform(2.5, 3.5)
    along, beside = down * np.cos(turn) + across * np.sin(turn), across * np.cos(turn) - down * np.sin(turn)
    return np.asarray(plate - rng.uniform(35, 50) * np.exp(-((along / long) ** 2) - (beside / wide) ** 2))


def _scratch(plate: Plate, rng: np.random.Generator) -> Plate:
    """A light straight line across the grain."""
    down, across = _distance(rng, 8)
    lean, long = rng.uniform(-0.6, 0.6), rng.uniform(5, 9)
    return plate + rng.uniform(50, 70) * ((np.abs(across - lean * down) < 0.7) & (np.abs(down) < long))


def _crack(plate: Plate, rng: np.random.Generator) -> Plate:
    """A dark line that wanders."""
    at, found = rng.uniform(8, SIDE_PX - 8, 2), plate.copy()
    turn, depth = rng.uniform(0, 2 * np.pi), rng.uniform(60, 80)
    for _ in range(int(rng.integers(12, 20))):
        row, column = at.round().astype(int).clip(0, SIDE_PX - 1)
        found[row, column] = plate[row, column] - depth
        turn += rng.normal(0, 0.5)
        at += (np.sin(turn), np.cos(turn))
    return found


def _chip(plate: Plate, rng: np.random.Generator) -> Plate:
    """A piece of a border is gone: what lies beneath is light."""
    deep, wide, middle = rng.uniform(3, 6), rng.uniform(3, 6), rng.uniform(6, SIDE_PX - 6)
    down, across = np.mgrid[:SIDE_PX, :SIDE_PX].astype(np.float64)
    gone = down / deep + np.abs(across - middle) / wide < 1
    return np.asarray(np.where(gone, rng.uniform(215, 240), plate))


DEFECTS: dict[str, Callable[[Plate, np.random.Generator], Plate]] = {
    "chip": _chip, "crack": _crack, "pit": _pit, "scratch": _scratch, "stain": _stain,
}  # fmt: skip
