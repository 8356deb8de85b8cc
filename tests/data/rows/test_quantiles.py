"""Numbers to normal values and back: exact on train, within its range, as heavy as it was."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from augment.data.rows.quantiles import MAX_KNOTS, Quantiles, normal_quantile, normal_share

NUMBERS = st.lists(st.floats(-1e9, 1e9, allow_nan=False).map(lambda value: round(value, 3)), min_size=1, max_size=60)


@given(NUMBERS)
@settings(max_examples=60, deadline=None)
def test_the_way_back_is_exact_on_train(numbers: list[float]) -> None:
    column = np.array(numbers)
    own = Quantiles.of(column)
    np.testing.assert_array_equal(own.decode(own.encode(column)), column)


@given(NUMBERS, st.lists(st.floats(-12, 12), min_size=1, max_size=30))
@settings(max_examples=60, deadline=None)
def test_no_sample_leaves_the_range_of_train_and_order_is_kept(numbers: list[float], encoded: list[float]) -> None:
    column, asked = np.array(numbers), np.sort(np.array(encoded))
    made = Quantiles.of(column).decode(asked)
    assert made.min() >= column.min()
    assert made.max() <= column.max()
    scale = max(1.0, np.abs(column).max())
    assert (np.diff(made) >= -1e-9 * scale).all()


@given(st.lists(st.integers(-50, 50), min_size=30, max_size=90), st.integers(0, 9))
@settings(max_examples=40, deadline=None)
def test_integers_stay_integers(numbers: list[int], seed: int) -> None:
    made = Quantiles.of(np.array(numbers, float), decimals=0).decode(np.random.default_rng(seed).normal(size=50))
    assert (made == np.round(made)).all()


def test_what_is_frequent_comes_back_as_frequent() -> None:
    column = np.r_[np.zeros(40), np.random.default_rng(0).lognormal(size=60)]
    made = Quantiles.of(column).decode(np.random.default_rng(1).normal(size=20_000))
    assert (made == 0).mean() == pytest.approx(0.4, abs=0.02)


def test_normal_samples_have_the_marginal_of_train() -> None:
    column = np.random.default_rng(0).gamma(2, 3, size=2000)
    made = Quantiles.of(column).decode(np.random.default_rng(1).normal(size=20_000))
    quarters = [np.quantile(side, [0.05, 0.25, 0.5, 0.75, 0.95]) for side in (column, made)]
    np.testing.assert_allclose(quarters[0], quarters[1], rtol=0.05)


def test_spread_numbers_are_uniform_over_the_piece_that_they_own() -> None:
    column = np.repeat([1.0, 2.0], 500)
    share = norm.cdf(Quantiles.of(column).spread(column, np.random.default_rng(0)))
    low, high = share[:500], share[500:]
    assert low.max() < 0.5 < high.min()
    assert low.mean() == pytest.approx(0.25, abs=0.02)
    assert high.std() == pytest.approx(0.5 / np.sqrt(12), abs=0.02)


def test_one_value_alone_stays_that_value() -> None:
    own = Quantiles.of(np.array([3.5]))
    assert own.decode(np.array([-4.0, 0.0, 4.0])).tolist() == [3.5, 3.5, 3.5]


def test_a_long_column_keeps_few_knots_and_its_ends() -> None:
    column = np.random.default_rng(0).normal(size=50_000)
    own = Quantiles.of(column)
    assert len(own.values) <= MAX_KNOTS
    assert (own.values[0], own.values[-1]) == (column.min(), column.max())
    made = own.decode(np.random.default_rng(1).normal(size=5000))
    assert made.std() == pytest.approx(column.std(), rel=0.05)


def test_the_normal_functions_are_scipys() -> None:
    share = np.linspace(0.001, 0.999, 99)
    np.testing.assert_allclose(normal_quantile(share), norm.ppf(share), rtol=1e-9)
    np.testing.assert_allclose(normal_share(norm.ppf(share)), share, rtol=1e-9)
    assert np.isfinite(normal_quantile(np.array([0.0, 1.0]))).all()
