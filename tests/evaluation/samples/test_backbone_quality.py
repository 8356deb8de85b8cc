"""Made images at the size that they are used at are held against real ones in a space that chose none of them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from augment.core.errors import DataError
from augment.data.imageset import ImageSet, UInt8
from augment.evaluation.arms.draws import Samples
from augment.evaluation.arms.judged import judged_images
from augment.evaluation.arms.seen import Look, see_made
from augment.evaluation.samples.backbone_quality import backbone_rows
from augment.evaluation.samples.made_and_real import seen_classes
from augment.measure.metrics import kid
from tests.evaluation.arms.backbones import small_backbone  # noqa: F401  (a fixture)
from tests.toy import bars, toy_set

TRAIN = toy_set({"a": 60, "b": 30, "c": 30}, side=16)
TEST = toy_set({"a": 30, "b": 30, "c": 30}, side=16, seed=5)
LOOK = Look("lite0", "none", 0)


def rows_of(images: Mapping[str, UInt8], look: Look = LOOK, origin: int = -1, test: ImageSet = TEST) -> dict[Any, Any]:
    origins = {label: np.full(len(made), origin) for label, made in images.items()}
    samples = Samples({"filtered": images}, origins={"filtered": origins})
    seen = list(seen_classes(TRAIN, test, samples, look, 0))
    return {(row["label"], row["metric"]): row for row in backbone_rows(test, seen, look, 0)}


@pytest.mark.usefixtures("small_backbone")
def test_kid_is_that_of_the_backbones_features_in_units_of_their_usual_size() -> None:
    made = bars(1, 30, seed=9, side=16)
    row = rows_of({"b": made})["b", "kid"]
    real, held, fake = (see_made(images, LOOK, 0, augmented=False)[0] for images in
                        (TRAIN.of_class("b").images, TEST.of_class("b").images, made))  # fmt: skip
    usual = np.sqrt((real.astype(np.float64) ** 2).mean())
    expected = [kid(real=(held / usual).astype(np.float32), fake=(one / usual).astype(np.float32))
                for one in (fake, real)]  # fmt: skip
    assert [row["synthetic"], row["real"]] == pytest.approx(expected, rel=1e-4)
    assert (row["space"], row["n_synthetic"], row["n_reference"]) == ("backbone", 30, 30)


@pytest.mark.usefixtures("small_backbone")
def test_copies_are_found_where_samples_are_shown_large() -> None:
    """Large, images are noise of one grey. Edits that change nothing are copies; enlarged samples are none."""
    rng = np.random.default_rng(0)
    large = rng.integers(100, 150, (len(TRAIN) + len(TEST), 1, 32, 32), dtype=np.uint8)
    look = replace(LOOK, judged=judged_images([TRAIN, TEST], large))
    own = TRAIN.of_class("b").images
    samples = Samples({"filtered": {"b": own}}, origins={"filtered": {"b": np.arange(30)}})
    rows = backbone_rows(TEST, list(seen_classes(TRAIN, TEST, samples, look, 0)), look, 0)
    (copies,) = (row for row in rows if row["metric"] == "near_copy" and row["label"] == "b")
    assert copies["synthetic"] == 1.0
    assert copies["real"] < 0.2
    assert rows_of({"b": 255 - own}, look)["b", "near_copy"]["synthetic"] == 0.0


@pytest.mark.usefixtures("small_backbone")
def test_a_test_image_among_the_samples_is_a_leak() -> None:
    leaked = np.concatenate([bars(1, 9, seed=9, side=16), TEST.of_class("b").images[3:4]])
    with pytest.raises(DataError, match=f"class 'b' equals the test image {TEST.of_class('b').sources[3]}"):
        rows_of({"b": leaked})


@pytest.mark.usefixtures("small_backbone")
def test_nothing_is_told_of_classes_without_samples() -> None:
    assert rows_of({}) == {}
    assert {label for label, _ in rows_of({"c": bars(2, 30, seed=9, side=16)})} == {"c", "pooled"}
