"""Sample quality: good samples look good, bad ones bad, and too few are not measured."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from augment.core.engine import Engine
from augment.data.imageset import ImageSet
from augment.evaluation.samples import quality
from augment.evaluation.samples.quality import (
    QUALITY_COLUMNS,
    IndependentClassifier,
    fit_independent_classifiers,
    neighbour_count,
    off_class,
    quality_rows,
)
from augment.measure.classifiers import FitSettings, embeddings, probabilities
from augment.measure.features import random_convolutions
from augment.measure.metrics import density_coverage, fid, kid, precision_recall
from augment.synthesis.filter import FilterSettings, fit_filters
from tests.toy import bars, toy_set

TRAIN, TEST = toy_set({"a": 60, "b": 60}), toy_set({"a": 60, "b": 60}, seed=1)
METRICS = ["kid", "precision", "recall", "density", "coverage"]
SETTINGS = FilterSettings(folds=3, accept=0.9, fit=FitSettings(40, 5e-3), batch_size=16, flips="none")


def judged(train: ImageSet = TRAIN) -> list[IndependentClassifier]:
    return fit_independent_classifiers(train, SETTINGS, 0, Engine())


JUDGES = judged()


def found(
    samples: Mapping[str, np.ndarray],
    train: ImageSet = TRAIN,
    test: ImageSet = TEST,
    space: str = "random_convolutions",
) -> dict[Any, Any]:
    rows = quality_rows(train, test, samples, JUDGES)
    assert all(set(row) <= set(QUALITY_COLUMNS) for row in rows)
    assert len({(row["label"], row["space"], row["metric"]) for row in rows}) == len(rows)
    return {(row["label"], row["metric"]): row for row in rows if row["space"] == space}


def noise(count: int) -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, (count, 1, 8, 8), dtype=np.uint8)


def test_real_images_as_samples_score_as_real_images() -> None:
    rows = found({label: bars(position, 60, seed=2) for position, label in enumerate("ab")})
    assert list(rows) == [(label, metric) for label in ("pooled", "a", "b") for metric in METRICS]
    distance = abs(rows["pooled", "kid"]["real"]) + abs(rows["pooled", "kid"]["synthetic"])
    for label in ("pooled", "a", "b"):
        assert rows[label, "kid"]["synthetic"] == pytest.approx(0, abs=0.02)
        assert rows[label, "density"]["synthetic"] == pytest.approx(1, abs=0.25)
        assert rows[label, "coverage"]["synthetic"] > 0.85
    swapped = found({"a": bars(1, 60, seed=2), "b": bars(0, 60, seed=2)})
    for label in ("a", "b"):
        assert swapped[label, "kid"]["synthetic"] > 5 * distance, "images of another class are none of this one"


@pytest.mark.parametrize(("space", "factor"), [("random_convolutions", 100), ("classifier", 5)])
def test_planted_noise_is_worse_than_real_images_on_every_count(space: str, factor: float) -> None:
    rows = found({"a": noise(60), "b": noise(60)}, space=space)
    for label in ("pooled", "a", "b"):
        assert rows[label, "kid"]["synthetic"] > factor * abs(rows[label, "kid"]["real"])
        assert rows[label, "precision"]["synthetic"] < 0.1 < rows[label, "precision"]["real"]
        assert rows[label, "density"]["synthetic"] < 0.1 < rows[label, "density"]["real"]
        assert rows[label, "coverage"]["synthetic"] < 0.1 < rows[label, "coverage"]["real"]


def test_both_columns_are_the_metrics_against_test_with_equally_many_images() -> None:
    samples = {"a": bars(0, 40, seed=2), "b": noise(90)}
    rows = found(samples)
    for position, (label, count) in enumerate((("a", 40), ("b", 60))):
        reference = random_convolutions(TEST.of_class(label).images)
        real, fake = (random_convolutions(side[:count]) for side in (TRAIN.of_class(label).images, samples[label]))
        for column, own in (("real", real), ("synthetic", fake)):
            assert rows[label, "kid"][column] == pytest.approx(kid(real=reference, fake=own))
            expected = density_coverage(real=reference, fake=own, k=5)
            assert (rows[label, "density"][column], rows[label, "coverage"][column]) == pytest.approx(expected)
            expected = precision_recall(real=reference, fake=own)
            assert (rows[label, "precision"][column], rows[label, "recall"][column]) == pytest.approx(expected)
        assert (rows[label, "kid"]["n_synthetic"], rows[label, "kid"]["n_reference"]) == (count, 60)
        assert rows[label, "kid"]["note"] == ("few images: indicative" if position == 0 else "")
    assert rows["pooled", "kid"]["n_synthetic"] == 80, "each class with equally many, so shares do not count"


@pytest.mark.parametrize(("count", "k"), [(3, 3), (49, 3), (50, 5), (2000, 5)])
def test_small_sets_have_fewer_neighbours(count: int, k: int) -> None:
    assert neighbour_count(count) == k


@pytest.mark.parametrize(
    ("train", "test", "made"), [(24, 60, 60), (60, 24, 60), (60, 60, 24), (60, 60, 1), (60, 60, 0)]
)
def test_too_few_on_any_side_is_not_measured(train: int, test: int, made: int) -> None:
    rows = found(
        {"a": bars(0, made, seed=2), "b": bars(1, 30, seed=2)},
        toy_set({"a": train, "b": 60}),
        toy_set({"a": test, "b": 60}, seed=1),
    )
    assert ("a", "density") not in rows
    assert rows["a", "kid"]["note"] == "not measured: fewer than 25 images on a side"
    assert "synthetic" not in rows["a", "kid"]
    assert rows["b", "kid"]["synthetic"] == pytest.approx(0, abs=0.02), "the other class is"


def test_small_classes_are_judged_together() -> None:
    rows = found(
        {"a": bars(0, 20, seed=2), "b": bars(1, 15, seed=2)},
        toy_set({"a": 13, "b": 20}),
        toy_set({"a": 20, "b": 20}, seed=1),
    )
    assert rows["pooled", "kid"]["n_synthetic"] == rows["pooled", "kid"]["n_reference"] == 26
    assert rows["pooled", "coverage"]["synthetic"] > 0.8
    assert rows["pooled", "kid"]["note"] == "few images: indicative"
    assert [row["note"] for (label, _), row in rows.items() if label != "pooled"] == [
        "not measured: fewer than 25 images on a side"
    ] * 2


def test_without_samples_nothing_is_measured() -> None:
    rows = found({})
    assert list(rows) == [("pooled", "kid"), ("a", "kid"), ("b", "kid")]
    assert all(row["note"].startswith("not measured") for row in rows.values())


def test_in_the_judges_space_real_images_are_those_that_the_judge_has_not_seen() -> None:
    samples = {"a": bars(0, 60, seed=2), "b": bars(1, 60, seed=2)}
    rows = found(samples, space="classifier")
    assert [metric for label, metric in rows if label == "a"] == [*METRICS, "other_class"]
    expected: dict[str, list[float]] = {"real": [], "synthetic": []}
    for judge in JUDGES:
        unseen = embeddings(judge.network, judge.held_out.images)
        usual = np.sqrt((unseen**2).mean())
        reference = embeddings(judge.network, TEST.of_class("a").images) / usual
        real = judge.held_out.of_class("a").images
        assert len(real) == 30
        for column, images in (("real", real), ("synthetic", samples["a"][:30])):
            expected[column].append(kid(real=reference, fake=embeddings(judge.network, images) / usual))
    for column, values in expected.items():
        assert rows["a", "kid"][column] == pytest.approx(np.mean(values))
    assert (rows["a", "kid"]["n_synthetic"], rows["a", "kid"]["n_reference"]) == (30, 60)


def test_judges_split_the_training_images_by_group_and_are_none_of_the_filters() -> None:
    train = toy_set({"a": 40, "b": 20}, each=4)
    judges = judged(train)
    assert sum(len(judge.held_out) for judge in judges) == 60
    assert min(len(judge.held_out) for judge in judges) >= 20
    assert not set(judges[0].held_out.groups) & set(judges[1].held_out.groups)
    (own,) = fit_filters([train], SETTINGS, [0], Engine())
    assert all(
        not np.allclose(embeddings(judge.network, TEST.images), embeddings(network, TEST.images))
        for judge in judges
        for network in own.networks
    )


def test_the_share_of_another_class_is_what_the_judges_say_together() -> None:
    half = np.concatenate([bars(0, 30, seed=2), bars(1, 30, seed=3)])  # half of class a's samples are of class b
    rows = found({"a": half, "b": bars(1, 10, seed=2)}, space="classifier")
    assert (rows["a", "other_class"]["synthetic"], rows["b", "other_class"]["synthetic"]) == (0.5, 0)
    assert rows["pooled", "other_class"]["synthetic"] == 0.25, "classes count alike"
    assert [rows[label, "other_class"]["real"] for label in ("pooled", "a", "b")] == [0, 0, 0]
    assert (rows["pooled", "other_class"]["n_synthetic"], rows["pooled", "other_class"]["n_reference"]) == (70, 120)
    assert rows["b", "other_class"]["note"] == "few images: indicative"
    scores = np.mean([probabilities(judge.network, half) for judge in JUDGES], axis=0)
    expected = scores.argmax(axis=1) == 1
    assert off_class(JUDGES, ["a", "b"], {"a": half})["a"].tolist() == expected.tolist()


def test_fid_is_told_only_of_thousands_of_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality, "MIN_FID_IMAGES", 60)
    samples = {"a": bars(0, 60, seed=2), "b": bars(1, 59, seed=2)}
    rows = found(samples)
    reference, made = (random_convolutions(images) for images in (TEST.of_class("a").images, samples["a"]))
    assert rows["a", "fid"]["synthetic"] == pytest.approx(fid(real=reference, fake=made))
    assert ("b", "fid") not in rows
    assert ("pooled", "fid") in rows
    monkeypatch.undo()
    assert not [metric for _, metric in found(samples) if metric == "fid"]
    assert quality.MIN_FID_IMAGES == 2048
