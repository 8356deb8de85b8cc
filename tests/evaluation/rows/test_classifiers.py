"""The classifiers of rows: what weights do, and how they are tuned."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import cross_val_predict

from augment.core.seeds import derive_seed
from augment.data.split.groups import group_folds
from augment.evaluation.rows.classifiers import (
    BINS,
    LEAVES,
    RATE,
    ROUNDS,
    TRIED,
    TUNING_FOLDS,
    bin_edges,
    binned,
    fit,
    repeated,
    tuned,
)

FAMILIES = tuple(TRIED)
RNG = np.random.default_rng(0)
ROWS = np.concatenate([RNG.normal(-1, 1, (60, 3)), RNG.normal(1, 1, (30, 3))]).astype(np.float32)
TARGETS = np.repeat([0, 1], [60, 30])
EVEN = np.full(90, 1 / 90)


@pytest.mark.parametrize("family", FAMILIES)
def test_each_family_learns_and_gives_probabilities(family: str) -> None:
    scores = fit(family, ROWS, TARGETS, EVEN, TRIED[family][0], 90, 0).scores(ROWS)
    np.testing.assert_allclose(scores.sum(axis=1), 1, rtol=1e-5)
    assert (scores.argmax(axis=1) == TARGETS).mean() > 0.85
    assert fit(family, ROWS, TARGETS, EVEN, TRIED[family][0], 90, 0).scores(ROWS[:0]).shape == (0, 2)


def test_a_row_that_counts_twice_is_that_row_twice() -> None:
    twice = np.concatenate([ROWS, ROWS[60:]])
    weights = np.where(TARGETS == 1, 2.0, 1.0)
    by_weight = fit("logistic", ROWS, TARGETS, weights, 0.3, 120, 0).scores(ROWS)
    by_row = fit("logistic", twice, np.r_[TARGETS, TARGETS[60:]], np.ones(120), 0.3, 120, 0).scores(ROWS)
    np.testing.assert_allclose(by_weight, by_row, atol=1e-3)


def test_what_weights_add_up_to_does_not_matter() -> None:
    first, second = (fit("logistic", ROWS, TARGETS, EVEN * scale, 0.3, 90, 0).scores(ROWS) for scale in (1, 1000))
    np.testing.assert_allclose(first, second, atol=1e-4)


def test_equal_weights_give_scikit_learns_discriminants() -> None:
    own = fit("shrinkage_lda", ROWS, TARGETS, EVEN, 0.0, 90, 0).scores(ROWS)
    reference = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(ROWS.astype(float), TARGETS)
    np.testing.assert_allclose(own, reference.predict_proba(ROWS), atol=1e-5)


def test_boosting_of_few_values_is_scikit_learns_own() -> None:
    """Its bins are the values then, whoever counts them."""
    rows, weights = np.round(ROWS * 4) / 4, np.where(TARGETS == 1, 2.0, 1.0)
    own = fit("gradient_boosting", rows, TARGETS, weights, 5.0, 90, 0).scores(rows)
    reference = HistGradientBoostingClassifier(
        max_iter=ROUNDS, learning_rate=RATE, max_leaf_nodes=LEAVES, max_bins=BINS, min_samples_leaf=5,
        early_stopping=False, random_state=0,
    ).fit(rows, TARGETS, sample_weight=weights * 90 / weights.sum())  # fmt: skip
    np.testing.assert_allclose(own, reference.predict_proba(rows), atol=1e-6)


def test_bins_are_quantiles_of_many_values_and_keep_rare_ones_apart() -> None:
    many, rare = np.arange(6300.0), np.zeros(6300)
    rare[-1], levels = 1.0, np.tile([0.0, 1.0, 5.0], 2100)
    rows = np.stack([many, rare, 1 - rare, levels, np.full(6300, 7.0)], axis=1).astype(np.float32)
    bins = binned(rows, bin_edges(rows))
    counts = np.bincount(bins[:, 0].astype(int))
    assert len(counts) == BINS
    assert np.ptp(counts[1:-1]) <= 2, "as many values in each"
    assert (np.diff(bins[:, 0]) >= 0).all()
    np.testing.assert_array_equal(bins[:, 1:4], np.stack([rare, 1 - rare, np.where(levels == 5, 2, levels)], axis=1))
    assert (bins[:, 4] == 0).all()
    elsewhere = np.array([[-1, -1, 9, 3.1, 8]], np.float32)
    np.testing.assert_array_equal(binned(elsewhere, bin_edges(rows)), [[0, 0, 1, 2, 0]])


def test_neighbouring_numbers_of_a_column_are_two_bins() -> None:
    near = np.array([[1.0], [np.nextafter(np.float32(1), np.float32(2))]], np.float32)
    assert binned(near, bin_edges(near)).tolist() == [[0], [1]]


@given(st.lists(st.floats(0.01, 5), min_size=1, max_size=30), st.integers(1, 90))
@settings(max_examples=50, deadline=None)
def test_repeats_are_within_one_of_their_share(weights: list[float], total: int) -> None:
    drawn = repeated(np.array(weights), total)
    assert len(drawn) == total
    share = np.array(weights) / sum(weights) * total
    assert (np.abs(np.bincount(drawn, minlength=len(weights)) - share) < 1 + 1e-9).all()


def test_tuning_takes_what_is_best_in_folds_that_divide_no_group() -> None:
    groups = np.array([str(at // 3) for at in range(90)])
    noisy = np.concatenate([ROWS, RNG.normal(size=(90, 60))], axis=1).astype(np.float32)
    balanced = 1 / np.bincount(TARGETS)[TARGETS]
    folds = group_folds(TARGETS, groups, TUNING_FOLDS, derive_seed(0, "tuning") % 2**32)
    found = {}
    for strength in TRIED["logistic"]:
        model = LogisticRegression(C=strength, max_iter=2000, class_weight="balanced")
        answers = cross_val_predict(model, noisy, TARGETS, cv=folds)
        found[strength] = balanced_accuracy_score(TARGETS, answers)
    assert found[tuned("logistic", noisy, TARGETS, groups, balanced, 0)] == pytest.approx(max(found.values()), abs=0.02)
    assert tuned("shrinkage_lda", ROWS, TARGETS, groups, EVEN, 0) == TRIED["shrinkage_lda"][0]
