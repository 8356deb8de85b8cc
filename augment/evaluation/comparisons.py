"""What arms got right, and one arm minus another with its intervals."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from augment.errors import DataError
from augment.evaluation.statistics import Estimate, Resamples, balanced_accuracy, estimate

Split = Literal["test", "val"]
Word = Literal["helps", "helps, negligibly", "harms", "equivalent", "undecided", "not used"]


@dataclass(frozen=True)
class Outcomes:
    """What the arms got right on one split.

    targets: int (N,) class indices; groups: (N,); correct: arm -> bool (S, N), the same S paired
    seeds for all arms. N may be 0 on val. Raises DataError when a shape differs.
    """

    targets: NDArray[np.int64]
    groups: NDArray[Any]
    correct: Mapping[str, NDArray[np.bool_]]

    def __post_init__(self) -> None:
        shapes = {scores.shape for scores in self.correct.values()}
        if len(self.groups) != len(self) or len(shapes) != 1 or next(iter(shapes))[1:] != (len(self),):
            raise DataError(
                f"outcomes: {len(self)} targets, {len(self.groups)} groups and arms of shapes "
                f"{sorted(shapes)}; every arm needs (seeds, targets)"
            )

    def __len__(self) -> int:
        return len(self.targets)

    def mean(self, arm: str) -> float | None:
        """Mean balanced accuracy of an arm over seeds; None on an empty split."""
        return float(balanced_accuracy(self.correct[arm], self.targets).mean()) if len(self) else None


@dataclass(frozen=True)
class Gain:
    """A difference in balanced accuracy with its 95 % interval, as fractions of 1."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Comparison:
    """Candidate minus rival on one split."""

    candidate: str
    rival: str
    split: Split
    found: Estimate

    @property
    def gain(self) -> Gain:
        return Gain(self.found.mean, *self.found.interval(0.95))

    @property
    def interval90(self) -> tuple[float, float]:
        return self.found.interval(0.90)

    def row(self) -> dict[str, Any]:
        """A row of comparisons.csv."""
        low90, high90 = self.interval90
        return {
            "candidate": self.candidate, "rival": self.rival, "split": self.split,
            "mean": self.gain.mean, "low": self.gain.low, "high": self.gain.high,
            "low90": low90, "high90": high90,
            "seed_sd": self.found.seed_sd, "test_se": self.found.test_se, "seeds": self.found.seeds,
        }  # fmt: skip


def compare(outcomes: Outcomes, draws: Resamples, candidate: str, rival: str, split: Split) -> Comparison:
    """Candidate minus rival, paired by seed and image: per image 1, 0 or -1."""
    difference = outcomes.correct[candidate].astype(np.float64) - outcomes.correct[rival]
    return Comparison(candidate, rival, split, estimate(difference, draws))
