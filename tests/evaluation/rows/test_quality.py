"""What is told of samples: closed forms, and answers found another way."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.data.rows.encoding import Encoding
from augment.evaluation.rows.quality import correlation_rows, kolmogorov_smirnov, marginal_rows, total_variation
from tests.rows import SCHEMA, toy_rows

NUMBERS = st.lists(st.integers(-5, 5).map(float), min_size=1, max_size=30).map(np.array)


@given(NUMBERS, NUMBERS)
@settings(max_examples=50, deadline=None)
def test_kolmogorov_and_smirnov_by_trying_every_place(first: np.ndarray, second: np.ndarray) -> None:
    assert kolmogorov_smirnov(first, second) == pytest.approx(
        max(abs((first <= place).mean() - (second <= place).mean()) for place in np.r_[first, second])
    )


@pytest.mark.parametrize(
    ("first", "second", "distance"),
    [
        ([0, 0, 1, 1], [0, 1, 0, 1], 0),
        ([0, 0], [1, 1], 1),
        ([0, 0, 0, 1], [0, 1, 1, 1], 0.5),
        ([0, np.nan], [0, 0], 0.5),
        ([np.nan, np.nan], [np.nan], 0),
        ([0, 1, 2], [0, 0, 0], 2 / 3),
    ],
)
def test_total_variation_in_closed_form(first: list[float], second: list[float], distance: float) -> None:
    assert total_variation(np.array(first, float), np.array(second, float)) == pytest.approx(distance)


def test_marginals_stand_beside_those_of_real_rows() -> None:
    train, test = toy_rows(seed=0), toy_rows(seed=1)
    made = {label: test.of_class(label).values for label in train.classes}
    rows = list(marginal_rows(made, train, test))
    assert {(row["label"], row["column"]) for row in rows} == {
        (label, column.name) for label in train.classes for column in SCHEMA.columns
    }
    assert all(row["synthetic"] == 0 < row["real"] or row["distance"] == "total_variation" for row in rows)
    assert {row["distance"] for row in rows if row["column"] == "shape"} == {"total_variation"}


def test_correlations_of_a_shuffled_class_are_lost() -> None:
    train, test = toy_rows({"a": 200, "b": 200}, 0), toy_rows({"a": 200, "b": 200}, 1)
    encoding = Encoding.of(SCHEMA, train.values)
    rows = encoding.encode(train.of_class("a").values)
    rng = np.random.default_rng(0)
    apart = np.stack([rng.permutation(column) for column in rows.T], axis=1)
    kept, lost = (next(iter(correlation_rows({"a": side}, train, test, encoding))) for side in (rows, apart))
    assert kept["synthetic"] == pytest.approx(kept["real"])
    assert lost["synthetic"] > 3 * kept["synthetic"]
