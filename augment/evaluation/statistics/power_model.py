"""What is expected of a comparison before it has run: how well classifiers will do, and how much they will disagree.

A classifier is right on an image where a normal variable, the sum of five independent components, stays below a
threshold that its class sets (a probit model with crossed effects). How large the components are was measured on
real runs (docs/validation.md); they hardly differ between sets. What does differ is how hard the classes are, and
that is guessed from the nearest neighbours within the training images.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from augment.evaluation.statistics.bootstrap import Float, Int
from augment.evaluation.statistics.power import DifferenceVariance, smallest_gain
from augment.params.arms import UNAUGMENTED_ARMS, Arm, family_of


@dataclass(frozen=True)
class VarianceComponents:
    """Shares of the variance: common to all classifiers, to those that augment or do not, of one arm, of one seed
    (all arms of a repeat share it); what is missing to 1 is chance. shift: standard deviation, in the same units, of
    each class's threshold between the seeds of an arm."""

    common: float
    kind: float
    arm: float
    seed: float
    shift: float


MEASURED_COMPONENTS = VarianceComponents(common=0.82, kind=0.09, arm=0.015, seed=0.04, shift=0.1)
COMMON_TO_FAMILIES = 0.60  # of `common`, where two classifiers are of different families
NEIGHBOUR_INTERCEPT, NEIGHBOUR_SLOPE = 0.48, 0.76  # from a neighbour's recall to a classifier's, as normal quantiles
_SHRINKAGE_IMAGES = 4  # a class's own recall counts as its images, the mean of all classes as this many
_MIN_RECALL = 0.02  # no class is expected to be all right or all wrong
_MAX_THRESHOLD_SHIFT = 6.0  # a threshold moved so far leaves no class anything to gain
_NORMAL_GRID = np.linspace(-8, 8, 401)
_NORMAL_WEIGHTS = np.exp(-(_NORMAL_GRID**2) / 2) / np.exp(-(_NORMAL_GRID**2) / 2).sum()


def expected_recalls(neighbour: Float, images: Int) -> Float:
    """Recall that a classifier will about have on each class, float (classes,).

    neighbour: recalls of a nearest neighbour, (classes,), which are drawn to their mean, and moved to what trained
    classifiers had in the calibration; images: (classes,) that they were found on.
    """
    shrunken = (neighbour * images + _SHRINKAGE_IMAGES * neighbour.mean()) / (images + _SHRINKAGE_IMAGES)
    expected = ndtr(NEIGHBOUR_INTERCEPT + NEIGHBOUR_SLOPE * ndtri(shrunken.clip(_MIN_RECALL, 1 - _MIN_RECALL)))
    return np.asarray(expected.clip(_MIN_RECALL, 1 - _MIN_RECALL))


def expected_smallest_gain(
    recalls: Float,
    groups: NDArray[Any],
    rivals: Sequence[Arm],
    seeds: int,
    one_group_se: float,
    components: VarianceComponents = MEASURED_COMPONENTS,
    ratio: float | None = None,
    augmented: bool = True,
    base: Arm | None = "classical",
) -> float | None:
    """The smallest gain that `smallest_gain` will show if all rivals are equally good; None where none can be.

    recalls, groups: (classes,) of every class in test, as expected and counted; one_group_se: what one group moves
    the figure by. The gain is planted by moving every class's threshold alike, so a class near 1 gains less.
    ratio: None for one split and paired seeds; for repeated training sets that of `corrected_t`, 0 for disjoint
    sets; seeds then counts the repeats, and groups those of one repeat. augmented: the candidate learns from augmented
    images, unlike `UNAUGMENTED_ARMS` rivals. base: what it builds on; on one split rivals of other families share less
    with it, and over training sets most of that is in their spread.
    """
    quantiles, family = ndtri(recalls), family_of(base, None) if base else "scratch"

    def gain(step: float) -> float:
        return float((ndtr(quantiles + step) - recalls).mean())

    def missing(step: float) -> float:
        moved, unlike = quantiles + step, between_families(components)
        variances = [
            expected_variance(moved, quantiles, groups, augmented and rival in UNAUGMENTED_ARMS,
                              unlike if ratio is None and family_of(rival, base) != family else components)
            for rival in rivals
        ]  # fmt: skip
        if ratio is not None:
            variances = [variance.between_training_sets() for variance in variances]
        return smallest_gain(variances, seeds, int(groups.sum()), one_group_se, ratio) - gain(step)

    if missing(_MAX_THRESHOLD_SHIFT) >= 0:
        return None
    return gain(float(brentq(missing, 0.0, _MAX_THRESHOLD_SHIFT, xtol=1e-3)))


def expected_variance(
    candidate: Float, rival: Float, groups: NDArray[Any], rival_unaugmented: bool, components: VarianceComponents
) -> DifferenceVariance:
    """Spread of the mean recall's difference between a candidate and a rival.

    candidate, rival: (classes,) thresholds, the normal quantiles of their recalls; groups: (classes,) in test.
    rival_unaugmented: the candidate learns from augmented images, the rival from images as they are; else both alike.
    """
    shared = components.common + (0.0 if rival_unaugmented else components.kind)
    itself = components.common + components.kind + components.arm
    gain = ndtr(candidate) - ndtr(rival)
    once = ndtr(candidate) + ndtr(rival) - 2 * both_right(candidate, rival, shared + components.seed) - gain**2
    lasting = both_right(candidate, candidate, itself) + both_right(rival, rival, itself)
    lasting -= 2 * both_right(candidate, rival, shared) + gain**2
    weights = 1 / (len(groups) ** 2 * groups)
    slopes = np.exp(-(candidate**2)) + np.exp(-(rival**2))
    return DifferenceVariance(
        image=float((lasting * weights).sum()),
        chance=float(((once - lasting) * weights).sum()),
        seed=float(slopes.sum()) / (2 * np.pi) * components.shift**2 / len(groups) ** 2,
    )


def between_families(components: VarianceComponents) -> VarianceComponents:
    """The same for two arms of different families: what these do not have in common is each arm's own."""
    own = components.arm + components.common - COMMON_TO_FAMILIES
    return replace(components, common=COMMON_TO_FAMILIES, arm=own)


def without_arm_differences(components: VarianceComponents) -> VarianceComponents:
    """The same without differences between arms that last: equal arms are equal on every image."""
    return replace(components, common=components.common + components.kind + components.arm, kind=0.0, arm=0.0)


def both_right(first: Float, second: Float, correlation: float) -> Float:
    """P(x < first and y < second) of standard normal x, y with this correlation in [0, 1); elementwise."""
    common_part, own_sd = np.sqrt(correlation) * _NORMAL_GRID, np.sqrt(1 - correlation)
    first_right, second_right = (ndtr((each[..., None] - common_part) / own_sd) for each in (first, second))
    return np.asarray(first_right * second_right @ _NORMAL_WEIGHTS)
