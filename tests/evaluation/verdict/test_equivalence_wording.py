"""The learning curve and the exchange rate: exact power laws, coverage, and honest words where nothing can be told."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from augment.data.imageset import ImageSet
from augment.evaluation.experiment.learning_curve import CurvePoint, class_recalls, curve_points, learning_curve_rows
from augment.evaluation.experiment.protocol import Protocol, Replicate, Splits
from augment.evaluation.experiment.training_sets import paired_seeds
from augment.evaluation.statistics.metric_table import MetricTable
from augment.evaluation.statistics.sample_equivalence import SampleEquivalence, power_law, sample_equivalence
from augment.evaluation.verdict.equivalence_wording import (
    LabellingGain,
    best_class_to_label,
    equivalence_entry,
    equivalence_sentence,
    labelling_advice,
)
from tests.toy import toy_set

SIZES = {"0.25": 25.0, "0.5": 50.0, "0.75": 75.0, "1": 100.0}


def error(size: float) -> float:
    return float(2.0 * size**-0.5)


def measured(errors: dict[str, np.ndarray], ratio: float | None = 0.0, images: int = 10_000) -> MetricTable:
    """Figures of names whose errors (S,) are given; without draws, as disjoint training sets have them."""
    values = {name: 1 - own for name, own in errors.items()}
    drawn = {name: np.zeros((len(own), 0)) for name, own in errors.items()}
    return MetricTable("balanced accuracy", values, drawn, 0.0, 100, images, 0, ratio)


def noisy(size_of_gan: float, seeds: int, noise: float, seed: int) -> MetricTable:
    """An exact power law, and a GAN arm that is as good as so many real images, all with noise on the logarithm."""
    rng = np.random.default_rng(seed)
    sizes = {**SIZES, "gan": size_of_gan}
    return measured({name: error(size) * np.exp(noise * rng.normal(size=seeds)) for name, size in sizes.items()})


@pytest.mark.parametrize("size", [40.0, 100.0, 130.0, 300.0])
def test_an_exact_law_gives_the_exact_size(size: float) -> None:
    found = sample_equivalence(noisy(size, 5, 1e-9, 0), "gan", SIZES, 100.0)
    assert found.curve_rises
    assert (found.min_measured, found.max_measured, found.max_searched) == (25.0, 100.0, 400.0)
    for end in (found.low, found.equivalent, found.high):
        assert end == pytest.approx(size, rel=0.005), "as fine as the search"


@pytest.mark.parametrize(("size", "end"), [(10.0, 25.0), (2000.0, 400.0)])
def test_beyond_what_is_looked_at_stands_the_end(size: float, end: float) -> None:
    found = sample_equivalence(noisy(size, 5, 1e-9, 0), "gan", SIZES, 100.0)
    assert (found.low, found.equivalent, found.high) == (end, end, end)


def test_the_interval_covers() -> None:
    """At the true size it errs in 5 % of runs; those whose curve does not surely rise tell nothing."""
    found = [sample_equivalence(noisy(130.0, 10, 0.1, seed), "gan", SIZES, 100.0) for seed in range(300)]
    assert sum(one.curve_rises for one in found) > 290
    covered = np.mean([one.low <= 130 <= one.high for one in found if one.curve_rises])
    assert 0.92 <= covered <= 0.98
    assert np.median([one.equivalent for one in found]) == pytest.approx(130, rel=0.03)


def test_test_images_count_in_the_interval() -> None:
    """With draws that move one arm, the interval is as wide as the draws."""
    exact = noisy(130.0, 5, 1e-9, 0)
    rng = np.random.default_rng(1)
    drawn = {name: own[:, None] + (0.02 * rng.normal(size=500) if name == "gan" else np.zeros(500))[None]
             for name, own in exact.values.items()}  # fmt: skip
    found = sample_equivalence(replace(exact, bootstrap=drawn, ratio=None), "gan", SIZES, 100.0)
    assert (found.low < 100, found.high > 180) == (True, True), "an error off by 11 % is a size off by 22 %"


def test_an_uncertain_threshold_counts_in_the_interval() -> None:
    """Recall at a false-alarm rate: what leaving out a group of normal images changes widens it, as draws do."""
    exact = noisy(130.0, 5, 1e-9, 0)
    exact = replace(exact, bootstrap={name: np.repeat(own[:, None], 50, 1) for name, own in exact.values.items()},
                    ratio=None)  # fmt: skip
    still = {name: np.zeros((5, 20)) for name in exact.values}
    moved = still | {"gan": np.where(np.arange(20) == 0, 0.02, 0.0)[None].repeat(5, 0)}
    certain, uncertain = (
        sample_equivalence(replace(exact, thresholds=changes), "gan", SIZES, 100.0) for changes in (still, moved)
    )
    assert certain == sample_equivalence(exact, "gan", SIZES, 100.0)
    assert certain.high == pytest.approx(130, rel=0.005)
    assert (uncertain.low < 100, uncertain.high > 180) == (True, True), "as wide as draws of this size make it"


def test_a_curve_that_does_not_rise_tells_nothing() -> None:
    rng = np.random.default_rng(0)
    flat = measured({name: 0.2 * np.exp(0.1 * rng.normal(size=5)) for name in [*SIZES, "gan"]})
    found = sample_equivalence(flat, "gan", SIZES, 100.0)
    assert not found.curve_rises
    assert "not measured" in equivalence_sentence(found, "gan", "classical")


def test_perfect_scores_are_no_fault() -> None:
    found = sample_equivalence(measured({name: np.zeros(3) for name in [*SIZES, "gan"]}), "gan", SIZES, 100.0)
    assert not found.curve_rises


def test_power_law() -> None:
    sizes = np.array([10.0, 20.0, 40.0])
    assert power_law(sizes, 3 * sizes**-0.7, 100.0) == pytest.approx(3 * 100**-0.7)
    assert power_law(sizes, np.array([0.1, 0.2, 0.4]), 100.0) == pytest.approx(0.2), "more images never do harm"


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
    text = equivalence_sentence(SampleEquivalence(100.0, 25.0, 100.0, True, equal, low, high), "gan", "classical")
    assert words in text
    assert "cannot" in text or text.split(".")[0].endswith(f"as `classical` would with {equal}")
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
    told_of = equivalence_entry(curve, replace(table, values={**table.values, "gan": table.values["1"]},
                                  bootstrap={**table.bootstrap, "gan": table.bootstrap["1"]}), found, {"a": 5, "b": 5},
                   "gan", "classical")  # fmt: skip
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
