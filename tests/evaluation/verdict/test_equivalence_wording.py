"""The learning curve and the exchange rate: exact power laws, coverage, and honest words where nothing can be told."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from augment.data.imageset import ImageSet
from augment.evaluation.experiment.learning_curve import CurvePoint, class_recalls, curve_points, learning_curve_rows
from augment.evaluation.experiment.protocol import Protocol, Replicate, Splits
from augment.evaluation.experiment.training_sets import paired_seeds
from augment.evaluation.statistics.sample_equivalence import SampleEquivalence, sample_equivalence
from augment.evaluation.verdict.equivalence_wording import (
    LabellingGain,
    best_class_to_label,
    equivalence_entry,
    equivalence_sentence,
    labelling_advice,
)
from tests.evaluation.statistics.test_sample_equivalence import SIZES, measured
from tests.toy import toy_set


def test_a_curve_that_does_not_rise_tells_nothing() -> None:
    rng = np.random.default_rng(0)
    flat = measured({name: 0.2 * np.exp(0.1 * rng.normal(size=5)) for name in [*SIZES, "gan"]})
    found = sample_equivalence(flat, "gan", SIZES, 100.0)
    assert not found.curve_rises
    assert "not measured" in equivalence_sentence(found, "gan_half_filtered", "classical")


@pytest.mark.parametrize(
    ("low", "equal", "high", "words"),
    [
        (112, 140, 180, "worth about 40 more real ones [+12, +80]"),
        (112, 140, 400, "worth at least 12 more real ones [+12, +300 or more]"),
        (80, 140, 180, "not shown to be worth any real ones: +40 [-20, +80]"),
        (25, 40, 90, "worth less than none: as if 60 real ones were missing [-75 or fewer, -10]"),
        (25, 140, 400, "cannot be told"),
    ],
)
def test_the_words(low: float, equal: float, high: float, words: str) -> None:
    text = equivalence_sentence(
        SampleEquivalence(100.0, 25.0, 100.0, True, equal, low, high), "gan_half_filtered", "classical"
    )
    assert words in text
    assert "cannot" in text or text.split(".")[0].endswith(f"classical augmentation would with {equal} real ones")
    assert ("extrapolated" in text) == (high > 100 and "cannot" not in words)


def prepared(pool: int = 0) -> tuple[Protocol, ImageSet]:
    splits = Splits(toy_set({"a": 40, "b": 8}), toy_set({"a": 2}, 1), toy_set({"a": 5, "b": 5}, 2))
    val, test = (replace(side, groups=np.char.add(name, side.groups)) for name, side in
                 (("val ", splits.val), ("test ", splits.test)))  # fmt: skip
    more = toy_set({"a": 50, "b": 50}, 3)
    more = replace(more, groups=np.char.add("pool ", more.groups))
    return paired_seeds(Splits(splits.train, val, test), [3, 4]), more.take(np.arange(0, 100) < pool)


def test_sizes_lie_within_each_other_and_repeats_draw_their_own() -> None:
    protocol, pool = prepared()
    curve = curve_points(protocol, pool, 0)
    assert [(own.name, own.images_of("a"), own.images_of("b")) for own in curve] == [
        ("0.25", 10, 2), ("0.5", 20, 4), ("0.75", 30, 6), ("1", 40, 8),
    ]  # fmt: skip
    assert [own.images for own in curve] == [12, 24, 36, 48]
    for number in (0, 1):
        drawn = [set(own.replicates[number].splits.train.groups.tolist()) for own in curve]
        assert all(less < more for less, more in itertools.pairwise(drawn))
        assert all(own.replicates[number].splits.test is protocol.first_splits.test for own in curve)
    first, second = (set(curve[0].replicates[number].splits.train.groups.tolist()) for number in (0, 1))
    assert first != second
    assert curve[-1].replicates is protocol.replicates


def test_the_pool_gives_twice_as_many() -> None:
    protocol, pool = prepared(pool=100)
    curve = curve_points(protocol, pool, 0)
    assert (curve[-1].name, curve[-1].fraction, curve[-1].images_of("a"), curve[-1].images_of("b")) == (
        "2",
        2.0,
        80,
        16,
    )
    larger = curve[-1].replicates[0].splits
    assert set(protocol.first_splits.train.groups.tolist()) < set(larger.train.groups.tolist())
    assert not set(larger.train.groups.tolist()) & set(larger.test.groups.tolist())


def scored(wrong: int, seed: int = 0) -> np.ndarray:
    """Probabilities (10, 2) with the first `wrong` images of b taken for a."""
    answers = np.array([0] * 5 + [0] * wrong + [1] * (5 - wrong))
    return np.eye(2, dtype=np.float32)[answers]


def test_recalls_rows_and_the_class_to_label() -> None:
    protocol, pool = prepared()
    curve = curve_points(protocol, pool, 0)
    scores = {own.name: [scored(wrong), scored(wrong)] for own, wrong in zip(curve, (4, 3, 3, 2), strict=True)}
    found = class_recalls(protocol, scores)
    assert found["0.25"]["b"].tolist() == [0.2, 0.2]
    assert found["1"]["a"].tolist() == [1.0, 1.0]
    table = measured({name: 1 - np.array([0.5 + own["b"][0] / 2] * 2) for name, own in found.items()}, images=10)
    written = list(learning_curve_rows(curve, table, found))
    assert len(written) == 4 * 3 * 2
    assert written[0] == {"fraction": 0.25, "images": 12, "label": "", "class_images": 12, "seed": 0, "value": 0.6}
    assert written[4] == {"fraction": 0.25, "images": 12, "label": "b", "class_images": 2, "seed": 0, "value": 0.2}
    best = best_class_to_label(curve, found, 6, {"a": 5, "b": 5})
    assert (best.label, best.number) == ("b", 6)
    assert 0.5 < best.before < 0.6 < best.after < 0.75
    assert best_class_to_label(curve, found, None, {"a": 5, "b": 5}).number == 8, "as many again"
    gan = "gan_half_filtered"
    values, draws = {**table.values, gan: table.values["1"]}, {**table.bootstrap, gan: table.bootstrap["1"]}
    with_gan = replace(table, values=values, bootstrap=draws)
    told_of = equivalence_entry(curve, with_gan, found, {"a": 5, "b": 5}, gan, "classical")
    assert told_of["label"]["label"] == "b"
    assert told_of["curve"][0] == {"images": 12, "mean": 0.6}
    assert "'b'" in told_of["advice"]


def test_no_class_is_named_where_none_would_gain() -> None:
    nothing = SampleEquivalence(100.0, 25.0, 100.0, False, 25.0, 25.0, 25.0)
    assert labelling_advice(LabellingGain("b", 8, 0.9, 0.903), nothing).startswith("No class's recall")
    assert "instead" not in labelling_advice(LabellingGain("b", 8, 0.8, 0.9), nothing)
    assert "8 more of 'b' instead" in labelling_advice(
        LabellingGain("b", 8, 0.8, 0.9), replace(nothing, curve_rises=True, equivalent=120.0)
    )


def test_a_missing_class_in_one_repeat_is_no_value() -> None:
    protocol, _ = prepared()
    one = protocol.first_splits
    without = Splits(one.train, one.val, one.test.take(one.test.labels == "a"))
    protocol = Protocol("folds", [Replicate(0, one), Replicate(1, without)], 0.25, False)
    found = class_recalls(protocol, {"1": [scored(1), scored(0)[:5]]})
    assert found["1"]["b"][0] == 0.8
    assert np.isnan(found["1"]["b"][1])
    written = learning_curve_rows([CurvePoint("1", 1.0, protocol.replicates)], measured({"1": np.zeros(2)}), found)
    assert [row["value"] for row in written if row["label"] == "b"] == [0.8, None]
