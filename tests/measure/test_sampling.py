"""How often an image is drawn is what its chance says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_sample_weight

from augment.measure.sampling import class_balanced, uniform

TARGETS = st.lists(st.integers(0, 6), min_size=1, max_size=40).map(lambda values: np.array(values, dtype=np.int64))


def numbered(count: int) -> np.ndarray:
    """Images (count, 1, 2, 2) whose pixels hold their position."""
    return np.arange(count, dtype=np.uint8)[:, None, None, None].repeat(2, 2).repeat(2, 3)


@given(TARGETS)
def test_evenly(targets: np.ndarray) -> None:
    own = uniform(numbered(len(targets)), targets)
    assert own.sampling_weights == pytest.approx(np.full(len(targets), 1 / len(targets)))


@given(TARGETS)
def test_classes_share_equally_as_scikit_learn_weighs_them(targets: np.ndarray) -> None:
    own = class_balanced(numbered(len(targets)), targets)
    weights = compute_sample_weight("balanced", targets)
    assert own.sampling_weights == pytest.approx(weights / weights.sum())
    assert own.sampling_weights.sum() == pytest.approx(1)
