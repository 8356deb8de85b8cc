"""Every figure beside the deciding one, against scikit-learn or a closed form."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import (
    average_precision_score,
    balanced_accuracy_score,
    brier_score_loss,
    confusion_matrix,
    f1_score,
    recall_score,
    roc_auc_score,
)

from augment.evaluation.statistics.classification import (
    CLASSIFICATION_METRICS,
    calibration_error,
    classification_metrics,
)

PAIRS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=30).map(np.array)


def certain(predicted: np.ndarray, classes: int = 5) -> np.ndarray:
    return np.eye(classes)[predicted]


@given(PAIRS)
def test_decisions_are_scored_as_scikit_learn_does(pairs):
    """Classes that are absent from test count in none of them, even when they are predicted."""
    targets, predicted = pairs.T
    present = np.unique(targets)
    found = classification_metrics(targets, certain(predicted), [])
    recalls = recall_score(targets, predicted, labels=present, average=None, zero_division=0)
    matrix = confusion_matrix(targets, predicted, labels=range(5))
    true = np.diag(matrix)[present]
    assert tuple(found) == CLASSIFICATION_METRICS
    assert found["balanced_accuracy"] == pytest.approx(recalls.mean())
    assert found["accuracy"] == pytest.approx(np.trace(matrix) / len(targets))
    assert found["macro_f1"] == pytest.approx((2 * true / (matrix.sum(0) + matrix.sum(1))[present]).mean())
    assert found["macro_f1"] == pytest.approx(f1_score(targets, predicted, labels=present, average="macro"))
    assert found["brier"] == pytest.approx(2 * (targets != predicted).mean())
    assert found["ece"] == pytest.approx((targets != predicted).mean())


@given(st.integers(0, 999), st.integers(6, 60))
def test_probabilities_are_scored_as_scikit_learn_does(seed, count):
    rng = np.random.default_rng(seed)
    targets = np.concatenate([np.arange(3), rng.integers(0, 3, count)])
    probabilities = rng.dirichlet(np.ones(3), len(targets))
    found = classification_metrics(targets, probabilities, [0, 2])
    assert found["auroc"] == pytest.approx(roc_auc_score(targets, probabilities, multi_class="ovr", average="macro"))
    precisions = [average_precision_score(targets == index, probabilities[:, index]) for index in (0, 2)]
    assert found["auprc_minority"] == pytest.approx(np.mean(precisions))
    brier = brier_score_loss(targets, probabilities, labels=[0, 1, 2], scale_by_half=False)
    assert found["brier"] == pytest.approx(brier)
    assert found["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(targets, probabilities.argmax(axis=1)))


def test_by_hand():
    found = classification_metrics(np.array([0, 0, 0, 0, 1]), certain(np.array([0, 0, 0, 2, 1])), [1])
    assert found["balanced_accuracy"] == pytest.approx(0.875)
    assert found["accuracy"] == pytest.approx(0.8)
    assert found["macro_f1"] == pytest.approx((6 / 7 + 1) / 2)
    assert found["auprc_minority"] == 1


def test_what_one_class_cannot_show_is_nothing():
    found = classification_metrics(np.zeros(4, np.int64), certain(np.zeros(4, np.int64)), [0])
    assert (found["auroc"], found["auprc_minority"]) == (None, None)
    assert classification_metrics(np.array([0, 1]), certain(np.array([0, 1])), [4])["auprc_minority"] is None


def test_a_calibrated_classifier_errs_by_nothing_and_a_boaster_by_its_boast():
    """Fifteen levels of confidence k / 20, each with twenty images of which k are right."""
    confidence = np.repeat(np.arange(4, 19) / 20, 20)
    correct = np.concatenate([np.arange(20) < k for k in range(4, 19)])
    assert calibration_error(correct, confidence) == pytest.approx(0)
    assert calibration_error(correct, confidence + 0.07) == pytest.approx(0.07)
    assert calibration_error(np.ones(7, bool), np.full(7, 0.6)) == pytest.approx(0.4)


def test_bins_hold_equally_many_images():
    """45 images in 15 bins of 3: each bin's error is counted by hand."""
    rng = np.random.default_rng(0)
    confidence, correct = rng.random(45), rng.random(45) < 0.5
    order = np.argsort(confidence)
    expected = np.mean([abs(correct[order[i : i + 3]].mean() - confidence[order[i : i + 3]].mean())
                        for i in range(0, 45, 3)])  # fmt: skip
    assert calibration_error(correct, confidence) == pytest.approx(expected)


@given(st.lists(st.booleans(), min_size=1, max_size=50), st.integers(0, 99))
def test_the_calibration_error_is_a_share(correct, seed):
    confidence = np.random.default_rng(seed).random(len(correct))
    found = calibration_error(np.array(correct), confidence)
    overall = abs(np.mean(correct) - confidence.mean())
    assert overall - 1e-12 <= found <= 1
    assert not math.isnan(found)
