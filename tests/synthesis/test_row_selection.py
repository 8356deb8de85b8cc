"""Rows that are kept: what a filter never judged has no say in its threshold."""

import numpy as np

from augment.synthesis import row_selection
from tests.rows import toy_rows


def test_rows_that_every_classifier_has_seen_are_not_judged() -> None:
    """A group that holds most of a class is in no fold's outside, since the rest lacks that class."""
    rows = toy_rows({"bolt": 20, "nut": 10})
    groups = rows.groups.copy()
    groups[rows.labels == "nut"] = "one"
    encoded = rows.values[:, :3].astype(np.float32)
    train = type(rows)(rows.schema, rows.values, rows.labels, groups, rows.sources)
    _, held_out = row_selection._filters(encoded, train.targets(train.classes), train, 3, 0)
    of_nut = held_out[rows.labels == "nut"]
    assert np.isnan(of_nut).all()
    assert np.nanmin(held_out[rows.labels == "bolt"]) > 0, "no row counts as one that its class would not have"
