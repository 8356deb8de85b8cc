"""Splits: counts, groups, and independence of order and of other classes."""

from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.core.errors import DataError
from augment.data.split.split import split
from augment.params import Ingest

DEFAULTS = Ingest(test_max=10_000)


def run(labels: list[str], groups: list[str] | None = None, given_: list[str] | None = None, **changes: object) -> list:
    groups, seed = groups or [f"{label}/{i}" for i, label in enumerate(labels)], changes.pop("seed", 0)
    return split(labels, groups, given_ or [""] * len(labels), DEFAULTS.model_copy(update=changes), seed).tolist()


def table(labels: list[str], result: list[str]) -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for label, name in zip(labels, result, strict=True):
        counts[label][name] += 1
    return dict(counts)


@pytest.mark.parametrize(
    ("number", "test", "val"),
    [(5, 2, 1), (8, 2, 1), (10, 3, 1), (100, 30, 14), (3, 1, 0), (4, 1, 1)],
)
def test_fractions(number: int, test: int, val: int) -> None:
    counts = table(["a"] * number, run(["a"] * number))["a"]
    assert counts == Counter(test=test, val=val, train=number - test - val)


@pytest.mark.parametrize(("n", "val"), [(2, 0), (4, 1), (5, 1), (10, 2), (60, 12), (79, 16)])
def test_train_per_class_draws_train_and_val(n: int, val: int) -> None:
    labels = ["a"] * 100 + ["b"] * 80
    for label, counts in table(labels, run(labels, train_per_class=n)).items():
        assert counts == Counter(train=n - val, val=val, test=labels.count(label) - n)


def test_train_per_class_by_name_and_nested() -> None:
    labels = ["a"] * 30 + ["b"] * 30
    small = run(labels, train_per_class={"a": 10, "b": 4})
    large = run(labels, train_per_class={"a": 20, "b": 4})
    assert table(labels, small)["a"]["test"] == 20
    assert table(labels, small)["b"]["test"] == 26
    assert small[30:] == large[30:]
    assert all(then != "test" for now, then in zip(small, large, strict=True) if now in ("train", "val"))


@pytest.mark.parametrize(("train", "fraction", "val"), [(4, 0.02, 0), (5, 0.02, 1), (10, 0.02, 1), (14, 0.95, 12)])
def test_val_has_one_of_five_and_leaves_two(train: int, fraction: float, val: int) -> None:
    declared = ["train"] * train + ["test"] * 3
    assert Counter(run(["a"] * len(declared), None, declared, val_fraction=fraction)) == Counter(
        {"train": train - val, "val": val, "test": 3}
    )


classes_of_groups = st.dictionaries(
    st.sampled_from("abcde"), st.lists(st.integers(1, 4), min_size=12, max_size=25), min_size=1, max_size=4
)


@settings(max_examples=60, deadline=None)
@given(classes_of_groups, st.randoms(use_true_random=False), st.sampled_from([None, 4, 9]), st.integers(0, 3))
def test_pure_groups(sizes: dict[str, list[int]], random, per_class: int | None, seed: int) -> None:
    rows = [(k, f"{k}{g}") for k, groups in sizes.items() for g, size in enumerate(groups) for _ in range(size)]
    labels, groups = [k for k, _ in rows], [g for _, g in rows]
    result = run(labels, groups, train_per_class=per_class, seed=seed)
    sides = dict(zip(groups, result, strict=True))
    assert all(sides[g] == side for g, side in zip(groups, result, strict=True))  # no group straddles
    for label, counts in table(labels, result).items():
        total = labels.count(label)
        want_test = max(1, int(total * 0.3 + 0.5)) if per_class is None else total - per_class
        assert abs(counts["test"] - want_test) <= 3  # whole groups of at most 4
        assert counts["train"] >= 2
    # Neither the order of files nor another class matters.
    order = random.sample(range(len(rows)), len(rows))
    shuffled = run([labels[i] for i in order], [groups[i] for i in order], train_per_class=per_class, seed=seed)
    assert shuffled == [result[i] for i in order]
    more = run([*labels, *"z" * 20], [*groups, *(f"z{i}" for i in range(20))], train_per_class=per_class, seed=seed)
    assert more[: len(rows)] == result


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=5), min_size=25, max_size=50))
def test_groups_of_several_classes_never_straddle(units: list[list[str]]) -> None:
    rows = [(k, f"g{i}") for i, members in enumerate([*units, *(["a", "b", "c"] for _ in range(9))]) for k in members]
    labels, groups = [k for k, _ in rows], [g for _, g in rows]
    result = run(labels, groups)
    sides = dict(zip(groups, result, strict=True))
    assert all(sides[g] == side for g, side in zip(groups, result, strict=True))
    for label, counts in table(labels, result).items():
        assert 1 <= counts["test"] <= 0.3 * labels.count(label) + 1


def test_mixed_groups_share_the_test_with_pure_ones() -> None:
    units = [["a", "b"]] * 50 + [["a"]] * 50 + [["b"]] * 50
    rows = [(k, f"g{i}") for i, members in enumerate(units) for k in members]
    labels, groups = [k for k, _ in rows], [g for _, g in rows]
    result = run(labels, groups)
    tested = {g for g, name in zip(groups, result, strict=True) if name == "test"}
    assert sum(int(g[1:]) < 50 for g in tested) == 15
    assert table(labels, result)["a"]["test"] == 30


def test_declared_split_is_kept() -> None:
    labels = ["a"] * 30 + ["b"] * 30
    declared = (["train"] * 15 + [""] * 5 + ["test"] * 10) * 2
    result = run(labels, None, declared)
    assert [name == "test" for name in result] == [name == "test" for name in declared]
    assert table(labels, result)["a"] == Counter(train=16, val=4, test=10)
    with_val = ["train"] * 15 + ["val"] * 7 + ["test"] * 8 + declared[30:]
    result = run(labels, None, with_val)
    assert result[:30] == with_val[:30]  # a's own val is its val, and nothing is added to it
    assert table(labels, result)["b"]["val"] == 4


def test_declared_split_with_train_per_class() -> None:
    labels = ["a"] * 40
    result = run(labels, None, ["train"] * 30 + ["test"] * 10, train_per_class=10)
    assert table(labels, result)["a"] == Counter({"train": 8, "val": 2, "": 20, "test": 10})
    assert result[30:] == ["test"] * 10
    own_val = ["train"] * 20 + ["val"] * 10 + ["test"] * 10
    result = run(labels, None, own_val, train_per_class=10)
    assert Counter(result[:20]) == {"train": 8, "": 12}
    assert Counter(result[20:30]) == {"val": 2, "": 8}
    result = run(labels, None, own_val, train_per_class=10, val_fraction=0.95)
    assert table(labels, result)["a"] == Counter({"train": 2, "val": 8, "": 20, "test": 10})
    result = run(labels, None, ["train"] * 30 + ["test"] * 10, train_per_class=30)
    assert table(labels, result)["a"] == Counter(train=24, val=6, test=10)
    assert Counter(run(labels, None, own_val, train_per_class=2)) == {"train": 2, "test": 10, "": 28}
    with pytest.raises(DataError, match="31 training images asked for, 30 found outside the declared test"):
        run(labels, None, own_val, train_per_class=31)


def test_undeclared_images_follow_their_group() -> None:
    for declared in (["", "test"], ["test", ""]):
        result = run(["a"] * 12, ["g"] * 2 + [f"{i}" for i in range(10)], declared + [""] * 10)
        assert result[:2] == ["test", "test"]
    advice = r"put all of it into one split \(meta.csv, or images.csv\)$"
    with pytest.raises(DataError, match=f"group 'g' is in train and in test; {advice}"):
        run(["a"] * 12, ["g"] * 2 + [f"{i}" for i in range(10)], ["train", "test"] + [""] * 10)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"train_per_class": {"aa": 3}}, "no class 'c'; the classes are 'aa', 'b'"),
        ({"train_per_class": {"aa": 3, "b": 3, "aaa": 3}}, "no class 'aaa'; did you mean 'aa'"),
        ({"train_per_class": {"aa": 3}}, "no number for 'b'"),
        (
            {"train_per_class": {"aa": 3, "b": 8}},
            "class 'b': 8 training images asked for, 8 usable images found, and at least 1 must be left for test; "
            "lower ingest.train_per_class or add images$",
        ),
    ],
)
def test_impossible_draws(changes: dict, message: str) -> None:
    if "'c'" in message:
        changes = {"train_per_class": {**changes["train_per_class"], "c": 3}}
    with pytest.raises(DataError, match=message):
        run(["aa"] * 20 + ["b"] * 8, **changes)


def test_of_many_classes_ten_are_named() -> None:
    labels = [f"c{index:02}" for index in range(12) for _ in range(5)]
    with pytest.raises(DataError, match=r"the classes are 'c00', .*'c09', \.\.\.$"):
        run(labels, train_per_class={**dict.fromkeys(labels, 3), "other": 3})


def test_one_group_cannot_be_split() -> None:
    with pytest.raises(DataError, match="class 'b': the split would leave 8 images to train on and 0 to test on"):
        run(["a"] * 8 + ["b"] * 8, [str(i) for i in range(8)] + ["one"] * 8)
    with pytest.raises(DataError, match=r"class 'b'.*0 to test on"):
        run(["a"] * 8 + ["b"] * 8, None, ["train"] * 6 + ["test"] * 2 + [""] * 8)
    with pytest.raises(DataError, match=r"1 images to train on and 7 to test on; .* lacks a class$"):
        run(["a"] * 8, None, ["train"] + ["test"] * 7)
    with pytest.raises(DataError, match=r"^class 'a': .*\nclass 'b': "):
        run(["a"] * 8 + ["b"] * 8, None, ["train"] * 15 + ["test"], train_per_class=9)


@pytest.mark.parametrize("short", [(8, 7, 8), (8, 8, 7)])
def test_texts_are_as_many_as_images(short: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="shorter"):
        split(*(["a"] * number for number in short), DEFAULTS, 0)


def test_a_large_group_does_not_become_val() -> None:
    result = run(["a"] * 20, ["big"] * 9 + ["large"] * 8 + ["x", "y", "z"], train_per_class=17)
    assert Counter(result)["val"] <= Counter(result)["train"]
    assert isinstance(split(["a"] * 9, [str(i) for i in range(9)], [""] * 9, DEFAULTS, 0), np.ndarray)
