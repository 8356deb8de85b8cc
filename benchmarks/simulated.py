"""Score tables as real runs leave them, with a known truth: who is right on which image, for every arm and seed.

The model and the size of its parts are those of `power_model`. A table differs from what that
expects as real sets do: its parts and its classes' difficulty are drawn anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from augment.evaluation.statistics.power_model import VarianceComponents
from augment.params.arms import UNAUGMENTED_ARMS, Arm

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Correct = dict[Arm, NDArray[np.bool_]]

SET_SD, CLASS_SD = 0.1, 0.3  # of the thresholds, between sets and between classes of a set
PARTS_SD = 0.25  # of the logarithm of what is not common


@dataclass(frozen=True)
class Truth:
    """One simulated set: thresholds (classes,) as normal quantiles, and how alike its classifiers are."""

    thresholds: Float
    parts: VarianceComponents

    def recalls(self, step: float = 0.0) -> Float:
        """True recall of each class, (classes,), with every threshold moved by `step`."""
        found: Float = ndtr((self.thresholds + step) / np.hypot(1.0, self.parts.shift))
        return found

    def step_of(self, gain: float) -> float | None:
        """The move that raises balanced accuracy by exactly `gain` (or lowers it); None where it cannot."""
        base = self.recalls().mean()
        if not 0 < base + gain < 1:
            return None
        return float(brentq(lambda step: self.recalls(step).mean() - base - gain, -12, 12))


def truth(recalls: Float, parts: VarianceComponents, rng: np.random.Generator) -> Truth:
    """A set about as hard as `recalls` (classes,) say, whose classifiers are about as alike as `parts`."""
    moved = ndtri(recalls) + CLASS_SD * rng.normal(size=len(recalls))
    moved += ndtri(recalls.mean()) - ndtri(ndtr(moved).mean()) + SET_SD * rng.normal()
    spread = np.exp(PARTS_SD * rng.normal())
    drawn = VarianceComponents(
        common=1 - (1 - parts.common) * spread,
        kind=parts.kind * spread,
        arm=parts.arm * spread,
        seed=parts.seed * spread,
        shift=parts.shift * np.exp(PARTS_SD * rng.normal()),
    )
    return Truth(moved, drawn)


def latent(true: Truth, targets: Int, groups: Int, arms: Sequence[Arm], seeds: int, rng: np.random.Generator) -> Float:
    """How far each image stays below the threshold of its class, (arms, seeds, N); right where it is above minus
    the arm's step. Images of a group share what lasts over seeds."""
    parts, units = true.parts, int(groups.max()) + 1
    rest = 1 - parts.common - parts.kind - parts.arm - parts.seed
    common = np.sqrt(parts.common) * rng.normal(size=units)[groups]
    kinds = np.sqrt(parts.kind) * rng.normal(size=(2, units))[:, groups]
    of_seed = np.sqrt(parts.seed) * rng.normal(size=(seeds, len(targets)))
    found = np.empty((len(arms), seeds, len(targets)))
    for position, arm in enumerate(arms):
        lasting = common + kinds[int(arm in UNAUGMENTED_ARMS)] + np.sqrt(parts.arm) * rng.normal(size=units)[groups]
        shift = parts.shift * rng.normal(size=(seeds, len(true.thresholds)))[:, targets]
        chance = np.sqrt(rest) * rng.normal(size=(seeds, len(targets)))
        found[position] = true.thresholds[targets] - lasting - of_seed - shift - chance
    return found


def right(below: Float, arms: Sequence[Arm], steps: dict[Arm, float]) -> Correct:
    """Right or wrong, arm -> bool (seeds, N), with each arm's thresholds moved by its step."""
    return {arm: below[position] > -steps.get(arm, 0.0) for position, arm in enumerate(arms)}
