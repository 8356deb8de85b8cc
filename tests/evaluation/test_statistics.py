import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import balanced_accuracy_score, recall_score

from augment.evaluation.statistics import (
    Estimate,
    balanced_accuracy,
    class_weights,
    estimate,
    growth_to_decide,
    resample,
    seeds_to_decide,
    wilson,
)


def classes(*sizes: int) -> np.ndarray:
    return np.repeat(np.arange(len(sizes)), sizes)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def alone(targets: np.ndarray) -> np.ndarray:
    return np.arange(len(targets))


@given(st.lists(st.integers(1, 8), min_size=2, max_size=5), st.integers(0, 99))
def test_balanced_accuracy_equals_sklearns(sizes, seed):
    targets = classes(*sizes)
    predicted = rng(seed).integers(0, len(sizes), (3, len(targets)))
    expected = [recall_score(targets, row, average="macro", labels=range(len(sizes))) for row in predicted]
    assert balanced_accuracy(predicted == targets, targets) == pytest.approx(expected)
    assert class_weights(targets).sum() == pytest.approx(1)


def test_a_draw_equals_sklearns_balanced_accuracy_with_sample_weights():
    targets = classes(6, 9, 20)
    predicted = rng(1).integers(0, 3, len(targets))
    resamples = resample(targets, alone(targets), 30, rng())
    for draw in resamples.draws:
        expected = balanced_accuracy_score(targets, predicted, sample_weight=draw)
        assert (predicted == targets) @ draw == pytest.approx(expected)


def test_groups_are_drawn_together_and_one_less_than_there_are():
    targets, groups = classes(12, 18), np.concatenate([np.arange(12) // 2, 100 + np.arange(18) // 3])
    resamples = resample(targets, groups, 50, rng())
    for group in np.unique(groups):
        assert np.ptp(resamples.draws[:, groups == group], axis=1).max() == 0
    times = resamples.draws[:, :12:2] * 2 * 10  # weight 1/2 spread over 5 draws of 2 images
    assert times == pytest.approx(times.round())
    assert times.sum(axis=1) == pytest.approx(5)
    assert resamples.groups == 12


@settings(max_examples=60)
@given(st.data())
def test_every_draw_sums_to_one_and_strata_keep_their_share(data):
    targets = np.array(data.draw(st.lists(st.integers(0, 4), min_size=1, max_size=40)))
    groups = np.array(data.draw(st.lists(st.integers(0, 12), min_size=len(targets), max_size=len(targets))))
    resamples = resample(targets, groups, 20, rng())
    assert resamples.draws.shape == (20, len(targets))
    assert (resamples.draws >= 0).all()
    assert resamples.draws.sum(axis=1) == pytest.approx(1)
    assert resamples.groups == len(np.unique(groups))
    if np.unique(groups).size == len(targets):  # then strata follow the classes
        for target in np.unique(targets):
            if (targets == target).sum() >= 5 and np.bincount(targets)[np.unique(targets)].min() >= 5:
                share = resamples.draws[:, targets == target].sum(axis=1)
                assert share == pytest.approx(1 / len(np.unique(targets)))


def test_small_classes_share_a_stratum_so_one_image_has_a_spread():
    targets = classes(30, 1, 1, 3)
    resamples = resample(targets, alone(targets), 500, rng())
    assert resamples.draws[:, :30].sum(axis=1) == pytest.approx(1 / 4)
    assert resamples.draws[:, 30].std() > 0
    lucky = np.zeros((2, len(targets)))
    lucky[:, 30] = 1  # one image of one class decides all
    assert estimate(lucky, resamples).interval()[0] < 0


def test_too_small_a_common_stratum_takes_in_the_next_class():
    targets = classes(30, 8, 1)
    draws = resample(targets, alone(targets), 500, rng()).draws
    assert draws[:, :30].sum(axis=1) == pytest.approx(1 / 3)
    assert draws[:, 38].std() > 0


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
    assert Estimate(0.01, 0.1, 0.0, 0.0, 5, 30).interval(least=0.0)[0] == 0


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


def test_same_generator_same_draws():
    targets = classes(9, 9)
    first, second = (resample(targets, alone(targets), 40, rng(7)).draws for _ in range(2))
    assert np.array_equal(first, second)


@settings(max_examples=50)
@given(st.floats(-0.1, 0.1), st.floats(0.001, 0.05), st.floats(0, 0.05), st.integers(2, 20))
def test_seeds_to_decide_is_the_smallest_number_that_does(mean, test_se, seed_sd, seeds):
    found = Estimate(mean, test_se, seed_sd / math.sqrt(seeds), seed_sd, seeds, 500)
    needed = seeds_to_decide(found)

    def decides(count: int) -> bool:
        return Estimate(mean, test_se, seed_sd / math.sqrt(count), seed_sd, count, 500).half_width() < abs(mean)

    if needed is None:
        assert not decides(10_000)
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


@given(st.integers(1, 200), st.data())
def test_wilson_equals_scipy(n, data):
    successes = data.draw(st.integers(0, n))
    expected = stats.binomtest(successes, n).proportion_ci(0.95, method="wilson")
    assert wilson(successes, n) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_of_nothing_is_everything():
    assert wilson(0, 0) == (0, 1)
