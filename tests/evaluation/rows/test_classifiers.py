"""The classifiers of rows: what weights do, and how they are tuned."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import cross_val_predict

from augment.core.seeds import derive_seed
from augment.data.split.groups import group_folds
from augment.evaluation.rows.classifiers import TRIED, TUNING_FOLDS, fit, repeated, tuned

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
