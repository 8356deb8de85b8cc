"""Who is drawn: by rank of a hash, in proportion to classes; the rules written here a second time."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.core.errors import DataError
from augment.core.seeds import derive_seed
from tests.data.split.test_split import run, table


@pytest.mark.parametrize("seed", [0, 7])
def test_who_is_drawn_follows_from_seed_purpose_class_and_name(seed: int) -> None:
    labels, groups = ["a"] * 20, [f"a/{i}" for i in range(20)]

    def ranked(purpose: str, names: Iterable[str]) -> list[str]:
        return sorted(names, key=lambda name: derive_seed(seed, "split", purpose, "a", name))

    def drawn(*given_: list[str], **changes: object) -> dict[str, set[str]]:
        sides = run(labels, groups, *given_, seed=seed, **changes)
        return {side: {groups[i] for i in range(20) if sides[i] == side} for side in ("train", "val", "test")}

    test, rest = ranked("test", groups)[:6], ranked("test", groups)[6:]
    val = set(ranked("val", rest)[:3])
    assert drawn() == {"test": set(test), "val": val, "train": {*rest} - val}
    assert drawn(test_max=4)["test"] == {*ranked("test_max", test)[:4]}
    five = {*ranked("train", groups)[:5]}
    assert drawn(train_per_class=5)["test"] == {*groups} - five
    found = drawn(["train"] * 10 + ["val"] * 5 + ["test"] * 5, train_per_class=5)
    assert found["train"] == {*ranked("train", groups[:10])[:4]}
    assert found["val"] == {*ranked("val", groups[10:15])[:1]}


def test_of_groups_with_several_classes_those_are_drawn_that_the_seed_ranks_first() -> None:
    groups = [f"g{i // 2}" for i in range(20)]
    result = run(["a", "b"] * 10, groups, seed=3)
    first = sorted(set(groups), key=lambda name: derive_seed(3, "split", "test", "", name))[:3]
    assert {name for name, side in zip(groups, result, strict=True) if side == "test"} == set(first)


def test_of_groups_that_are_all_too_large_one_is_tested() -> None:
    groups = [f"g{i}" for i in range(3) for _ in range(6)]
    for seed in range(5):
        result = run(["a"] * 18, groups, seed=seed)
        first = min(set(groups), key=lambda name: derive_seed(seed, "split", "test", "a", name))
        assert {name for name, side in zip(groups, result, strict=True) if side == "test"} == {first}


def test_a_class_without_groups_of_its_own_is_tested_on_its_smallest() -> None:
    labels, groups = ["a"] * 20 + list("abb") + list("aabb"), [str(i) for i in range(20)] + ["m2"] * 3 + ["m1"] * 4
    sides = dict(zip(groups, run(labels, groups), strict=True))
    assert (sides["m2"], sides["m1"]) == ("test", "train")


def test_test_max_is_stratified_and_leaves_one() -> None:
    labels = ["a"] * 900 + ["b"] * 90 + ["c"] * 4
    full, cut = run(labels), run(labels, test_max=30)
    counts = table(labels, cut)
    assert sum(c["test"] for c in counts.values()) == 30
    assert counts["c"]["test"] == 1
    assert counts["a"]["test"] == pytest.approx(27, abs=1)
    assert all(now == then or (now, then) == ("", "test") for now, then in zip(cut, full, strict=True))
    with pytest.raises(DataError, match="test_max: 2 is fewer than the 3 classes"):
        run(labels, test_max=2)
    assert [table(labels, run(labels, test_max=3))[label]["test"] for label in "abc"] == [1, 1, 1]
    assert run(["a"] * 3 + ["b"] * 3, test_max=2).count("test") == 2


@given(st.lists(st.integers(1, 60), min_size=1, max_size=5), st.data())
def test_test_max_is_shared_out_by_largest_remainders(tests: list[int], data: st.DataObject) -> None:
    """Beyond the one that each class has. What is left to train from, in another proportion, counts for nothing."""
    classes, left = dict(zip("abcde", tests, strict=False)), {"a": 30, "b": 4, "c": 60, "d": 2, "e": 9}
    labels = [label for label, number in classes.items() for _ in range(number + left[label])]
    declared = [side for label, number in classes.items() for side in ["test"] * number + ["train"] * left[label]]
    most = data.draw(st.integers(len(tests), max(len(tests), sum(tests) - 1)))
    kept = table(labels, run(labels, None, declared, test_max=most))
    assert sum(counts["test"] for counts in kept.values()) == min(most, sum(tests))
    over = max(1, sum(tests) - len(tests))
    exact = {label: 1 + (most - len(tests)) * (number - 1) / over for label, number in classes.items()}
    more = [exact[label] % 1 for label in classes if kept[label]["test"] > exact[label]]
    fewer = [exact[label] % 1 for label in classes if kept[label]["test"] < exact[label]]
    assert all(abs(kept[label]["test"] - exact[label]) < 1 for label in classes)
    assert not more or not fewer or min(more) > max(fewer) - 1e-9
