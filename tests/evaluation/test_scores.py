"""Scores come back bit by bit, in their order."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from augment.core.errors import DataError
from augment.evaluation.scores import SideScores, load_scores, predictions, save_scores

ARM_SCORES = st.lists(arrays(np.float32, st.tuples(st.integers(0, 3), st.just(2))), min_size=1, max_size=12)
NAMES = st.sampled_from(["none", "gan_half", "0.25", "a"])
PARTS = st.dictionaries(
    st.sampled_from(["val", "test", "learning_curve"]), st.dictionaries(NAMES, ARM_SCORES, min_size=1)
)
Parts = dict[str, dict[str, list[np.ndarray]]]


@given(parts=PARTS)
def test_a_round_trip_changes_no_bit_and_no_order(parts: Parts, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Also numbers that are none, sets without images, and more than ten repeats."""
    path = tmp_path_factory.mktemp("scores") / "scores.safetensors"
    save_scores(path, parts)
    first = path.read_bytes()
    found = load_scores(path)
    assert list(found) == list(parts)
    for part, by_arm in parts.items():
        assert list(found[part]) == list(by_arm)
        for arm, by_repeat in by_arm.items():
            assert [one.tobytes() for one in found[part][arm]] == [one.tobytes() for one in by_repeat]
            assert [(one.dtype, one.shape) for one in found[part][arm]] == [
                (np.float32, one.shape) for one in by_repeat
            ]
    save_scores(path, found)
    assert path.read_bytes() == first, "equal scores give equal bytes"


def test_a_slice_of_a_larger_array_is_saved_as_what_it_shows(tmp_path: Path) -> None:
    whole = np.arange(12, dtype=np.float32).reshape(4, 3)
    save_scores(tmp_path / "scores", {"test": {"none": [whole[1:, :2]]}})
    assert load_scores(tmp_path / "scores")["test"]["none"][0].tolist() == whole[1:, :2].tolist()


@pytest.mark.parametrize("content", [b"", b"damaged", None])
def test_a_damaged_file_is_a_message(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "scores").write_bytes(content)
    with pytest.raises(DataError, match="dvc repro"):
        load_scores(tmp_path / "scores")


def test_sides_join_by_arm() -> None:
    one, other = np.zeros((1, 2), np.float32), np.ones((1, 2), np.float32)
    joined = SideScores({"a": [one]}, {"a": [one]}) | SideScores({"b": [other]}, {"b": [other]}, {"b": [other]})
    assert (list(joined.val), list(joined.test), list(joined.external)) == (["a", "b"], ["a", "b"], ["b"])
    assert predictions({"a": [np.array([[0.2, 0.8], [0.9, 0.1]], np.float32)]})["a"][0].tolist() == [1, 0]
