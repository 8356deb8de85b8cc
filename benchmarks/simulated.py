"""Score tables as real runs leave them, with a known truth: who is right on which image, for every arm and seed.

The model and the size of its parts are those of `power_model`, with one more part: what the classifiers of one family
have in common beyond what all classifiers have. A table differs from what that expects as real sets do: its parts and
its classes' difficulty are drawn anew.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from augment.evaluation.statistics.power_model import VarianceComponents, without_arm_differences
from augment.params.arm_row import Family
from augment.params.arms import ROW_OF, UNAUGMENTED_ARMS, Arm, family_of

Float = NDArray[np.float64]
Int = NDArray[np.int64]
Correct = dict[Arm, NDArray[np.bool_]]

SET_SD, CLASS_SD = 0.1, 0.3  # of the thresholds, between sets and between classes of a set
PARTS_SD = 0.25  # of the logarithm of what is not common


@dataclass(frozen=True)
class Alike:
    """How alike classifiers are: the parts of each family, whose `common` is common to the family, and how much of that
    of networks from scratch is not common to all families."""

    parts: Mapping[Family, VarianceComponents]
    apart: float = 0.0

    @property
    def between(self) -> float:
        """The share that is common to all families."""
        common = {family: own.common for family, own in self.parts.items()}
        return min(common["scratch"] - self.apart, *common.values())

    def without_arm_differences(self) -> "Alike":
        """The same without differences that last between arms of a family."""
        return replace(self, parts={family: without_arm_differences(own) for family, own in self.parts.items()})

    def without_family_differences(self) -> "Alike":
        """The same without differences that last between families: what a family has in common beyond others is of a
        repeat."""
        least = min(own.common for own in self.parts.values())
        return Alike(
            {
                family: replace(own, common=least, seed=own.seed + own.common - least)
                for family, own in self.parts.items()
            }
        )


@dataclass(frozen=True)
class Truth:
    """One simulated set: thresholds (classes,) as normal quantiles, and how alike its classifiers are."""

    thresholds: Float
    alike: Alike

    def recalls(self, step: float = 0.0) -> Float:
        """True recall of each class, (classes,), with every threshold moved by `step`; of every family."""
        found: Float = ndtr((self.thresholds + step) / self.scale)
        return found

    @property
    def scale(self) -> float:
        """Standard deviation of what a threshold is compared with, in every family."""
        return float(np.hypot(1.0, self.alike.parts["scratch"].shift))

    def step_of(self, gain: float) -> float | None:
        """The move that raises balanced accuracy by exactly `gain` (or lowers it); None where it cannot."""
        base = self.recalls().mean()
        if not 0 < base + gain < 1:
            return None
        return float(brentq(lambda step: self.recalls(step).mean() - base - gain, -12, 12))


def truth(recalls: Float, alike: Alike, rng: np.random.Generator) -> Truth:
    """A set about as hard as `recalls` (classes,) say, whose classifiers are about as alike as `alike`."""
    moved = ndtri(recalls) + CLASS_SD * rng.normal(size=len(recalls))
    moved += ndtri(recalls.mean()) - ndtri(ndtr(moved).mean()) + SET_SD * rng.normal()
    spread, of_shift = np.exp(PARTS_SD * rng.normal(size=2))
    drawn = {
        family: VarianceComponents(
            common=1 - (1 - own.common) * spread,
            kind=own.kind * spread,
            arm=own.arm * spread,
            seed=own.seed * spread,
            shift=own.shift * of_shift,
        )
        for family, own in alike.parts.items()
    }
    return Truth(moved, Alike(drawn, alike.apart * spread))


@dataclass(frozen=True)
class Noise:
    """What decides who is right on a side, in standard normal draws that hold whichever arm the others build on.

    common: (N,), of all classifiers; families: family -> (N,), of its own; kinds: (2, N), of those that augment, and
    of those that do not; seeds: family -> (seeds, N); arms: (arms, N); shifts, chance: (arms, seeds, N)
    training: (arms, seeds, N) or None, shifts that training images cause, where repeats share some of them
    of_training: their share of a shift's variance; one_train: all seeds learn from one training set
    """

    true: Truth
    names: Sequence[Arm]
    thresholds: Float  # (N,), of each image's class
    common: Float
    families: Mapping[Family, Float]
    kinds: Float
    seeds: Mapping[Family, Float]
    arms: Float
    shifts: Float
    chance: Float
    one_train: bool
    training: Float | None = None
    of_training: float = 0.0

    def with_training(self, shifts: Float, share: float) -> "Noise":
        """The same where training images cause this share of a shift's variance."""
        return replace(self, training=shifts, of_training=share)

    def latent(self, base: Arm) -> Float:
        """How far each image stays below the threshold of its class, (arms, seeds, N), where made images are added to
        the arm `base`; right where it is above minus the arm's step."""
        return np.stack([self._of_arm(position, arm, base) for position, arm in enumerate(self.names)])

    def _of_arm(self, position: int, arm: Arm, base: Arm) -> Float:
        family = family_of(arm, base)
        parts, between = self.true.alike.parts[family], self.true.alike.between
        rest = 1 - parts.common - parts.kind - parts.arm - parts.seed
        lasting = np.sqrt(between) * self.common + np.sqrt(parts.kind) * self.kinds[int(arm in UNAUGMENTED_ARMS)]
        lasting = lasting + np.sqrt(parts.arm) * self.arms[position]
        lasting = lasting + np.sqrt(max(0.0, parts.common - between)) * self.families[family]
        seed, chance = self.seeds[family], self.chance[position]
        shift = parts.shift * self._shift(position, nothing_random(arm, base))
        scale = self.true.scale / np.hypot(1.0, parts.shift)
        if self.one_train and nothing_random(arm, base):  # it is one classifier, whatever the seed
            shift, scale = np.zeros_like(shift), self.true.scale
            seed, chance = (np.broadcast_to(own[:1], own.shape) for own in (seed, chance))
        noise = lasting + np.sqrt(parts.seed) * seed + shift + np.sqrt(rest) * chance
        return np.asarray(self.thresholds - scale * noise)

    def _shift(self, position: int, of_images: bool) -> Float:
        if self.training is None:
            return np.asarray(self.shifts[position])
        share = 1.0 if of_images else self.of_training
        return np.asarray(np.sqrt(1 - share) * self.shifts[position] + np.sqrt(share) * self.training[position])


def nothing_random(arm: Arm, base: Arm) -> bool:
    """A probe of real images alone hangs on its training set, and on no seed."""
    return family_of(arm, base) == "probe" and ROW_OF[arm].source is None


def noise(
    true: Truth, targets: Int, groups: Int, names: Sequence[Arm], seeds: int, rng: np.random.Generator, one_train: bool
) -> Noise:
    """Draw it for images of these classes; those of a group share what lasts over seeds."""
    units, count = int(groups.max()) + 1, len(targets)
    common = rng.normal(size=units)[groups]
    kinds = rng.normal(size=(2, units))[:, groups]
    of_seeds: dict[Family, Float] = {"scratch": rng.normal(size=(seeds, count))}
    arms, shifts, chance = np.empty((len(names), count)), *np.empty((2, len(names), seeds, count))
    for position in range(len(names)):
        arms[position] = rng.normal(size=units)[groups]
        shifts[position] = rng.normal(size=(seeds, len(true.thresholds)))[:, targets]
        chance[position] = rng.normal(size=(seeds, count))
    (further,) = rng.spawn(1)  # so that more families change nothing of the others
    families = {family: further.normal(size=units)[groups] for family in true.alike.parts}
    of_seeds |= {family: further.normal(size=(seeds, count)) for family in true.alike.parts if family != "scratch"}
    return Noise(
        true, names, true.thresholds[targets], common, families, kinds, of_seeds, arms, shifts, chance, one_train
    )


def right(below: Float, arms: Sequence[Arm], steps: dict[Arm, float]) -> Correct:
    """Right or wrong, arm -> bool (seeds, N), with each arm's thresholds moved by its step."""
    return {arm: below[position] > -steps.get(arm, 0.0) for position, arm in enumerate(arms)}
