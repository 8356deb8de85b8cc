"""What is expected before a run, against scipy's bivariate normal and simulated tables."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.special import ndtr, ndtri

from augment.evaluation.statistics.bootstrap import one_group_se
from augment.evaluation.statistics.power_model import (
    MEASURED_COMPONENTS,
    VarianceComponents,
    between_families,
    both_right,
    expected_smallest_gain,
    expected_variance,
)


@settings(max_examples=40)
@given(st.floats(-2.5, 2.5), st.floats(-2.5, 2.5), st.floats(0, 0.98))
def test_both_right_is_scipys_bivariate_normal(first, second, correlation):
    expected = stats.multivariate_normal.cdf([first, second], cov=[[1, correlation], [correlation, 1]])
    assert both_right(np.array([first]), np.array([second]), correlation) == pytest.approx([expected], abs=1e-5)


@pytest.mark.parametrize("plain", [False, True])
def test_spreads_are_those_of_simulated_classifiers(plain):
    """Many images and seeds drawn from the model, part by part; one class."""
    parts = VarianceComponents(common=0.6, kind=0.15, arm=0.05, seed=0.1, shift=0.2)
    rng, images, seeds = np.random.default_rng(0), 20_000, 12
    thresholds = np.array([1.0]), np.array([0.7])
    common, of_seed = np.sqrt(0.6) * rng.normal(size=images), np.sqrt(0.1) * rng.normal(size=(seeds, images))
    kind = np.sqrt(0.15) * rng.normal(size=(2, images))
    right = []
    for arm, threshold in enumerate(thresholds):
        own = kind[arm if plain else 0] + np.sqrt(0.05) * rng.normal(size=images)
        right.append(common + own + of_seed + np.sqrt(0.1) * rng.normal(size=(seeds, images)) < threshold)
    difference = right[0].astype(float) - right[1]
    within = difference.var(axis=0, ddof=1).mean()  # of one image, between seeds
    lasting = difference.mean(axis=0).var(ddof=1) - within / seeds
    found = expected_variance(*thresholds, np.array([images]), plain, parts)
    assert found.image * images == pytest.approx(lasting, rel=0.05)
    assert found.chance * images == pytest.approx(within, rel=0.05)
    shifted = [ndtr(threshold[0] + 0.2 * rng.normal(size=4000)) for threshold in thresholds]
    assert found.seed == pytest.approx((shifted[0] - shifted[1]).var(), rel=0.15)


def gain(size=50, rivals=("none", "classical", "copies_half"), seeds=5, recall=0.8, classes=4, augmented=True):
    groups = np.full(classes, size)
    moved = one_group_se(np.repeat(np.arange(classes), size), np.arange(classes * size))
    return expected_smallest_gain(np.full(classes, recall), groups, rivals, seeds, moved, augmented=augmented)


def test_more_images_and_seeds_show_smaller_gains_and_more_rivals_larger_ones():
    base = gain()
    assert gain(size=200) < base < gain(size=30)
    assert gain(seeds=10) < base < gain(seeds=3)
    assert gain(rivals=("classical",)) < base
    assert gain(rivals=("classical", "copies_half")) < gain(rivals=("classical", "copies_half", "none"))


def test_unlike_ways_of_learning_differ_more():
    assert gain(rivals=("none",), augmented=False) == gain(rivals=("classical",)) < gain(rivals=("none",))


def test_a_gain_that_no_set_of_this_size_can_show_is_none():
    assert gain(size=3, classes=2) is None
    assert gain(size=1, classes=1) is None
    assert gain(recall=0.97, size=8) is None, "3 points are left, and each image is worth 3"


def test_the_announced_gain_is_where_needed_and_given_meet():
    """It never exceeds what is left to gain."""
    for recall in (0.5, 0.8, 0.9):
        found = gain(recall=recall, size=60)
        assert 0 < found < 1 - recall


def test_the_measured_parts_leave_room_for_chance():
    parts = MEASURED_COMPONENTS.common + MEASURED_COMPONENTS.kind + MEASURED_COMPONENTS.arm + MEASURED_COMPONENTS.seed
    assert 0 < parts < 1
    disagreement = 2 * (
        0.8
        - both_right(
            *[np.array([ndtri(0.8)])] * 2,
            MEASURED_COMPONENTS.common + MEASURED_COMPONENTS.kind + MEASURED_COMPONENTS.seed,
        )
    )
    assert 0.05 < disagreement[0] < 0.1, "as on Fashion-MNIST: 0.06 to 0.07"


def test_rivals_of_another_family_disagree_more_so_a_larger_gain_is_needed() -> None:
    """As arms whose own part of the variable is larger by what families do not share."""
    recalls, groups = np.full(4, 0.8), np.full(4, 50)

    def gain(rivals: list[str], base: str = "classical", ratio: float | None = None) -> float:
        found = expected_smallest_gain(recalls, groups, rivals, 5, 0.005, ratio=ratio, base=base)
        assert found is not None
        return found

    alike, other = gain(["randaugment"]), gain(["probe"])
    assert other > 1.1 * alike
    assert gain(["probe"], base="probe") == alike
    assert gain(["randaugment"], base="probe") == other
    assert gain(["probe"], ratio=0.3) == gain(["randaugment"], ratio=0.3), "over training sets it is in the spread"
    parts = between_families(MEASURED_COMPONENTS)
    assert parts.common + parts.arm == pytest.approx(MEASURED_COMPONENTS.common + MEASURED_COMPONENTS.arm)
