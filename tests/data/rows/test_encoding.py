"""Rows to what a network learns, and back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.data.rows.columns import Column, Schema
from augment.data.rows.encoding import Encoding
from tests.rows import SCHEMA, toy_rows


def holed(seed: int) -> np.ndarray:
    """Toy values with cells missing in every column."""
    values = toy_rows(seed=seed).values.copy()
    values[np.random.default_rng(seed).random(values.shape) < 0.2] = np.nan
    return values


@given(st.integers(0, 50))
@settings(max_examples=20, deadline=None)
def test_train_comes_back_as_it_was(seed: int) -> None:
    values = holed(seed)
    encoding = Encoding.of(SCHEMA, values)
    encoded = encoding.encode(values)
    assert encoded.shape == (len(values), encoding.width)
    back = encoding.decode(encoded)
    np.testing.assert_array_equal(np.isnan(back), np.isnan(values))
    np.testing.assert_allclose(back, values, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(back[:, [0, 1, 3]], values[:, [0, 1, 3]])


def test_a_row_has_one_level_of_each_category_and_says_what_is_missing() -> None:
    values = holed(0)
    encoding = Encoding.of(SCHEMA, values)
    assert encoding.sizes == (4, 2, 2, 2), "three levels and the missing one; then a flag for each number with gaps"
    for block in encoding.blocks(encoding.encode(values)):
        assert set(block.sum(axis=1).tolist()) == {1.0}
    assert Encoding.of(SCHEMA, toy_rows().values).sizes == (3,)


def test_a_level_that_train_lacks_is_none_of_its_levels() -> None:
    train = toy_rows().values
    train[:, 3] = np.minimum(train[:, 3], 1)
    encoding = Encoding.of(SCHEMA, train)
    unseen = train[:1].copy()
    unseen[0, 3] = 2
    assert next(encoding.blocks(encoding.encode(unseen))).sum() == 0


def test_what_is_learned_is_of_train_alone() -> None:
    train, other = toy_rows(seed=0).values, toy_rows(seed=1).values
    encoding = Encoding.of(SCHEMA, train)
    before = [own.values.copy() for own in encoding.numbers]
    encoding.encode(other * 100)
    for own, values in zip(encoding.numbers, before, strict=True):
        np.testing.assert_array_equal(own.values, values)
    assert encoding.decode(encoding.encode(other * 100))[:, 0].max() <= train[:, 0].max()


@pytest.mark.parametrize("kind", ["numeric", "categorical"])
def test_a_table_of_one_kind_alone(kind: str) -> None:
    column = Column("a", "numeric") if kind == "numeric" else Column("a", "categorical", ("x", "y"))
    values = np.array([[0.0], [1.0], [1.0]])
    encoding = Encoding.of(Schema("table", "label", (column,)), values)
    np.testing.assert_array_equal(encoding.decode(encoding.encode(values)), values)
