"""Sample quality: good samples look good, bad ones bad, and too few are not measured."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from augment.data.imageset import ImageSet
from augment.evaluation.quality import COLUMNS, neighbours, quality
from augment.measure.features import random_convolutions
from augment.measure.metrics import density_coverage, kid
from tests.toy import bars, toy_set

TRAIN, TEST = toy_set({"a": 60, "b": 60}), toy_set({"a": 60, "b": 60}, seed=1)
METRICS = ["kid", "density", "coverage"]


def found(samples: Mapping[str, np.ndarray], train: ImageSet = TRAIN, test: ImageSet = TEST) -> dict[Any, Any]:
    rows = quality(train, test, samples)
    assert all(set(row) <= set(COLUMNS) for row in rows)
    by_name = {(row["label"], row["metric"]): row for row in rows}
    assert len(by_name) == len(rows)
    return by_name


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


def test_planted_noise_is_worse_than_real_images_on_every_count() -> None:
    rows = found({"a": noise(60), "b": noise(60)})
    for label in ("pooled", "a", "b"):
        assert rows[label, "kid"]["synthetic"] > 100 * abs(rows[label, "kid"]["real"])
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
        assert (rows[label, "kid"]["n_synthetic"], rows[label, "kid"]["n_reference"]) == (count, 60)
        assert rows[label, "kid"]["note"] == ("few images: indicative" if position == 0 else "")
    assert rows["pooled", "kid"]["n_synthetic"] == 80, "each class with equally many, so shares do not count"


@pytest.mark.parametrize(("count", "k"), [(3, 3), (49, 3), (50, 5), (2000, 5)])
def test_small_sets_have_fewer_neighbours(count: int, k: int) -> None:
    assert neighbours(count) == k


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
