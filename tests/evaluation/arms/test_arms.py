"""Arms on sets of any shape: chances that add up, shares that are exact."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.data.split.labelled import minority_classes
from augment.evaluation.arms.draws import Samples, arm_data, with_made_images, with_synthetic_shares
from augment.measure.sampling import WeightedImages, class_balanced
from augment.params.arm_row import Use
from augment.params.arms import ARMS, SOURCES
from tests.toy import bars, toy_set

COUNTS = st.lists(st.integers(1, 12), min_size=1, max_size=4).map(
    lambda counts: {"abcd"[position]: count for position, count in enumerate(counts)}
)
MADE = st.lists(st.integers(0, 9), min_size=4, max_size=4)
NOTHING = Samples()


def made(counts: dict[str, int], numbers: list[int], seed: int = 9) -> dict[str, np.ndarray]:
    """Synthetic images by label; a class may have none, or not even a place."""
    numbered = enumerate(zip(sorted(counts), numbers, strict=False))
    return {label: bars(position, count, seed) for position, (label, count) in numbered if count or position % 2}


def shares(data: WeightedImages, real: int) -> tuple[dict[int, float], dict[int, float]]:
    """By class: its chance to be drawn, and how much of that is synthetic."""
    is_synthetic = np.arange(len(data.images)) >= real
    of_class = {index: data.targets == index for index in set(data.targets.tolist())}
    total = {index: float(data.sampling_weights[mine].sum()) for index, mine in of_class.items()}
    return total, {
        index: float(data.sampling_weights[mine & is_synthetic].sum()) / total[index]
        for index, mine in of_class.items()
    }


@given(COUNTS, MADE, st.sampled_from(ARMS))
def test_every_arm_keeps_the_real_images_and_its_sampling_weights_sum_to_one(
    counts: dict[str, int], numbers: list[int], arm: Any
) -> None:
    train, synthetic = toy_set(counts), made(counts, numbers)
    data = arm_data(arm, train, Samples(dict.fromkeys(SOURCES, synthetic)))
    assert len(data.images) == len(data.targets) == len(data.sampling_weights)
    assert np.array_equal(data.images[: len(train)], train.images)
    assert np.array_equal(data.targets[: len(train)], train.targets(train.classes))
    assert data.sampling_weights.sum() == pytest.approx(1)
    assert (data.sampling_weights[: len(train)] > 0).all() or arm == "gan_only"
    classes, synthetic_share = shares(data, len(train))
    if arm in ("none", "logit_adjusted"):
        assert data.sampling_weights == pytest.approx(1 / len(train))
    else:
        assert classes == pytest.approx(dict.fromkeys(range(len(counts)), 1 / len(counts)))
    for index, label in enumerate(train.classes):  # within a class, all of one kind are drawn equally often
        own = data.sampling_weights[: len(train)][train.labels == label]
        assert own == pytest.approx(own[0])
        new = data.sampling_weights[len(train) :][data.targets[len(train) :] == index]
        assert new == pytest.approx(new[0] if len(new) else 0)
        assert (synthetic_share[index] > 0) == (len(new) > 0)


@given(COUNTS, MADE)
def test_half_of_what_minority_classes_draw_is_synthetic(counts: dict[str, int], numbers: list[int]) -> None:
    train, synthetic = toy_set(counts), made(counts, numbers)
    data = with_made_images("half", train, synthetic)
    minority = {label for label, count in counts.items() if count <= np.median(list(counts.values()))}
    _, share = shares(data, len(train))
    for index, label in enumerate(train.classes):
        can = label in minority and len(synthetic.get(label, ())) > 0
        assert share[index] == pytest.approx(0.5 if can else 0.0)
        if can:
            mine = data.images[len(train) :][data.targets[len(train) :] == index]
            assert np.array_equal(mine, synthetic[label])


@given(COUNTS)
def test_fill_raises_every_class_to_the_largest(counts: dict[str, int]) -> None:
    """With just the images that are missing, every image of either kind is drawn equally often."""
    train, largest = toy_set(counts), max(counts.values())
    data = with_made_images("fill", train, made(counts, [largest - counts[label] for label in sorted(counts)]))
    assert np.bincount(data.targets).tolist() == [largest] * len(counts)
    assert data.sampling_weights == pytest.approx(1 / (len(counts) * largest))


@given(COUNTS, MADE)
def test_fill_gives_real_images_the_same_chance_in_all_classes_that_have_samples(
    counts: dict[str, int], numbers: list[int]
) -> None:
    train, synthetic = toy_set(counts), made(counts, numbers)
    data = with_made_images("fill", train, synthetic)
    _, share = shares(data, len(train))
    for index, label in enumerate(train.classes):
        can = len(synthetic.get(label, ())) > 0
        assert share[index] == pytest.approx(1 - counts[label] / max(counts.values()) if can else 0.0)


@pytest.mark.parametrize(
    ("counts", "minority"),
    [
        ({"a": 5, "b": 5, "c": 5}, ["a", "b", "c"]),
        ({"a": 5}, ["a"]),
        ({"a": 9, "b": 2, "c": 5}, ["b", "c"]),
        ({"a": 9, "b": 2}, ["b"]),
        ({"a": 9, "b": 2, "c": 9, "d": 9}, ["a", "b", "c", "d"]),
        ({"a": 1, "b": 2, "c": 8, "d": 9}, ["a", "b"]),
    ],
)
def test_minority_classes_are_no_larger_than_the_median_class(counts: dict[str, int], minority: list[str]) -> None:
    assert minority_classes(counts) == minority


def test_a_class_without_samples_is_left_as_it_was() -> None:
    train = toy_set({"a": 2, "b": 4, "c": 8})
    uses: tuple[Use, ...] = ("half", "fill")
    for use in uses:
        without = arm_data("oversample", train, NOTHING)
        for nothing in ({}, {"a": bars(0, 0)}):
            data = with_made_images(use, train, nothing)
            assert np.array_equal(data.sampling_weights, without.sampling_weights)
            assert len(data.images) == 14
        some = with_made_images(use, train, {"b": bars(1, 3)})
        assert np.array_equal(some.sampling_weights[:2], without.sampling_weights[:2])
        assert not np.allclose(some.sampling_weights[2:6], without.sampling_weights[2:6])


def test_mixing_leaves_the_real_set_as_it_was() -> None:
    train = toy_set({"a": 2, "b": 4})
    real = class_balanced(train.images, train.targets(train.classes))
    data = with_synthetic_shares(real, ["a", "b"], {"b": bars(1, 3)}, {"b": 0.25})
    assert real.sampling_weights == pytest.approx([0.25] * 2 + [0.125] * 4)
    assert data.sampling_weights == pytest.approx([0.25] * 2 + [0.125 * 0.75] * 4 + [0.125 / 3] * 3)
