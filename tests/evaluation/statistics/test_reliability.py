"""Bins of the reliability diagram: by hand, and against the reference implementation."""

from typing import Any

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from augment.evaluation.statistics import classification
from augment.evaluation.statistics.classification import RELIABILITY_COLUMNS
from augment.evaluation.statistics.estimates import wilson


def reliability_rows(targets: np.ndarray, groups: np.ndarray, scores: dict[str, np.ndarray]) -> list[dict[str, Any]]:
    """With one test for all seeds; scores (S, N, classes)."""
    seeds = len(next(iter(scores.values())))
    by_seed = {arm: list(probabilities) for arm, probabilities in scores.items()}
    return classification.reliability_rows([targets] * seeds, [groups] * seeds, by_seed)


ALONE = np.array([str(number) for number in range(4)])


def test_bins_by_hand() -> None:
    scores = np.array([[[0.62, 0.38], [0.34, 0.66], [1.0, 0.0], [0.05, 0.95]]])
    rows = reliability_rows(np.array([0, 0, 0, 1]), ALONE, {"none": scores})
    assert [set(row) == set(RELIABILITY_COLUMNS) for row in rows] == [True, True]
    found = [(row["low_edge"], row["high_edge"], row["answers"], row["confidence"], row["right"]) for row in rows]
    assert found == [(0.6, 0.7, 2, pytest.approx(0.64), 0.5), (0.9, 1.0, 2, pytest.approx(0.975), 1.0)]
    assert (rows[0]["low"], rows[0]["high"]) == wilson(1, 2)


def test_two_classes_are_the_reference_implementations() -> None:
    rng = np.random.default_rng(0)
    first = rng.uniform(0.5, 1, 500)
    right = rng.random(500) < first**2
    scores = np.stack([first, 1 - first], axis=1)[None]
    rows = reliability_rows(np.where(right, 0, 1), np.arange(500), {"none": scores})
    true, predicted = calibration_curve(right, first, n_bins=10)
    assert [row["right"] for row in rows] == pytest.approx(true.tolist())
    assert [row["confidence"] for row in rows] == pytest.approx(predicted.tolist())


def test_seeds_add_answers_but_no_images_and_a_group_counts_once() -> None:
    one = np.tile([0.7, 0.3], (1, 4, 1))
    alone = reliability_rows(np.zeros(4, np.int64), ALONE, {"none": one})
    often = reliability_rows(np.zeros(4, np.int64), ALONE, {"none": np.repeat(one, 5, axis=0)})
    assert (often[0]["answers"], often[0]["groups"]) == (20, 4)
    assert (often[0]["low"], often[0]["high"]) == (alone[0]["low"], alone[0]["high"])
    together = reliability_rows(np.zeros(4, np.int64), np.array(["a", "a", "a", "b"]), {"none": one})
    assert together[0]["groups"] == 2
    assert together[0]["low"] < alone[0]["low"]


def test_every_answer_is_in_one_bin_of_its_arm() -> None:
    scores = np.random.default_rng(0).dirichlet(np.ones(3) / 2, (2, 50))
    rows = reliability_rows(np.zeros(50, np.int64), np.arange(50), {"none": scores, "gan_half": scores[::-1]})
    for arm, answers in (("none", 100), ("gan_half", 100)):
        own = [row for row in rows if row["arm"] == arm]
        assert sum(row["answers"] for row in own) == answers
        assert all(row["low_edge"] <= row["confidence"] <= row["high_edge"] for row in own)


def test_repeats_may_have_tests_of_their_own() -> None:
    sure = np.tile([0.95, 0.05], (2, 1))
    targets, groups = [np.array([0, 0]), np.array([1, 1])], [np.array(["a", "b"]), np.array(["b", "c"])]
    (row,) = classification.reliability_rows(targets, groups, {"none": [sure, sure]})
    assert (row["answers"], row["groups"], row["right"]) == (4, 3, 0.5)
