import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from augment.evaluation.statistics.bootstrap import Resamples, resample
from augment.evaluation.statistics.estimates import Estimate, corrected_t, holm, paired_t, wilson
from augment.evaluation.statistics.estimates import estimate as estimate_figures
from tests.evaluation.statistics.draws import alone, classes, rng


def estimate(scores: np.ndarray, resamples: Resamples) -> Estimate:
    """Of per-image scores (S, N) in [-1, 1]: right or wrong, or the difference of two arms."""
    bootstrap = scores @ resamples.draws.T
    return estimate_figures(scores @ resamples.weights, bootstrap, resamples.one_group_se, resamples.groups)


def test_small_classes_share_a_stratum_so_one_image_has_a_spread():
    targets = classes(30, 1, 1, 3)
    resamples = resample(targets, alone(targets), 500, rng())
    assert resamples.draws[:, :30].sum(axis=1) == pytest.approx(1 / 4)
    assert resamples.draws[:, 30].std() > 0
    lucky = np.zeros((2, len(targets)))
    lucky[:, 30] = 1  # one image of one class decides all
    assert estimate(lucky, resamples).interval()[0] < 0


def test_the_test_error_is_the_standard_error_of_a_stratified_mean():
    targets = classes(40, 60, 25)
    scores = np.repeat(rng(2).choice([-1.0, 0.0, 1.0], (1, len(targets))), 2, axis=0)
    variances = [scores[0, targets == c].var(ddof=1) / (targets == c).sum() for c in range(3)]
    pair = sum(1 / n for n in (40, 60, 25)) / (9 * 125)
    found = estimate(scores, resample(targets, alone(targets), 20_000, rng()))
    assert found.test_se == pytest.approx(math.sqrt(sum(variances) / 9 + pair), rel=0.02)
    assert (found.seed_sd, found.seed_se) == (0, 0)


def test_groups_widen_the_interval():
    targets = classes(60, 60)
    scores = np.repeat(rng(3).choice([-1.0, 0.0, 1.0], (2, 20)), 6, axis=1)  # a group has one score
    apart = estimate(scores, resample(targets, alone(targets), 4000, rng()))
    together = estimate(scores, resample(targets, alone(targets) // 6, 4000, rng()))
    assert together.test_se > 2 * apart.test_se


def test_the_seed_error_is_the_textbook_one_when_images_of_a_seed_agree():
    targets = classes(200, 200)
    seeds = np.array([0.1, -0.2, 0.3])
    found = estimate(np.tile(seeds[:, None], 400), resample(targets, alone(targets), 200, rng()))
    assert found.mean == pytest.approx(seeds.mean())
    assert found.seed_sd == pytest.approx(seeds.std(ddof=1))
    assert found.seed_se == pytest.approx(seeds.std(ddof=1) / math.sqrt(3))
    low, high = found.interval()
    t_only = stats.t.interval(0.95, 2, seeds.mean(), seeds.std(ddof=1) / math.sqrt(3))
    assert (low, high) == pytest.approx(t_only, abs=0.001)


def test_chance_of_single_images_is_not_counted_twice():
    targets = classes(300, 300)
    noise = rng(4).choice([-1.0, 1.0], (10, 600))  # every seed errs on images of its own
    found = estimate(noise, resample(targets, alone(targets), 1000, rng()))
    assert found.seed_se == pytest.approx(found.seed_sd / math.sqrt(20), rel=0.01)


def test_the_interval_by_hand_and_its_limits():
    found = Estimate(mean=0.02, test_se=0.01, seed_se=0.004, seed_sd=0.009, seeds=5, groups=1001)
    half = math.hypot(stats.t.ppf(0.975, 1000) * 0.01, stats.t.ppf(0.975, 4) * 0.004)
    assert found.interval() == pytest.approx((0.02 - half, 0.02 + half))
    assert found.half_width(0.90) < found.half_width(0.95)
    high = Estimate(0.99, 0.1, 0.0, 0.0, 5, 30)
    assert high.interval()[1] == 1
    assert Estimate(0.01, 0.1, 0.0, 0.0, 5, 30).interval(minimum=0.0)[0] == 0


def test_one_group_or_one_seed_proves_nothing():
    targets = classes(3)
    found = estimate(np.ones((3, 3)), resample(targets, np.zeros(3), 50, rng()))
    assert found.interval() == (-1, 1)
    with pytest.raises(ValueError, match="at least 2"):
        estimate(np.ones((1, 3)), resample(targets, alone(targets), 50, rng()))


@pytest.mark.parametrize(("sizes", "narrow"), [((1,) * 10, False), ((5,) * 4, False), ((300,) * 4, True)])
def test_no_disagreement_is_proof_of_equality_in_large_sets_only(sizes, narrow):
    targets = classes(*sizes)
    found = estimate(np.zeros((5, len(targets))), resample(targets, alone(targets), 200, rng()))
    assert (found.half_width(0.90) < 0.01) == narrow


def simulated(seed: int, gain: float, seeds: int, targets: np.ndarray) -> np.ndarray:
    """Difference of two arms that err on different images, with seeds that shift arms and classes."""
    draw = rng(seed)
    ease = draw.normal(2 - 0.5 * gain, 1.5, len(targets))
    correct = []
    for lift in (gain, 0.0):
        mine = ease + lift + draw.normal(0, 0.7, len(targets))
        shift = draw.normal(0, 0.2, (seeds, 1)) + draw.normal(0, 0.2, (seeds, targets.max() + 1))[:, targets]
        correct.append(draw.random((seeds, len(targets))) < 1 / (1 + np.exp(-mine - shift)))
    return correct[0].astype(float) - correct[1]


@pytest.mark.parametrize("seeds", [2, 5])
def test_equal_arms_are_told_apart_in_at_most_about_five_percent(seeds):
    targets = classes(*[30] * 10)
    resamples = resample(targets, alone(targets), 300, rng())
    bounds = [estimate(simulated(s, 0.0, seeds, targets), resamples).interval() for s in range(600)]
    false = np.mean([not low <= 0 <= high for low, high in bounds])
    assert 0.005 <= false <= 0.07  # 5 % with a standard deviation of 0.9 points


def test_a_planted_gain_is_found():
    targets = classes(*[100] * 10)
    resamples = resample(targets, alone(targets), 300, rng())
    bounds = [estimate(simulated(s, 0.6, 5, targets), resamples).interval() for s in range(40)]
    assert np.mean([low > 0 for low, _ in bounds]) > 0.9


@given(st.integers(1, 200), st.data())
def test_wilson_equals_scipy(n, data):
    successes = data.draw(st.integers(0, n))
    expected = stats.binomtest(successes, n).proportion_ci(0.95, method="wilson")
    assert wilson(successes, n) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_of_nothing_is_everything():
    assert wilson(0, 0) == (0, 1)


def test_wilson_takes_a_mean_share_over_seeds():
    z = stats.norm.ppf(0.975)
    share, n = 0.873, 23
    for bound in wilson(share * n, n):  # the bounds are the shares whose score test just reaches the observed one
        assert abs(share - bound) == pytest.approx(z * math.sqrt(bound * (1 - bound) / n))


differences = st.lists(st.floats(-0.2, 0.2), min_size=2, max_size=30).map(np.array).filter(lambda d: d.std() > 1e-6)


@given(differences)
def test_the_paired_t_is_scipys(values):
    expected = stats.ttest_1samp(values, 0)
    found = paired_t(values)
    assert found.interval() == pytest.approx(np.clip(expected.confidence_interval(0.95), -1, 1), abs=1e-9)
    if 1e-6 < expected.pvalue < 1 - 1e-6:
        assert found.p_value == pytest.approx(expected.pvalue, rel=1e-4)


def test_the_corrected_t_gives_the_published_figures():
    """scikit-learn's example "Statistical comparison of models using grid search": ten times ten folds of 100
    images; uncorrected t = 2.611, p = 0.005; corrected t = 0.750, p = 0.227 (both one-sided)."""
    values = rng(5).normal(size=100)
    values = 0.05 * (values - values.mean()) / values.std(ddof=1)
    values += 2.611 * 0.05 / math.sqrt(100)
    plain, corrected = paired_t(values), corrected_t(values, ratio=10 / 90)
    assert plain.mean / plain.seed_se == pytest.approx(2.611)
    assert plain.p_value / 2 == pytest.approx(0.005, abs=0.0005)
    assert corrected.mean / corrected.seed_se == pytest.approx(0.750, abs=0.001)
    assert corrected.p_value / 2 == pytest.approx(0.227, abs=0.001)


def test_folds_that_agree_to_the_image_prove_nothing():
    equal = np.full(25, 0.0)
    half = stats.t.ppf(0.975, 24) * math.sqrt(1 / 25 + 0.25) * 0.1
    assert corrected_t(equal, 0.25, one_group_se=0.1).interval() == pytest.approx((-half, half))
    wider = rng(1).normal(0, 0.3, 25)
    assert corrected_t(wider, 0.25, one_group_se=0.1) == corrected_t(wider, 0.25), "a spread of their own is believed"


def test_one_fold_is_no_test():
    with pytest.raises(ValueError, match="at least 2"):
        corrected_t(np.array([0.1]), 0.25)


@given(st.floats(-0.3, 0.3), st.floats(0, 0.05), st.floats(0, 0.05), st.integers(2, 20), st.integers(2, 400))
def test_the_p_value_is_where_the_interval_reaches_zero(mean, test_se, seed_se, seeds, groups):
    found = Estimate(mean, test_se, seed_se, seed_se * math.sqrt(seeds), seeds, groups)
    p = found.p_value
    assert 0 < p <= 1
    for level in (0.5, 0.9, 0.95, 0.99):
        excludes = abs(mean) > found.half_width(level)
        assert excludes == (p < 1 - level) or abs(p - (1 - level)) < 1e-6 or mean == 0


def test_nothing_at_all_is_no_evidence():
    assert Estimate(0.0, 0.0, 0.0, 0.0, 5, 10).p_value == 1
    assert Estimate(0.5, 0.1, 0.1, 0.1, 5, 1).p_value == 1, "one group"


def test_holm_by_hand():
    """Sorted 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1, never falling."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    assert holm([0.7, 0.6]) == [1, 1]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.floats(0.001, 0.5))
def test_holm_rejects_what_its_steps_reject(p_values, alpha):
    order = np.argsort(p_values, kind="stable")
    rejected = set()
    for step, index in enumerate(order):
        if p_values[index] * (len(p_values) - step) > alpha:
            break
        rejected.add(int(index))
    assert {index for index, adjusted in enumerate(holm(p_values)) if adjusted <= alpha} == rejected
