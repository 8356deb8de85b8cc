"""The image nearest to a guess that shrinks exactly to a small one: what the small image says is never contradicted.

Shrinking is linear, rows by a matrix A and columns by a matrix B, so the orthogonal projection of a guess x on all
images that shrink to s is x + A+ (s - A x B^T) B+^T with the pseudo-inverses A+, B+ (Bahat & Michaeli 2020, Explorable
super resolution, arXiv:1912.01839, section 3).
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from PIL import Image
from torch import Tensor

ROUNDS = 8  # of projecting and clipping by turns, where projections leave the range of an image


@dataclass(frozen=True)
class Projection:
    """rows: float (h, H), columns: float (w, W), which shrink; and their pseudo-inverses, (H, h) and (W, w)."""

    rows: Tensor
    columns: Tensor
    rows_back: Tensor
    columns_back: Tensor

    @classmethod
    def between(cls, large: tuple[int, int], small: tuple[int, int]) -> Self:
        """For images of these heights and widths, in pixels."""
        rows, columns = (shrinking(*sides) for sides in zip(large, small, strict=True))
        return cls(rows, columns, torch.linalg.pinv(rows), torch.linalg.pinv(columns))

    def shrunk(self, images: Tensor) -> Tensor:
        """float (N, C, H, W) -> (N, C, h, w)."""
        return self.rows @ images @ self.columns.T

    def __call__(self, guess: Tensor, small: Tensor) -> Tensor:
        """The images nearest to `guess`, float (N, C, H, W), that shrink to `small`, (N, C, h, w)."""
        return guess + self.rows_back @ (small - self.shrunk(guess)) @ self.columns_back.T

    def within_range(self, guess: Tensor, small: Tensor) -> Tensor:
        """The same with values in [-1, 1]: projected on both by turns (von Neumann), so both hold nearly."""
        for _ in range(ROUNDS):
            guess = self(guess, small).clamp(-1, 1)
        return guess


def shrinking(large: int, small: int) -> Tensor:
    """float (small, large): Lanczos as ingest shrinks (`data.decoding.fitting.resize`), for one axis."""
    each_pixel = Image.fromarray(np.eye(large, dtype=np.float32))
    return torch.from_numpy(np.asarray(each_pixel.resize((small, large), Image.Resampling.LANCZOS)).T.copy())
