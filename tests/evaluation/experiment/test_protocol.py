"""Repeats: which images each sees, that nothing straddles its sides, and when there are too few."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.core.errors import DataError
from augment.data.imageset import ImageSet
from augment.data.split.pool import FOLDS, join
from augment.evaluation.experiment.protocol import Protocol, Splits
from augment.evaluation.experiment.training_sets import (
    FOLD_REPETITIONS,
    disjoint_subsets,
    paired_seeds,
    prepared_protocol,
    repeat_seeds,
    repeated_folds,
)
from augment.params import Evaluate, Params
from pipeline.announcement import repeats_announcement, repeats_text
from tests.toy import toy_set


def named(counts: dict[str, int], name: str, seed: int, each: int = 1) -> ImageSet:
    """A toy set whose groups and sources are its own."""
    found = toy_set(counts, seed, each=each)
    groups, sources = (np.char.add(f"{name} ", own) for own in (found.groups, found.sources))
    return ImageSet(found.images, found.labels, groups, sources)


def build_protocol(
    splits: Splits, pool: ImageSet, protocol: Any, seeds: int, repeats: int, seed: int, gate: Any = "val"
) -> Protocol:
    chosen = Evaluate(protocol=protocol, seeds=seeds, repeats=repeats, gate=gate)
    return prepared_protocol(splits, pool, Params(seed=seed, evaluate=chosen), pinned=False)


def prepared(each: int = 1, pool: int = 60) -> tuple[Splits, ImageSet]:
    splits = Splits(
        named({"a": 4, "b": 6}, "train", 0, each),
        named({"a": 2, "b": 2}, "val", 1, each),
        named({"a": 9, "b": 9}, "t", 2),
    )
    return splits, named({"a": pool, "b": pool + 12}, "pool", 3, each)


def sides(own: Splits) -> list[set[str]]:
    return [set(side.groups.tolist()) for side in (own.train, own.val, own.test)]


def test_holdout_is_one_split_for_all() -> None:
    splits, pool = prepared()
    found = build_protocol(splits, pool, "holdout", 3, 10, 7)
    assert (found.scheme, found.ratio, found.first_is_delivered) == ("split", None, True)
    assert found.seeds == repeat_seeds(7, 3)
    assert all(one.splits is splits for one in found.replicates)
    assert found.unique_splits == [splits]
    assert repeats_announcement(found) == ""


@given(each=st.sampled_from([1, 2]), seed=st.integers(0, 50))
@settings(max_examples=20)
def test_subsets_are_disjoint_and_as_large_as_the_delivered_one(each: int, seed: int) -> None:
    splits, pool = prepared(each)
    found = build_protocol(splits, pool, "repeated", 5, 10, seed)
    assert (found.scheme, found.ratio, found.first_is_delivered, len(found.replicates)) == ("subsets", 0.0, True, 10)
    assert found.first_splits is splits
    drawn: Counter[str] = Counter()
    for one in found.replicates:
        assert one.splits.test is splits.test
        assert one.splits.train.counts() == splits.train.counts()
        assert one.splits.val.counts() == splits.val.counts()
        mine = sides(one.splits)
        assert not mine[0] & mine[1]
        drawn.update(mine[0] | mine[1])
    assert max(drawn.values()) == 1, "no group is in two training sets"
    again = build_protocol(splits, pool, "repeated", 5, 10, seed)
    for one, other in zip(found.replicates, again.replicates, strict=True):
        assert one.splits.train.fingerprint() == other.splits.train.fingerprint()


def test_more_subsets_leave_the_first_ones_as_they_are() -> None:
    splits, pool = prepared(pool=80)
    few, many = (disjoint_subsets(splits, pool, repeat_seeds(3, number)) for number in (10, 12))
    for one, other in zip(few.replicates, many.replicates, strict=False):
        assert one.seed == other.seed
        assert one.splits.train.fingerprint() == other.splits.train.fingerprint()


def test_groups_that_cannot_make_up_a_set_stop_the_run() -> None:
    splits = Splits(named({"a": 5, "b": 6}, "train", 0), named({"a": 2, "b": 2}, "val", 1), named({"a": 90}, "t", 2))
    with pytest.raises(DataError, match=r"training set 2 of 10 gets too few .*class 'a': \d of 5.*evaluate\.repeats"):
        build_protocol(splits, named({"a": 64, "b": 80}, "pool", 3, each=4), "repeated", 5, 10, 0)


def test_too_few_left_over_beside_a_large_test_is_told_with_numbers() -> None:
    splits, _ = prepared()
    with pytest.raises(DataError) as told:
        build_protocol(splits, named({"a": 60, "b": 71}, "pool", 3), "repeated", 5, 10, 0)
    message = str(told.value)
    assert "10 disjoint training sets" in message
    assert "class 'b' needs 72 and has 71" in message
    assert "'a'" not in message
    assert "would train on 25 images and only 14 are delivered" in message
    assert "ingest.test_max" in message


def folded(each: int = 1, seed: int = 0) -> tuple[Splits, Protocol]:
    splits = Splits(
        named({"a": 20, "b": 12}, "train", 0, each), named({"a": 5, "b": 4}, "val", 1, each),
        named({"a": 10, "b": 6}, "t", 2, each),
    )  # fmt: skip
    return splits, build_protocol(splits, splits.val.take([]), "repeated", 5, 10, seed)


@given(each=st.sampled_from([1, 2]), seed=st.integers(0, 50))
@settings(max_examples=10)
def test_folds_test_every_image_once_in_each_repetition(each: int, seed: int) -> None:
    splits, found = folded(each, seed)
    every = join(splits.train, splits.val, splits.test)
    assert (found.scheme, found.first_is_delivered, len(found.replicates)) == ("folds", False, FOLDS * FOLD_REPETITIONS)
    assert len(set(found.seeds)) == FOLDS * FOLD_REPETITIONS
    for first in range(0, FOLDS * FOLD_REPETITIONS, FOLDS):
        tested = join(*(one.splits.test for one in found.replicates[first : first + FOLDS]))
        assert sorted(tested.sources.tolist()) == sorted(every.sources.tolist())
    assert sorted(found.tested_images.sources.tolist()) == sorted(every.sources.tolist())
    for one in found.replicates:
        train, val, test = sides(one.splits)
        assert not train & val
        assert not train & test
        assert not val & test
        assert train | val | test == set(every.groups.tolist())
        assert one.splits.train.classes == ["a", "b"]
        assert one.splits.val.counts().get("a", 0) >= 1
    ratios = [len(one.splits.test) / len(one.splits.train) for one in found.replicates]
    assert found.ratio == pytest.approx(np.mean(ratios))
    assert 0.25 < float(found.ratio or 0) < 0.45, "a fifth over four fifths, less what val takes"


def test_repetitions_cut_anew() -> None:
    _, found = folded()
    first, second = (sides(found.replicates[at].splits)[2] for at in (0, FOLDS))
    assert first != second


def test_folds_need_five_groups_of_every_class() -> None:
    splits = Splits(named({"a": 20, "b": 8}, "train", 0, 4), named({"a": 4}, "val", 1), named({"b": 1}, "t", 2))
    with pytest.raises(DataError, match=r"5 folds need at least 5 .*class 'b' has 3.*protocol: holdout"):
        repeated_folds(splits, 0)


def test_a_leak_between_the_sides_is_found_in_every_form() -> None:
    splits, pool = prepared()
    pool.groups[0] = splits.test.groups[0]  # drawn: nearly all of the pool is
    with pytest.raises(DataError, match=r"^leak: the group"):
        build_protocol(splits, pool, "repeated", 5, 10, 0)


def test_the_words_for_each_form() -> None:
    splits, pool = prepared()
    subsets = disjoint_subsets(splits, pool, repeat_seeds(0, 10))
    assert repeats_announcement(subsets) == (
        "10 disjoint training sets of 10 training and 4 val images, one test set of 18 images"
    )
    assert [repeats_text(own) for own in (paired_seeds(splits, [1, 2]), subsets, folded()[1])] == [
        "2 paired seeds", "10 disjoint training sets", "25 folds (5 times 5)",
    ]  # fmt: skip


@given(each=st.sampled_from([1, 2]), seeds=st.integers(2, 9), seed=st.integers(0, 50))
@settings(max_examples=20)
def test_val_takes_turns_and_test_stays(each: int, seeds: int, seed: int) -> None:
    splits = Splits(
        named({"a": 8, "b": 24}, "train", 0, each),
        named({"a": 2, "b": 6}, "val", 1, each),
        named({"a": 5, "b": 5}, "t", 2),
    )
    found = build_protocol(splits, splits.val.take([]), "holdout", seeds, 10, seed, "rotate")
    assert (found.scheme, found.ratio, found.first_is_delivered, len(found.replicates)) == (
        "rotated",
        None,
        True,
        seeds,
    )
    assert found.seeds == repeat_seeds(seed, seeds)
    assert found.first_splits is splits
    assert found.val_ratio == pytest.approx(8 / 32)
    held = []
    for one in found.replicates:
        train, val, _ = sides(one.splits)
        assert one.splits.test is splits.test
        assert not train & val
        assert train | val == sides(splits)[0] | sides(splits)[1]
        assert one.splits.val.counts() == splits.val.counts()
        held.append(val)
    for first in range(0, seeds, 5):  # five parts hold all images once; then they are drawn anew
        block = held[first : first + 5]
        assert sum(map(len, block)) == len(set().union(*block))


@pytest.mark.parametrize(
    ("val", "gate", "form"),
    [
        ({"a": 9, "b": 30}, "auto", "rotated"), ({"a": 10, "b": 30}, "auto", "split"), ({"b": 30}, "auto", "rotated"),
        ({"a": 9, "b": 30}, "val", "split"), ({"a": 10, "b": 30}, "rotate", "rotated"), ({}, "rotate", "split"),
    ],
)  # fmt: skip
def test_when_val_takes_turns(val: dict[str, int], gate: Any, form: str) -> None:
    held = named(val, "val", 1) if val else named({"a": 1}, "val", 1).take([])
    splits = Splits(named({"a": 40, "b": 90}, "train", 0), held, named({"a": 5, "b": 5}, "t", 2))
    assert build_protocol(splits, held.take([]), "holdout", 3, 10, 0, gate).scheme == form
