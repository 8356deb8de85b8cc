"""Numbers that stand in no other table are in facts.csv, empty where there are none."""

from augment.evaluation.verdict.summary import fact_rows

FOUND = {
    "gain": {"gross": {"mean": 0.1, "low": 0.0, "high": 0.2}, "net": {"mean": 0.05, "low": -0.1, "high": 0.15}},
    "smallest_gain": {"announced": 0.02, "measured": None},
    "objections": {"repeats": 5, "objected": 2},
    "exchange": {"mean": 35.0, "low": 20.0, "high": 60.0, "sentence": "worth"},
}


def test_every_number_has_a_row() -> None:
    found = {row["fact"]: (row["value"], row["low"], row["high"]) for row in fact_rows(FOUND)}
    assert found == {
        "gain_gross": (0.1, 0.0, 0.2),
        "gain_net": (0.05, -0.1, 0.15),
        "smallest_gain_announced": (0.02, None, None),
        "smallest_gain_measured": (None, None, None),
        "repeats_with_val": (5, None, None),
        "repeats_objecting": (2, None, None),
        "worth_in_real_images": (35.0, 20.0, 60.0),
    }


def test_without_a_learning_curve_the_worth_is_empty() -> None:
    assert fact_rows(FOUND | {"exchange": None})[-1] == {
        "fact": "worth_in_real_images", "value": None, "low": None, "high": None,
    }  # fmt: skip
