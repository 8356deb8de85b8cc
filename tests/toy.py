"""Small labelled sets whose classes are easy to tell apart, and stand-ins for generators and engines."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from augment.core.engine import Engine
from augment.data.imageset import ImageSet

NOISE = 60  # grey levels


def bars(position: int, count: int, seed: int = 0, side: int = 8) -> np.ndarray:
    """uint8 (count, 1, side, side): noise below `NOISE` with one white row, which names the class."""
    images = np.random.default_rng((seed, position)).integers(0, NOISE, (count, 1, side, side), dtype=np.uint8)
    images[:, :, 2 * position + 1] = 255
    return images


def toy_set(counts: Mapping[str, int], seed: int = 0, side: int = 8, each: int = 1) -> ImageSet:
    """Classes `counts` in sorted order, the k-th with its bar in row 2 k + 1; `each` images share a group."""
    labels = sorted(counts)
    images = [bars(position, counts[label], seed, side) for position, label in enumerate(labels)]
    names = np.repeat(np.array(labels, dtype=np.str_), [counts[label] for label in labels])
    numbers = np.concatenate([np.arange(counts[label]) for label in labels])
    groups = np.array([f"{label}-{number // each}" for label, number in zip(names, numbers, strict=True)], np.str_)
    sources = np.array([f"{label}/{number}.png" for label, number in zip(names, numbers, strict=True)], np.str_)
    return ImageSet(np.concatenate(images), names, groups, sources)


class Fixed:
    """A generator that gives these images, in this order, and does not say what it was trained on."""

    def __init__(self, label: str, images: np.ndarray) -> None:
        self.label, self.images, self.asked = label, images, list[tuple[int, int]]()
        self.training: dict[str, str] = {}
        self.environment: dict[str, str] = {}
        self.translator = None

    @property
    def shape(self) -> tuple[int, ...]:
        return self.images.shape[1:]

    def sample(self, n: int, *, seed: int = 0, start: int = 0) -> torch.Tensor:
        self.asked.append((n, seed))
        return torch.from_numpy(self.images[start : start + n])


class Backwards(Engine):
    """An engine whose last unit is the first to finish."""

    def map(self, function: Callable[[Any], Any], units: Sequence[Any]) -> Iterator[tuple[int, Any]]:
        for position in reversed(range(len(units))):
            yield position, function(units[position])
