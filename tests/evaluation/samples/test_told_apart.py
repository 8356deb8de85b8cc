"""A probe that tells made images from real ones is asked about originals of which it knows nothing."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from augment.data.imageset import UInt8
from augment.data.split.groups import group_folds
from augment.evaluation.arms.draws import Samples
from augment.evaluation.arms.judged import judged_images
from augment.evaluation.arms.probe import balanced_weights
from augment.evaluation.arms.seen import Look
from augment.evaluation.experiment.protocol import Splits
from augment.evaluation.samples import told_apart
from augment.evaluation.samples.judging import look_at_samples
from augment.evaluation.samples.made_and_real import made_images, seen_classes
from augment.evaluation.samples.told_apart import FOLDS, STRENGTH, ToldApartRow, held_out_auc, told_apart_rows
from augment.measure.logistic import fit_logistic, logistic_probabilities
from tests.evaluation.arms.backbones import small_backbone  # noqa: F401  (a fixture)
from tests.evaluation.experiment.test_experiment import SETTINGS
from tests.toy import bars, toy_set

TRAIN = toy_set({"a": 60, "b": 12, "c": 12}, side=16)
TEST = toy_set({"a": 30, "b": 30, "c": 30}, side=16, seed=5)
LOOK = Look("lite0", "none", 0)
RNG = np.random.default_rng(0)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6), st.integers(4, 12), st.integers(4, 12))
def test_pairs_are_counted_as_scikit_learn_counts_them(seed: int, real: int, made: int) -> None:
    rng = np.random.default_rng(seed)
    features, is_made = rng.normal(size=(real + made, 5)).astype(np.float32), np.arange(real + made) >= real
    groups = np.concatenate([np.arange(real), rng.integers(0, real, made)])
    right, pairs = 0.0, 0
    for inside, outside in group_folds(is_made.astype(int), groups, FOLDS, 7):
        if min(len(set(is_made[inside])), len(set(is_made[outside]))) == 2:
            targets = is_made[inside].astype(int)
            model = fit_logistic(features[inside], targets, balanced_weights(targets, len(inside)), STRENGTH)
            scores = logistic_probabilities(model, features[outside], 2)[:, 1]
            count = int(is_made[outside].sum() * (~is_made[outside]).sum())
            right, pairs = right + count * roc_auc_score(is_made[outside], scores), pairs + count
    found = held_out_auc(features, is_made, groups, 7)
    assert found == (pytest.approx(right / pairs) if pairs else None)


def test_what_differs_is_told_and_what_does_not_is_not() -> None:
    is_made, groups = np.arange(80) >= 40, np.arange(80)
    features = RNG.normal(size=(80, 20)).astype(np.float32)
    assert abs((held_out_auc(features, is_made, groups, 0) or 0) - 0.5) < 0.2
    features[is_made, :10] += 4
    assert held_out_auc(features, is_made, groups, 0) == 1.0


def test_an_original_known_by_heart_tells_nothing_of_others() -> None:
    """Every made image is its original turned about, so a probe that had seen the original would know it."""
    originals = RNG.normal(size=(40, 200)).astype(np.float32)
    features, is_made = np.concatenate([originals, -originals]), np.arange(80) >= 40
    assert held_out_auc(features, is_made, np.tile(np.arange(40), 2), 0) == pytest.approx(0.5, abs=0.2)
    assert held_out_auc(features, is_made, np.arange(80), 0) != pytest.approx(0.5, abs=0.2)


def kept(**changed: UInt8) -> Mapping[str, UInt8]:
    return {label: bars(position, 30, seed=9, side=16) for position, label in enumerate("abc")} | changed


def filtered(images: Mapping[str, UInt8], of: Mapping[str, Any], matched: bool = False) -> Samples:
    return Samples({"filtered": images}, origins={"filtered": of}, matched=matched)


def origins(at: int = -1) -> dict[str, Any]:
    return {label: np.full(30, at) for label in "abc"}


def told(samples: Samples, look: Look = LOOK) -> list[ToldApartRow]:
    return told_apart_rows(TRAIN, list(seen_classes(TRAIN, TEST, samples, look, 0)), 0)


def by_label(rows: list[ToldApartRow]) -> dict[tuple[str, str], ToldApartRow]:
    return {(row.kind, row.label): row for row in rows}


@pytest.mark.usefixtures("small_backbone")
def test_classes_that_get_samples_have_rows_and_a_mean() -> None:
    samples = kept(c=255 - bars(2, 30, seed=9, side=16))
    rows = by_label(told(filtered(samples, origins())))
    assert list(rows) == [("samples", "b"), ("samples", "c"), ("samples", "")]
    assert rows["samples", "c"].auc == 1.0, "inverted"
    assert 0.2 < (rows["samples", "b"].auc or 0) < 0.8, "drawn as the real ones are"
    assert (rows["samples", "b"].real, rows["samples", "b"].made, rows["samples", "b"].note) == (12, 30, "")
    assert rows["samples", ""].auc == pytest.approx((rows["samples", "b"].auc + 1.0) / 2)  # type: ignore[operator]


@pytest.mark.usefixtures("small_backbone")
def test_images_are_shown_at_the_judged_size_and_treated_ones_stand_beside_samples() -> None:
    """Originals of one grey with noise; samples are enlarged bars, and so are treated images of class a."""
    larger = RNG.integers(100, 150, (len(TRAIN) + len(TEST), 1, 32, 32), dtype=np.uint8)
    look = replace(LOOK, judged=judged_images([TRAIN, TEST], larger))
    rows = by_label(told(filtered(kept(), origins(), matched=True), look))
    assert [*rows] == [("samples", "b"), ("samples", "c"), ("treated", "a"), ("samples", ""), ("treated", "")]
    assert all(row.auc == 1.0 for row in rows.values())
    edits = {"b": TRAIN.of_class("b").images, "c": TRAIN.of_class("c").images}  # that change nothing
    unchanged = {label: np.arange(12) for label in "bc"}
    rows = by_label(told(filtered(edits, unchanged, matched=True), look))
    assert all(0.1 < (row.auc or 0) < 0.9 for row in rows.values())
    assert ("treated", "a") not in by_label(told(filtered(kept(), origins()), look))


@pytest.mark.usefixtures("small_backbone")
def test_too_few_say_so() -> None:
    samples = {"b": bars(1, 5, side=16), "c": bars(2, 0, side=16)}
    (row,) = told(filtered(samples, {"b": np.full(5, -1)}))
    assert (row.label, row.auc, row.made) == ("b", None, 5)
    assert "fewer than 6" in row.note
    assert told(filtered({}, {}, matched=True)) == []


def test_no_more_are_drawn_than_asked_for_each_with_its_own_original() -> None:
    numbered = {"b": np.broadcast_to(np.arange(30, dtype=np.uint8)[:, None, None, None], (30, 1, 16, 16))}
    samples, treated_a, treated_c = made_images(
        TRAIN, filtered(numbered, {"b": np.arange(30) % 12}, matched=True), 10, 3
    )
    assert (samples.label, treated_a.label, treated_c.label) == ("b", "a", "c")
    assert [len(each.images) for each in (samples, treated_a, treated_c)] == [10, 10, 10]
    assert np.array_equal(samples.images[:, 0, 0, 0] % 12, samples.origins)
    assert len(set(samples.images[:, 0, 0, 0].tolist())) == 10
    assert np.array_equal(treated_a.images, TRAIN.of_class("a").images[treated_a.origins])


@pytest.mark.usefixtures("small_backbone")
def test_nothing_is_told_without_a_backbone_and_treated_images_only_where_arms_are_matched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(told_apart, "MIN_GROUPS", 1)
    samples, splits = Samples({"filtered": kept()}, origins={"filtered": origins()}), Splits(TRAIN, TEST, TEST)
    assert look_at_samples(splits, samples, SETTINGS, 0) == []
    judged = judged_images([TRAIN, TEST], RNG.integers(0, 256, (len(TRAIN) + len(TEST), 1, 32, 32), dtype=np.uint8))
    larger = replace(SETTINGS, arms=("none", "probe"), look=replace(LOOK, judged=judged))
    for base, expected in (("classical", {"samples"}), ("probe", {"samples", "treated"})):
        seen = look_at_samples(splits, samples, replace(larger, base=base), 0)
        assert {one.made_of.kind for one in seen} == expected
