import pytest

from augment.report import tables
from augment.report.words import number


def curve(steps):
    return [{"step": str(step), "win_rate": str(step / 1000), "d_loss": "nan"} for step in range(steps)]


@pytest.mark.parametrize(("cell", "value"), [("0.25", 0.25), ("", None), (None, None), ("nan", None), ("-inf", None)])
def test_number(cell, value):
    assert number(cell) == value


def test_confusion_counts_and_orders_mistakes():
    answers = [("a", "a")] * 5 + [("a", "b")] * 2 + [("b", "a")] * 3 + [("b", "c")] * 2
    rows = [{"actual": actual, "predicted": predicted} for actual, predicted in answers]
    found = tables.confusion(rows, ["a", "b", "c"])
    assert found["counts"] == [[5, 2, 0], [3, 0, 2], [0, 0, 0]]
    assert found["frequent"] == [("b", "a", 3), ("a", "b", 2), ("b", "c", 2)]


def test_accounting_counts_each_outcome_and_code_per_split():
    rows = [
        {"outcome": "ok", "code": "", "split": "train"},
        {"outcome": "ok", "code": "", "split": "test"},
        {"outcome": "ok", "code": "", "split": "train"},
        {"outcome": "quarantined", "code": "truncated", "split": ""},
    ]
    assert tables.accounting(rows) == [
        {"outcome": "ok", "code": "", "total": 3, "train": 2, "val": 0, "test": 1, "pool": 0, "unused": 0},
        {
            "outcome": "quarantined",
            "code": "truncated",
            "total": 1,
            "train": 0,
            "val": 0,
            "test": 0,
            "pool": 0,
            "unused": 1,
        },
    ]


def test_quality_stands_side_by_side_in_both_spaces():
    rows = [
        {"label": "pooled", "space": "random_convolutions", "metric": "kid", "synthetic": "0.1", "real": "0.2",
         "n_synthetic": "40", "n_reference": "30", "note": "few"},
        {"label": "pooled", "space": "classifier", "metric": "kid", "synthetic": "0.3", "real": "0.4",
         "n_synthetic": "20", "n_reference": "30", "note": "few"},
        {"label": "a", "space": "classifier", "metric": "other_class", "synthetic": "0.5", "real": "0.6",
         "n_synthetic": "9", "n_reference": "8", "note": ""},
    ]  # fmt: skip
    pooled, other = tables.quality_rows(rows)
    assert [one["synthetic"] for one in pooled["spaces"]] == ["0.1", "0.3"]
    assert [one["n_synthetic"] for one in pooled["spaces"]] == ["40", "20"]
    assert (pooled["n_reference"], pooled["note"]) == ("30", "few")
    assert [one["real"] for one in other["spaces"]] == ["", "0.6"]
    assert (other["label"], other["metric"], other["n_reference"]) == ("a", "other_class", "8")


def test_only_the_attacks_that_were_measured_are_drawn():
    rows = [
        {"space": "pixels", "figure": "auc", "value": "0.6", "low": "0.5", "high": "0.7"},
        {"space": "pixels", "figure": "tpr_0.1", "value": "0.2", "low": "0.1", "high": "0.3"},
        {"space": "random_convolutions", "figure": "auc", "value": "", "low": "", "high": ""},
    ]
    (mark,) = tables.attack_marks(rows)
    assert (mark.label, mark.mean, mark.low, mark.high) == ("Pixels", 60, 50, 70)


@pytest.mark.parametrize(
    ("value", "low", "words"),
    [("0.6", "0.55", "give something"), ("0.6", "0.45", "no better than guessing"), ("", "", "could not be measured")],
)
def test_the_attack_has_a_conclusion(value, low, words):
    rows = [
        {"space": "pixels", "figure": "auc", "value": value, "low": low},
        {"space": "pixels", "figure": "tpr_0.1", "value": "0.9", "low": "0.8"},
    ]
    assert words in tables.attack_finding(rows)


@pytest.mark.parametrize(
    ("means", "words"),
    [
        ({"samples": "0.8642", "treated": "0.7231"}, ["AUC 0.86 (0.50: not at all", "changed as these are: 0.72."]),
        ({"samples": "0.0"}, ["AUC 0.00 (0.50: not at all, 1.00: always)."]),
        ({}, ["was not measured"]),
    ],
)
def test_telling_apart_has_a_sentence(means, words):
    rows = [{"label": "dent", "kind": "samples", "auc": "0.11"}]
    rows += [{"label": "", "kind": kind, "auc": auc} for kind, auc in means.items()]
    finding = tables.told_apart_finding(rows)
    assert all(part in finding for part in words)


def test_bins_are_those_of_the_arm_with_their_part_of_its_answers():
    row = {"arm": "none", "confidence": "0.8", "right": "0.7", "low": "0.6", "high": "0.9", "answers": "30"}
    found = tables.bins([row, {**row, "answers": "10"}, {**row, "arm": "classical"}], "none")
    assert [one.share for one in found] == [0.75, 0.25]
    assert (found[0].confidence, found[0].right, found[0].low, found[0].high) == (0.8, 0.7, 0.6, 0.9)


def test_curves_are_thinned_but_keep_both_ends():
    points = tables.curve_lines(curve(1001), ["win_rate"])["win_rate"]
    assert len(points) <= tables.MAX_CURVE_POINTS + 1
    assert points[0] == (0, 0)
    assert points[-1] == (1000, 1)


def test_a_short_curve_is_whole_and_gaps_are_left_out():
    found = tables.curve_lines(curve(3), ["win_rate", "d_loss"])
    assert found == {"win_rate": [(0, 0), (1, 0.001), (2, 0.002)], "d_loss": []}
    assert tables.curve_lines([], ["win_rate"]) == {"win_rate": []}


def test_the_judged_arm_is_the_chosen_one_or_the_one_that_val_objected_to():
    rows = [{"candidate": "copies_half", "split": "test"}, {"candidate": "gan_half_filtered", "split": "val"}]
    assert tables.judged_arm([*rows, {"candidate": "gan_fill", "split": "test"}], "gan_fill") == "gan_fill"
    assert tables.judged_arm(rows, "classical") == "gan_half_filtered"
    assert tables.judged_arm([], "classical") == ""


def test_marks_are_in_per_cent_and_skip_what_was_not_measured():
    row = {"arm": "none", "kind": "real", "mean": "0.5", "low": "0.25", "high": "0.75"}
    (mark,) = tables.arm_marks([row, {**row, "mean": ""}], "none")
    assert (mark.mean, mark.low, mark.high, mark.chosen) == (50, 25, 75, True)
    assert mark.text == "50.0 (25.0 to 75.0)"
