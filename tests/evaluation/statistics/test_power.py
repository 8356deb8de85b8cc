"""The smallest gain that can be shown: closed forms, the library, and simulated experiments."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from augment.evaluation.statistics.bootstrap import resample
from augment.evaluation.statistics.estimates import Estimate, corrected_t, estimate
from augment.evaluation.statistics.power import (
    DifferenceVariance,
    difference_variances,
    growth_to_decide,
    seeds_to_decide,
    smallest_gain,
)

Z80 = stats.norm.ppf(0.8)


@settings(max_examples=50)
@given(st.floats(-0.1, 0.1), st.floats(0.001, 0.05), st.floats(0, 0.05), st.integers(2, 20))
def test_seeds_to_decide_is_the_smallest_number_that_does(mean, test_se, seed_sd, seeds):
    found = Estimate(mean, test_se, seed_sd / math.sqrt(seeds), seed_sd, seeds, 500)
    needed = seeds_to_decide(found)

    def decides(count: int) -> bool:
        return Estimate(mean, test_se, seed_sd / math.sqrt(count), seed_sd, count, 500).half_width() < abs(mean)

    if needed is None:
        assert not decides(100), "the most that params.yaml takes"
    else:
        assert decides(needed)
        assert needed == 2 or not decides(needed - 1)


def test_growth_by_hand():
    z = stats.norm.ppf(0.975)
    found = Estimate(mean=0.01, test_se=0.02, seed_se=0.0, seed_sd=0.0, seeds=5, groups=100)
    assert growth_to_decide(found) == pytest.approx((z * 0.02 / 0.01) ** 2)
    noisy = Estimate(mean=0.01, test_se=0.02, seed_se=0.1, seed_sd=0.2, seeds=5, groups=100)
    assert growth_to_decide(noisy) == pytest.approx(2 * (z * 0.02 / 0.01) ** 2)
    assert growth_to_decide(Estimate(0.0, 0.02, 0.0, 0.0, 5, 100)) is None
    assert growth_to_decide(Estimate(0.5, 0.02, 0.0, 0.0, 5, 100)) == 1


def test_with_test_images_alone_it_is_the_textbook_formula():
    """One rival, endless seeds: (t + z_0.8) times the standard error."""
    error = 0.013
    found = smallest_gain([DifferenceVariance(error**2, 0.0, 0.0)], seeds=5, groups=1000, one_group_se=0.0)
    assert found == pytest.approx((stats.t.ppf(0.975, 999) + Z80) * error, rel=0.03)


@pytest.mark.parametrize("repeats", [4, 10, 30])
def test_with_repeats_alone_it_is_the_power_of_the_t_test(repeats):
    """Power of the two-sided one-sample t-test from the noncentral t distribution."""
    sd = 0.02
    gain = smallest_gain([DifferenceVariance(0.0, 0.0, sd**2)], seeds=repeats, groups=100, one_group_se=0.0)
    shift = gain / sd * math.sqrt(repeats)
    power = stats.nct.sf(stats.t.ppf(0.975, repeats - 1), repeats - 1, shift)
    assert power == pytest.approx(0.8, abs=0.025)


def test_overlapping_folds_need_more():
    """Simulated folds whose differences correlate as the corrected test assumes."""
    folds, ratio, sd = 25, 0.25, 0.05
    gain = smallest_gain([DifferenceVariance(0.0, 0.0, sd**2)], seeds=folds, groups=100, one_group_se=0.0, ratio=ratio)
    rng, share = np.random.default_rng(0), ratio / (1 + ratio)
    found = 0
    for _ in range(1500):
        common = math.sqrt(share) * rng.normal()
        values = gain + sd * (common + math.sqrt(1 - share) * rng.normal(size=folds))
        found += corrected_t(values, ratio).interval()[0] > 0
    assert found / 1500 == pytest.approx(0.8, abs=0.04)


def test_a_spread_below_one_group_is_not_believed_here_either():
    """As in `corrected_t`: repeats that all agree need a gain of the floor's half width."""
    least = stats.t.ppf(0.975, 24) * math.sqrt(1 / 25 + 0.25) * 0.1
    assert smallest_gain([DifferenceVariance(0.0, 0.0, 0.0)], 25, 100, one_group_se=0.1, ratio=0.25) == pytest.approx(
        least
    )
    wide = DifferenceVariance(0.0, 0.0, 0.09)
    assert smallest_gain([wide], 25, 100, 1e-6, 0.25) == pytest.approx(smallest_gain([wide], 25, 100, 0.0, 0.25))


def test_every_rival_and_every_error_makes_it_larger():
    one = DifferenceVariance(1e-4, 1e-4, 1e-4)
    base = smallest_gain([one], 5, 500, 0.001)
    assert smallest_gain([one] * 4, 5, 500, 0.001) > base
    assert smallest_gain([one], 3, 500, 0.001) > base
    assert smallest_gain([one], 5, 500, 0.02) > base
    assert smallest_gain([DifferenceVariance(4e-4, 1e-4, 1e-4)], 5, 500, 0.001) > base
    assert smallest_gain([DifferenceVariance(1e-4, 1e-4, 4e-4)], 5, 500, 0.001) > base
    assert smallest_gain([one], 5, 500, 0.001, power=0.9) > base
    far = DifferenceVariance(1e-4, 1e-4, 1e-4, lag=1.0)
    assert smallest_gain([one, far, far], 5, 500, 0.001) == pytest.approx(base, rel=0.05)


def test_one_group_or_one_seed_shows_nothing():
    assert smallest_gain([DifferenceVariance(1e-4, 1e-4, 1e-4)], 5, 1, 0.001) == math.inf
    assert smallest_gain([DifferenceVariance(1e-4, 1e-4, 1e-4)], 1, 100, 0.001) == math.inf


def test_what_a_run_turned_out_to_be():
    """Planted spreads come back from the comparisons of many seeds on many images."""
    rng = np.random.default_rng(1)
    targets, seeds = np.repeat([0, 1], 400), 60
    lasting = rng.normal(0, 0.3, 800)
    scores = lasting + rng.normal(0, 0.5, (seeds, 800)) + rng.normal(0, 0.01, (seeds, 1))
    resamples = resample(targets, np.arange(800), 2000, rng)
    found = estimate(scores @ resamples.weights, scores @ resamples.draws.T, 0.001, 800)
    (spread,) = difference_variances([found], found.mean - 0.2, one_group_se=0.001)
    assert spread.image == pytest.approx(0.3**2 / 800, rel=0.15)
    assert spread.chance == pytest.approx(0.5**2 / 800, rel=0.1)
    assert spread.seed == pytest.approx(0.01**2, rel=0.5)
    assert spread.lag == pytest.approx(0.2)


def test_training_sets_of_their_own_hold_all_that_varies():
    assert DifferenceVariance(0.1, 0.2, 0.3, lag=0.4).between_training_sets() == DifferenceVariance(
        0.0, 0.0, pytest.approx(0.6), 0.4
    )
