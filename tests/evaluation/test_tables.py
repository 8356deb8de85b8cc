"""Every row against scikit-learn or a count by hand."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, balanced_accuracy_score, confusion_matrix, f1_score, recall_score

from augment.evaluation import tables
from augment.evaluation.compare import Compared, Splits
from augment.evaluation.statistics import balanced_accuracy, wilson
from augment.params import DEFAULT_ARMS
from augment.synthesis.selection import ClassCandidates
from tests.toy import toy_set

SPLITS = Splits(
    toy_set({"a": 6, "b": 5, "c": 4}), toy_set({"a": 2, "c": 1}, seed=1), toy_set({"a": 5, "b": 4, "c": 6}, 2, each=2)
)
CLASSES = SPLITS.train.classes
SEEDS = 3
PAIRS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=30).map(np.array)


def predicted(count: int, seed: int) -> dict[Any, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {arm: rng.integers(0, 3, (SEEDS, count)) for arm in ("none", "gan_half")}


COMPARED = Compared([], predicted(3, 0), predicted(15, 1))
TARGETS = SPLITS.test.targets(CLASSES)


@given(PAIRS)
def test_scores_are_scikit_learns(pairs: np.ndarray) -> None:
    """Classes that are absent from test count in none of them, even when they are predicted."""
    targets, found = pairs.T
    present = np.unique(targets)
    scores = tables.scores(targets, found)
    recalls = recall_score(targets, found, labels=present, average=None, zero_division=0)
    matrix = confusion_matrix(targets, found, labels=range(5))
    assert scores["balanced_accuracy"] == pytest.approx(recalls.mean())
    assert scores["balanced_accuracy"] == pytest.approx(float(balanced_accuracy(found == targets, targets)))
    assert scores["accuracy"] == pytest.approx(np.trace(matrix) / len(targets))
    true = np.diag(matrix)[present]
    assert scores["macro_f1"] == pytest.approx((2 * true / (matrix.sum(0) + matrix.sum(1))[present]).mean())
    assert scores["macro_f1"] == pytest.approx(f1_score(targets, found, labels=present, average="macro"))


def test_scores_by_hand() -> None:
    scores = tables.scores(np.array([0, 0, 0, 0, 1]), np.array([0, 0, 0, 2, 1]))
    assert scores == pytest.approx({"balanced_accuracy": 0.875, "accuracy": 0.8, "macro_f1": (6 / 7 + 1) / 2})


def test_a_run_has_a_row_per_arm_seed_and_split() -> None:
    rows = tables.runs(SPLITS, COMPARED)
    assert [tuple(row) for row in rows] == [tables.RUNS] * len(rows)
    assert len({(row["arm"], row["seed"], row["split"]) for row in rows}) == len(rows) == 2 * SEEDS * 2
    for row in rows:
        side, found = (SPLITS.val, COMPARED.val) if row["split"] == "val" else (SPLITS.test, COMPARED.test)
        targets, own = side.targets(CLASSES), found[row["arm"]][row["seed"]]
        assert row["accuracy"] == pytest.approx(accuracy_score(targets, own))
        recalls = recall_score(targets, own, labels=np.unique(targets), average=None, zero_division=0)
        assert row["balanced_accuracy"] == pytest.approx(recalls.mean())


def test_a_split_without_images_has_no_rows() -> None:
    empty = Splits(SPLITS.train, SPLITS.val.take([]), SPLITS.test)
    rows = tables.runs(empty, Compared([], predicted(0, 0), COMPARED.test))
    assert {row["split"] for row in rows} == {"test"}
    assert len(rows) == 2 * SEEDS


def test_means_are_those_on_test() -> None:
    runs = tables.runs(SPLITS, COMPARED)
    rows = tables.with_means(({"arm": "gan_half", "mean": 1.5}, {"arm": "none", "mean": 2.5}), runs)
    assert [(row["arm"], row["mean"]) for row in rows] == [("gan_half", 1.5), ("none", 2.5)]
    for row in rows:
        own = COMPARED.test[row["arm"]]
        assert row["accuracy"] == pytest.approx((own == TARGETS).mean())
        expected = [f1_score(TARGETS, found, average="macro", zero_division=0) for found in own]
        assert row["macro_f1"] == pytest.approx(np.mean(expected))


def test_kinds_and_outcomes() -> None:
    assert tables.kinds(DEFAULT_ARMS) == {
        "none": "real",
        "oversample": "real",
        "classical": "real",
        "gan_fill": "gan",
        "gan_half": "gan",
        "gan_half_filtered": "gan",
        "copies_half": "control",
    }
    assert list(tables.kinds(DEFAULT_ARMS)) == list(DEFAULT_ARMS)
    found = tables.outcomes(SPLITS.test, COMPARED.test, CLASSES)
    assert found.targets.tolist() == [0] * 5 + [1] * 4 + [2] * 6
    assert np.array_equal(found.groups, SPLITS.test.groups)
    for arm, own in COMPARED.test.items():
        assert np.array_equal(found.correct[arm], own == TARGETS)
        assert found.mean(arm) == pytest.approx(np.mean([balanced_accuracy_score(TARGETS, one) for one in own]))


def test_recall_of_every_class_over_its_groups() -> None:
    rows = tables.class_rows(SPLITS, COMPARED.test)
    assert [tuple(row) for row in rows] == [tables.CLASSES] * len(rows)
    assert [(row["arm"], row["label"]) for row in rows] == [
        (arm, label) for arm in ("none", "gan_half") for label in CLASSES
    ]
    sizes = {label: (SPLITS.train.counts()[label], SPLITS.val.counts().get(label, 0)) for label in CLASSES}
    groups = {"a": 3, "b": 2, "c": 3}  # two images in each, one left over in a
    for row in rows:
        label = row["label"]
        assert (row["train"], row["val"]) == sizes[label]
        assert row["test"] == SPLITS.test.counts()[label]
        recalls = [recall_score(TARGETS, one, average=None)[CLASSES.index(label)] for one in COMPARED.test[row["arm"]]]
        assert row["recall"] == pytest.approx(np.mean(recalls))
        n = groups[label]
        assert (row["low"], row["high"]) == pytest.approx(wilson(round(np.mean(recalls) * n), n))


def test_a_class_without_test_images_has_no_recall() -> None:
    splits = Splits(SPLITS.train, SPLITS.val, SPLITS.test.take(SPLITS.test.labels != "b"))
    rows = tables.class_rows(splits, {"none": np.zeros((SEEDS, 11), dtype=np.int64)})
    assert [(row["label"], row["recall"]) for row in rows] == [("a", 1.0), ("c", 0.0)]


def test_acceptance_counts_every_candidate_once() -> None:
    reason = np.array(["", "near_copy", "off_class", "off_class", "", "surplus", "surplus", "surplus"])
    kept = ClassCandidates(
        "b", 5, np.zeros((8, 1, 8, 8), np.uint8), np.ones(8), 0.5, np.array([True] * 2 + [False] * 6),
        np.zeros(8, np.int64), np.ones(8), 0.1, reason,
    )  # fmt: skip
    rows = tables.acceptance(Compared([{}, {"b": kept}], {}, {}))
    assert rows == [
        {"seed": 1, "label": "b", "candidates": 8, "near_copy": 1, "off_class": 2, "accepted": 5, "kept": 2,
         "other_class_share": 0.25}
    ]  # fmt: skip
    assert tuple(rows[0]) == tables.ACCEPTANCE


def test_confusion_is_scikit_learns() -> None:
    own = COMPARED.test["none"][0]
    rows = tables.confusion(SPLITS.test, own, CLASSES)
    counted = [[rows.count({"actual": actual, "predicted": one}) for one in CLASSES] for actual in CLASSES]
    assert counted == confusion_matrix(TARGETS, own).tolist()


def test_predictions_can_be_traced_to_their_images() -> None:
    rows = tables.prediction_rows(SPLITS.test, COMPARED.test, CLASSES)
    columns = [f"{arm}/{seed}" for arm in ("none", "gan_half") for seed in range(SEEDS)]
    assert [list(row) for row in rows] == [["index", "label", "group", *columns]] * 15
    for index, row in enumerate(rows):
        assert (row["index"], row["label"], row["group"]) == (
            index,
            SPLITS.test.labels[index],
            SPLITS.test.groups[index],
        )
        assert row["gan_half/2"] == CLASSES[COMPARED.test["gan_half"][2, index]]
