"""Every row against scikit-learn or a count by hand."""

from typing import Any

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, recall_score

from augment.evaluation import tables
from augment.evaluation.columns import columns
from augment.evaluation.experiment.protocol import Protocol, Replicate, Splits
from augment.evaluation.experiment.training_sets import paired_seeds
from augment.evaluation.samples.judging import SAMPLE_COLUMNS, acceptance_rows
from augment.evaluation.scores import SideScores, predictions
from augment.evaluation.statistics.estimates import wilson
from augment.evaluation.statistics.metric_table import metric_table
from augment.params.arms import DEFAULT_ARMS, arm_kinds
from augment.synthesis.selection import ClassCandidates
from tests.toy import toy_set

SPLITS = Splits(
    toy_set({"a": 6, "b": 5, "c": 4}), toy_set({"a": 2, "c": 1}, seed=1), toy_set({"a": 5, "b": 4, "c": 6}, 2, each=2)
)
CLASSES = SPLITS.train.classes
SEEDS = 3
PROTOCOL = paired_seeds(SPLITS, range(SEEDS))


def probabilities(count: int, seed: int) -> dict[Any, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {arm: list(rng.dirichlet(np.ones(3), (SEEDS, count)).astype(np.float32)) for arm in ("none", "gan_half")}


SCORES = SideScores(probabilities(3, 0), probabilities(15, 1))
ANSWERS = predictions(SCORES.test)
TARGETS = SPLITS.test.targets(CLASSES)


def figures(side: Any, scores: Any) -> Any:
    rng = np.random.default_rng(0)
    stacked = {arm: np.stack(own) for arm, own in scores.items()}
    return metric_table(side.targets(CLASSES), side.groups, stacked, normal=None, rate=0.05, draws=50, rng=rng)


VAL, TEST = figures(SPLITS.val, SCORES.val), figures(SPLITS.test, SCORES.test)


def test_a_run_has_a_row_per_arm_seed_and_split() -> None:
    rows = tables.run_rows(PROTOCOL, SCORES, VAL, TEST)
    assert [tuple(row) for row in rows] == [columns("runs")] * len(rows)
    assert len({(row["arm"], row["seed"], row["split"]) for row in rows}) == len(rows) == 2 * SEEDS * 2
    for row in rows:
        side, found = (SPLITS.val, predictions(SCORES.val)) if row["split"] == "val" else (SPLITS.test, ANSWERS)
        targets, own = side.targets(CLASSES), found[row["arm"]][row["seed"]]
        assert row["accuracy"] == pytest.approx(accuracy_score(targets, own))
        recalls = recall_score(targets, own, labels=np.unique(targets), average=None, zero_division=0)
        assert (row["balanced_accuracy"], row["primary"]) == pytest.approx((recalls.mean(), recalls.mean()))
        assert row["brier"] > 0


def test_a_split_without_images_has_no_rows() -> None:
    empty = Splits(SPLITS.train, SPLITS.val.take([]), SPLITS.test)
    rows = tables.run_rows(paired_seeds(empty, range(SEEDS)), SideScores(probabilities(0, 0), SCORES.test), None, TEST)
    assert {row["split"] for row in rows} == {"test"}
    assert len(rows) == 2 * SEEDS


def test_means_are_those_on_test() -> None:
    runs = tables.run_rows(PROTOCOL, SCORES, VAL, TEST)
    rows = tables.add_mean_metrics(({"arm": "gan_half", "mean": 1.5}, {"arm": "none", "mean": 2.5}), runs)
    assert [(row["arm"], row["mean"]) for row in rows] == [("gan_half", 1.5), ("none", 2.5)]
    for row in rows:
        own = ANSWERS[row["arm"]]
        assert row["accuracy"] == pytest.approx(np.mean([one == TARGETS for one in own]))
        expected = [f1_score(TARGETS, found, average="macro", zero_division=0) for found in own]
        assert row["macro_f1"] == pytest.approx(np.mean(expected))


def test_a_metric_that_no_seed_has_stays_empty() -> None:
    one_class = Splits(SPLITS.train, SPLITS.val, SPLITS.test.take(SPLITS.test.labels == "a"))
    scores = {arm: [one[:5] for one in own] for arm, own in SCORES.test.items()}
    rows = tables.run_rows(
        paired_seeds(one_class, range(SEEDS)),
        SideScores(SCORES.val, scores),
        VAL,
        figures(one_class.test, scores),
    )
    (row,) = tables.add_mean_metrics(({"arm": "none"},), rows)
    assert row["auroc"] is None
    assert row["brier"] == pytest.approx(np.mean([row["brier"] for row in rows if row["split"] == "test"][:SEEDS]))


def test_kinds() -> None:
    assert arm_kinds(DEFAULT_ARMS) == {
        "none": "real",
        "oversample": "real",
        "logit_adjusted": "real",
        "classical": "real",
        "randaugment": "real",
        "mixup_cutmix": "real",
        "probe": "real",
        "finetune": "real",
        "cmo": "real",
        "gan_fill": "gan",
        "gan_half": "gan",
        "gan_half_filtered": "gan",
        "gan_half_unmatched": "gan",
        "copies_half": "control",
        "as_delivered": "delivered",
    }
    assert list(arm_kinds(DEFAULT_ARMS)) == list(DEFAULT_ARMS)


def test_recall_of_every_class_over_its_groups() -> None:
    rows = tables.class_rows(PROTOCOL, ANSWERS)
    assert [tuple(row) for row in rows] == [columns("classes")] * len(rows)
    assert [(row["arm"], row["label"]) for row in rows] == [
        (arm, label) for arm in ("none", "gan_half") for label in CLASSES
    ]
    sizes = {label: (SPLITS.train.counts()[label], SPLITS.val.counts().get(label, 0)) for label in CLASSES}
    groups = {"a": 3, "b": 2, "c": 3}  # two images in each, one left over in a
    for row in rows:
        label = row["label"]
        assert (row["train"], row["val"]) == sizes[label]
        assert row["test"] == SPLITS.test.counts()[label]
        recalls = [recall_score(TARGETS, one, average=None)[CLASSES.index(label)] for one in ANSWERS[row["arm"]]]
        assert row["recall"] == pytest.approx(np.mean(recalls))
        n = groups[label]
        assert row["groups"] == n
        assert (row["low"], row["high"]) == pytest.approx(wilson(np.mean(recalls) * n, n))


def test_a_class_without_test_images_has_no_recall() -> None:
    splits = Splits(SPLITS.train, SPLITS.val, SPLITS.test.take(SPLITS.test.labels != "b"))
    rows = tables.class_rows(paired_seeds(splits, range(SEEDS)), {"none": list(np.zeros((SEEDS, 11), dtype=np.int64))})
    assert [(row["label"], row["recall"]) for row in rows] == [("a", 1.0), ("c", 0.0)]


def test_acceptance_counts_every_candidate_once() -> None:
    reason = np.array(["", "near_copy", "off_class", "off_class", "", "surplus", "surplus", "surplus"])
    kept = ClassCandidates(
        "b", 5, np.zeros((8, 1, 8, 8), np.uint8), np.full(8, -1), np.ones(8), 0.5,
        np.array([True] * 2 + [False] * 6),
        np.zeros(8, np.int64), np.ones(8), 0.1, reason,
    )  # fmt: skip
    rows = list(acceptance_rows([{}, {"b": kept}]))
    assert rows == [
        {"seed": 1, "label": "b", "candidates": 8, "near_copy": 1, "off_class": 2, "accepted": 5, "kept": 2,
         "other_class_share": 0.25}
    ]  # fmt: skip
    assert tuple(rows[0]) == SAMPLE_COLUMNS["acceptance"]


def test_confusion_is_scikit_learns() -> None:
    own = ANSWERS["none"][0]
    rows = tables.confusion_rows(PROTOCOL.single_pass, [own], CLASSES)
    counted = [[rows.count({"actual": actual, "predicted": one}) for one in CLASSES] for actual in CLASSES]
    assert counted == confusion_matrix(TARGETS, own).tolist()


def test_predictions_can_be_traced_to_their_images() -> None:
    rows = tables.prediction_rows(PROTOCOL, ANSWERS)
    columns = [f"{arm}/{seed}" for arm in ("none", "gan_half") for seed in range(SEEDS)]
    assert [list(row) for row in rows] == [["index", "label", "group", *columns]] * 15
    for index, row in enumerate(rows):
        assert (row["index"], row["label"], row["group"]) == (
            index,
            SPLITS.test.labels[index],
            SPLITS.test.groups[index],
        )
        assert row["gan_half/2"] == CLASSES[ANSWERS["gan_half"][2][index]]


def test_folds_are_counted_once_and_each_prediction_names_its_repeat() -> None:
    """Two halves of six images, each the test of one repeat; the tables treat them as folds."""
    images = toy_set({"a": 4, "b": 2})
    halves = [images.take([0, 1, 4]), images.take([2, 3, 5])]
    sides = [Splits(halves[1 - k], halves[1 - k].take([]), halves[k]) for k in (0, 1)]
    protocol = Protocol("folds", [Replicate(k, own) for k, own in enumerate(sides)], 0.25, False)
    found = {"none": [np.array([0, 1, 1]), np.array([0, 0, 0])]}
    rows = tables.class_rows(protocol, found)
    assert [(row["label"], row["test"], row["groups"], row["recall"]) for row in rows] == [
        ("a", 4, 4, 0.75), ("b", 2, 2, 0.5),
    ]  # fmt: skip
    predicted = tables.prediction_rows(protocol, found)
    assert [(row["replicate"], row["index"], row["group"], row["none"]) for row in predicted] == [
        (0, 0, "a-0", "a"), (0, 1, "a-1", "b"), (0, 2, "b-0", "b"), (1, 0, "a-2", "a"), (1, 1, "a-3", "a"),
        (1, 2, "b-1", "a"),
    ]  # fmt: skip
    traced = [row for row in tables.replicate_rows(protocol) if row["side"] == "test"]
    assert [(row["replicate"], row["group"]) for row in traced] == [
        (row["replicate"], row["group"]) for row in predicted
    ]
    assert len(tables.confusion_rows(protocol.single_pass, found["none"], CLASSES)) == 6


def test_sides_shared_with_the_first_repeat_are_listed_once() -> None:
    assert len(list(tables.replicate_rows(PROTOCOL))) == 15 + 3 + 15
