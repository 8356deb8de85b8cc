"""The membership attack finds a generator that replays its training images, and nothing where there is nothing."""

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from augment.data.imageset import ImageSet
from augment.evaluation.samples import membership
from augment.evaluation.samples.membership import (
    AttackScores,
    MembershipRow,
    attack_scores,
    auc,
    membership_rows,
    recall_at_rate,
)
from augment.measure.features import pixels
from tests.evaluation.samples.test_leakage import drawn, drawn_set, replay

Samples = Mapping[str, np.ndarray]
FIGURES = [(space, figure) for space in ("pixels", "random_convolutions") for figure in ("auc", "tpr_0.01", "tpr_0.1")]


@pytest.fixture(autouse=True)
def fewer_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(membership, "BOOTSTRAP_DRAWS", 200)


def attack(train: ImageSet, test: ImageSet, samples: Samples) -> dict[tuple[str, str], MembershipRow]:
    rows = membership_rows(train, test, samples, np.random.default_rng(0))
    found = {(row.space, row.figure): row for row in rows}
    assert list(found) == FIGURES
    assert len(rows) == len(found)
    return found


def fresh(seed: int, count: int = 120) -> dict[str, np.ndarray]:
    return {label: drawn(count, seed, label) for label in "ab"}


def weigh(members: int, control: int, seed: int) -> AttackScores:
    """Scores on a grid, so that many are equal, and any weights."""
    rng = np.random.default_rng(seed)
    total = members + control
    groups = np.arange(total).astype(np.str_)
    return AttackScores(rng.integers(0, 8, total) / 8, np.arange(total) < members, rng.random(total) + 0.01, groups)


@given(st.integers(1, 30), st.integers(1, 30), st.integers(0, 1000))
def test_auc_is_the_reference_implementations(members: int, control: int, seed: int) -> None:
    found = weigh(members, control, seed)
    expected = roc_auc_score(found.member, -found.score, sample_weight=found.weight)
    assert auc(found, found.weight) == pytest.approx(expected)


@pytest.mark.parametrize(("rate", "expected"), [(0.05, 0.05), (0.1, 0.1), (0.5, 0.5)])
def test_members_below_the_threshold_are_counted(rate: float, expected: float) -> None:
    """19 control images at 1, 2, ... 19: at a rate of r the threshold is the 20 r-th; members lie in between."""
    score = np.r_[np.arange(20) + 0.5, np.arange(1.0, 20)]
    found = AttackScores(score, np.arange(39) < 20, np.ones(39), np.arange(39).astype(np.str_))
    assert recall_at_rate(found, found.weight, rate, 19) == pytest.approx(expected)


@given(st.integers(1, 30), st.integers(1, 60), st.integers(0, 1000), st.sampled_from(membership.FALSE_ALARM_RATES))
def test_no_more_control_images_lie_below_the_threshold_than_the_rate_allows(
    members: int, control: int, seed: int, rate: float
) -> None:
    found = weigh(members, control, seed)
    mirrored = AttackScores(
        np.r_[found.score[~found.member], found.score[~found.member]],
        np.arange(2 * control) < control,
        np.tile(found.weight[~found.member], 2),
        np.arange(2 * control).astype(np.str_),
    )
    assert recall_at_rate(mirrored, mirrored.weight, rate, control) <= rate * (control + 1) / control


@pytest.mark.parametrize("noise", [0, 2])
def test_a_generator_that_replays_training_images_is_found(noise: float) -> None:
    train, test = drawn_set(60, 1), drawn_set(60, 2)
    for (_, figure), row in attack(train, test, replay(train, noise, count=400)).items():
        assert (row.members, row.control, row.note) == (120, 120, "")
        assert row.value is not None
        assert row.low is not None
        assert row.value >= 0.95
        assert row.chance < row.low < row.value, figure
        assert row.high == 1


def test_an_attack_on_few_images_is_never_told_as_certain() -> None:
    train, test = drawn_set(10, 1), drawn_set(10, 2)
    row = attack(train, test, replay(train, 0, count=400))["pixels", "auc"]
    assert row.value == 1
    assert row.low == pytest.approx(1 - 1.96 / 20)


def test_some_replays_among_honest_samples_are_found() -> None:
    train, test = drawn_set(100, 1), drawn_set(100, 2)
    some, honest = replay(train, 0, count=60), fresh(3, 200)
    mixed = {label: np.concatenate([honest[label], some[label]]) for label in "ab"}
    for row in attack(train, test, mixed).values():
        assert row.low is not None
        assert row.low > row.chance


def covered(seeds: range) -> dict[tuple[str, str], int]:
    """In how many seeds the interval of an independent generator holds what guessing gives."""
    count = dict.fromkeys(FIGURES, 0)
    for seed in seeds:
        train, test = drawn_set(30, 3 * seed + 1), drawn_set(50, 3 * seed + 2)
        for key, row in attack(train, test, fresh(3 * seed)).items():
            assert row.low is not None
            assert row.high is not None
            count[key] += row.low <= row.chance <= row.high
    return count


def test_an_independent_generator_gives_nothing_away() -> None:
    assert min(covered(range(20)).values()) >= 16


@pytest.mark.slow
def test_the_interval_of_an_independent_generator_covers_one_half_in_ninety_of_a_hundred_seeds() -> None:
    count = covered(range(100))
    print(count)
    assert min(count.values()) >= 90, count


def test_classes_pool_whatever_their_sizes_and_their_generators_quality() -> None:
    """One class has ten times the other's training images, and a generator of noise: neither is a sign of members."""
    aucs = []
    for seed in range(20):
        sides = [drawn_set(60, 2 * seed + 1), drawn_set(60, 2 * seed + 2)]
        train = sides[0].take(np.flatnonzero((sides[0].labels == "a") | (np.arange(120) < 66)))
        test = sides[1].take(np.flatnonzero((sides[1].labels == "b") | (np.arange(120) < 10)))
        samples = fresh(999 + seed) | {"b": np.random.default_rng(seed).integers(0, 256, (50, 1, 8, 8), dtype=np.uint8)}
        row = attack(train, test, samples)["pixels", "auc"]
        aucs.append(row.value)
    assert np.mean(aucs) == pytest.approx(0.5, abs=0.04)


def test_the_score_is_the_distance_to_samples_in_units_of_the_usual_one() -> None:
    train, test = drawn_set(6, 1).of_class("a"), drawn_set(4, 2, each=2).of_class("a")
    samples = fresh(3, 7)
    found = attack_scores(train, test, samples, pixels)
    real = np.concatenate([train.images, test.images]).reshape(10, -1) / 255
    made = samples["a"].reshape(7, -1) / 255
    between = np.linalg.norm(real[:, None] - real[None], axis=2)
    between[found.groups[:, None] == found.groups] = np.inf
    expected = np.linalg.norm(real[:, None] - made[None], axis=2).min(axis=1) / between.min(axis=1)
    np.testing.assert_allclose(found.score, expected, rtol=1e-5)
    assert found.member.tolist() == [True] * 6 + [False] * 4
    assert (found.units(True), found.units(False)) == (6, 2)
    assert found.weight[found.member].sum() == pytest.approx(found.weight[~found.member].sum())


def test_images_of_one_group_are_one_unit() -> None:
    """Every image four times under its group widens nothing and narrows nothing; as strangers they would."""
    train, test = drawn_set(30, 1), drawn_set(30, 2)
    plain = attack(train, test, fresh(3))["pixels", "auc"]
    often = [side.take(np.repeat(np.arange(60), 4)) for side in (train, test)]
    grouped = attack(*often, fresh(3))["pixels", "auc"]
    assert (grouped.value, grouped.members) == (pytest.approx(plain.value), 60)
    assert plain.high is not None
    assert plain.low is not None
    assert grouped.high is not None
    assert grouped.low is not None
    assert grouped.high - grouped.low == pytest.approx(plain.high - plain.low, rel=0.1)


@pytest.mark.parametrize(("train", "test"), [(9, 40), (40, 9)])
def test_below_twenty_on_a_side_nothing_is_measured(train: int, test: int) -> None:
    for row in attack(drawn_set(train, 1), drawn_set(test, 2), fresh(3)).values():
        assert (row.value, row.low, row.high) == (None, None, None)
        assert row.note.startswith(f"not measured: {2 * train} independent training and {2 * test} test images")
        assert (row.members, row.control) == (2 * train, 2 * test)


def test_a_rare_false_alarm_needs_a_large_control() -> None:
    found = attack(drawn_set(20, 1), drawn_set(49, 2), fresh(3))
    assert [figure for (space, figure), row in found.items() if row.value is None and space == "pixels"] == ["tpr_0.01"]
    assert found["pixels", "tpr_0.01"].note.endswith("at least 20 and 99 are needed")
    assert attack(drawn_set(20, 1), drawn_set(50, 2), fresh(3))["pixels", "tpr_0.01"].value is not None


def test_classes_without_samples_or_control_are_left_out() -> None:
    train, test = drawn_set(40, 1), drawn_set(40, 2)
    alone = attack(train, test, {"a": drawn(50, 3, "a"), "b": np.zeros((0, 1, 8, 8), np.uint8)})
    assert (alone["pixels", "auc"].members, alone["pixels", "auc"].control) == (40, 40)
    assert attack(train, test.of_class("a"), fresh(3))["pixels", "auc"].members == 40
    assert {row.note[:12] for row in attack(train, test, {}).values()} == {"not measured"}
