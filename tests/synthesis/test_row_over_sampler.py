"""`GANOverSampler(kind="rows")`: imbalanced-learn's contract on the rows of a table."""

import numpy as np
import pytest

from augment import GANOverSampler
from augment.core.errors import ArgumentError
from augment.gan.rows.generators import RowGenerators
from augment.synthesis.training_code.row_resampling import positions_of, rows_from
from tests.rows import toy_rows

ROWS = toy_rows({"bolt": 30, "nut": 10})
QUICK = {"kind": "rows", "width": 4, "shared_steps": 20, "steps": 10, "random_state": 0}


def test_small_classes_are_filled_up_with_rows_in_their_units() -> None:
    sampler = GANOverSampler(categorical_features=[3], **QUICK)
    rows, labels = sampler.fit_resample(ROWS.values, ROWS.labels)
    assert np.unique(labels, return_counts=True)[1].tolist() == [30, 30]
    np.testing.assert_array_equal(rows[:40], ROWS.values)
    made = rows[40:]
    own = ROWS.of_class("nut").values
    assert (made.min(axis=0) >= ROWS.values.min(axis=0)).all()
    assert (made.max(axis=0) <= ROWS.values.max(axis=0)).all()
    assert (made[:, 1] == np.round(made[:, 1])).all(), "whole numbers"
    assert set(made[:, 3]) <= set(ROWS.values[:, 3]), "levels"
    assert abs(np.median(made[:, 0]) - np.median(own[:, 0])) < 1.5, "of its class"
    again = GANOverSampler(categorical_features=[3], **QUICK).fit_resample(ROWS.values, ROWS.labels)[0]
    np.testing.assert_array_equal(rows, again)


def test_nothing_to_add_trains_nothing_and_a_dtype_is_kept() -> None:
    even = toy_rows({"bolt": 5, "nut": 5})
    sampler = GANOverSampler(**QUICK)
    rows, _ = sampler.fit_resample(even.values, even.labels)
    np.testing.assert_array_equal(rows, even.values)
    assert not hasattr(sampler, "generators_")
    counts = np.round(ROWS.values).astype(np.int16)
    assert GANOverSampler(**QUICK).fit_resample(counts, ROWS.labels)[0].dtype == np.int16


def test_silly_arguments_are_named() -> None:
    with pytest.raises(ArgumentError, match="kind must be 'images' or 'rows', got 'table'"):
        GANOverSampler(kind="table").fit_resample(ROWS.values, ROWS.labels)
    with pytest.raises(ArgumentError, match="categorical_features must be columns from 0 to 3"):
        GANOverSampler(categorical_features=[9], **QUICK).fit_resample(ROWS.values, ROWS.labels)


@pytest.mark.parametrize(
    ("given", "positions"),
    [
        (None, []),
        ([0], [0]),
        (np.array([0]), [0]),
        (np.array([0, 3]), [0, 3]),
        ([True, False, False, True], [0, 3]),
        (np.zeros(4, dtype=bool), []),
    ],
)
def test_categorical_features_are_positions_or_a_mask(given: object, positions: list[int]) -> None:
    assert positions_of(given) == positions


@pytest.mark.parametrize("given", [[0.5], "all", [["a"]]])
def test_other_categorical_features_are_refused(given: object) -> None:
    with pytest.raises(ArgumentError, match="must be positions of columns or a mask"):
        positions_of(given)


def test_classes_without_generators_add_no_rows() -> None:
    made, names = rows_from(RowGenerators({}, {"a": "it failed"}), {}, 4, 0)
    assert made.shape == (0, 4)
    assert names == []
