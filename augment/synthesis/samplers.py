"""Where a class's samples come from: its own generator and, in poor classes, variation borrowed from rich ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from augment.data.imageset import ImageSet
from augment.gan.borrowing import Borrowing, borrowings
from augment.gan.generators import GeneratorSet

SHARE = 0.75  # the default of generate.borrowed


class Sampler(Protocol):
    """What a generator and a mixture have in common; image i depends on (seed, i) alone."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of a sample."""

    def sample(self, n: int, *, seed: int = 0, start: int = 0) -> Tensor:
        """uint8 (n, C, H, W) on the CPU: images start to start + n - 1 of this seed."""


@dataclass(frozen=True)
class Mixture:
    """A class's own samples and borrowed ones in one sequence, of which a share is borrowed, spread evenly."""

    own: Sampler
    borrowing: Borrowing
    share: float

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of a sample."""
        return self.own.shape

    def sample(self, n: int, *, seed: int = 0, start: int = 0) -> Tensor:
        """uint8 (n, C, H, W) on the CPU: images start to start + n - 1 of this seed."""
        borrowed = torch.from_numpy(self.borrowed(n, start))
        before = int(np.floor(start * self.share))  # so many of the earlier ones are borrowed
        images = torch.empty((n, *self.shape), dtype=torch.uint8)
        images[~borrowed] = self.own.sample(int((~borrowed).sum()), seed=seed, start=start - before)
        images[borrowed] = self.borrowing.sample(int(borrowed.sum()), seed=seed, start=before)
        return images

    def borrowed(self, n: int, start: int = 0) -> NDArray[np.bool_]:
        """Which of these images are borrowed, bool (n,)."""
        before: NDArray[np.float64] = np.floor(np.arange(start, start + n + 1) * self.share)  # borrowed before each
        return np.diff(before).astype(np.bool_)


def samplers(generators: GeneratorSet, train: ImageSet | None, seed: int) -> dict[str, Sampler]:
    """What samples each class that has a generator: the generator alone, or as the pipeline's defaults do.

    train: the images that the generators were trained on, None: nothing is borrowed. Raises ValueError for images
    of other classes or sizes, and for generators without the shared one, which borrowing needs.
    """
    if train is None:
        return dict(generators)
    if generators.shared is None:
        raise ValueError("borrow_from needs the generator of all classes (models/_shared), and these have none: "
                         "they were trained without transfer, or from a pinned base")  # fmt: skip
    if train.images.shape[1:] != generators.shared.shape or train.classes != sorted(generators.classes):
        raise ValueError(
            f"borrow_from has images {train.images.shape[1:]} of {train.classes}, and the generators were trained on "
            f"{generators.shared.shape} of {sorted(generators.classes)}; give data/prepared/train of the same run"
        )
    return mixtures(generators, borrowings(generators.shared, train, seed), SHARE)


def mixtures(generators: GeneratorSet, lent: Mapping[str, Borrowing], share: float) -> dict[str, Sampler]:
    """Each class's generator, mixed with what it borrows."""
    return {label: Mixture(own, lent[label], share) if label in lent else own for label, own in generators.items()}
