import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score, recall_score

from augment.evaluation.statistics.bootstrap import (
    balanced_accuracy,
    balanced_weights,
    groups_per_class,
    one_group_se,
    resample,
)
from tests.evaluation.statistics.draws import alone, classes, rng


@given(st.lists(st.integers(1, 8), min_size=2, max_size=5), st.integers(0, 99))
def test_balanced_accuracy_equals_sklearns(sizes, seed):
    targets = classes(*sizes)
    predicted = rng(seed).integers(0, len(sizes), (3, len(targets)))
    expected = [recall_score(targets, row, average="macro", labels=range(len(sizes))) for row in predicted]
    assert balanced_accuracy(predicted == targets, targets) == pytest.approx(expected)
    assert balanced_weights(targets).sum() == pytest.approx(1)


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


def test_too_small_a_common_stratum_takes_in_the_next_class():
    targets = classes(30, 8, 1)
    draws = resample(targets, alone(targets), 500, rng()).draws
    assert draws[:, :30].sum(axis=1) == pytest.approx(1 / 3)
    assert draws[:, 38].std() > 0


def test_same_generator_same_draws():
    targets = classes(9, 9)
    first, second = (resample(targets, alone(targets), 40, rng(7)).draws for _ in range(2))
    assert np.array_equal(first, second)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=5))
def test_what_one_group_moves_is_the_root_mean_square_over_groups(sizes):
    targets = classes(*sizes)
    moves = [1 / (len(sizes) * size) for size in sizes for _ in range(size)]
    assert one_group_se(targets, alone(targets)) == pytest.approx(math.sqrt(np.mean(np.square(moves))))


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), min_size=1, max_size=40))
def test_groups_of_a_class_are_counted_once(pairs):
    targets, groups = np.array(pairs).T
    own = [len({group for target, group in pairs if target == label}) for label in sorted(set(targets.tolist()))]
    assert groups_per_class(targets, groups).tolist() == own
