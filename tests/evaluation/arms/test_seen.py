"""Images seen once: rows by content, views of training images alone, more of them where a class is small."""

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from augment.core.engine import Engine
from augment.evaluation.arms import seen
from augment.evaluation.arms.seen import Look, see_images, see_made, views_of
from augment.measure.backbone.backbone import features
from augment.project.sealed import is_sealed
from tests.evaluation.arms.backbones import small_backbone, tiny  # noqa: F401  (a fixture)
from tests.toy import toy_set

LOOK = Look("lite0", "none", 0)
TRAIN, TEST = toy_set({"a": 8, "b": 3}, side=16), toy_set({"a": 5, "b": 4}, seed=1, side=16)
SERIAL = Engine("serial")


@pytest.mark.usefixtures("small_backbone")
def test_plain_rows_are_the_features_of_the_images_themselves() -> None:
    found = see_images([TRAIN], [TEST.images], LOOK, SERIAL)
    for images in (TRAIN.images, TEST.images, TEST.images[3:1]):
        seen_before = found.features.array[found.plain(images)]
        np.testing.assert_allclose(seen_before, features(tiny(), images), atol=0.02)  # bf16


@pytest.mark.usefixtures("small_backbone")
def test_views_are_of_training_images_and_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    found = see_images([TRAIN], [TEST.images], LOOK, SERIAL)
    rows, owners = found.views(TRAIN.images)
    assert np.bincount(owners).tolist() == [views_of(8)] * 8 + [views_of(3)] * 3 == [4] * 8 + [4] * 3
    assert len(found.views(TEST.images)[0]) == 0
    assert {*rows}.isdisjoint(found.plain(TRAIN.images)), "a view is no image as it is"
    own = features(tiny(), TRAIN.images)[owners]
    views = found.features.array[rows]
    assert (np.linalg.norm(views - own, axis=1) > 0).mean() > 0.8, "a view is no copy"
    monkeypatch.setattr(seen, "augmented_once", lambda images, flips, seed: images)
    found = see_images([TRAIN], [], replace(LOOK, seed=5), SERIAL)
    np.testing.assert_allclose(found.features.array[found.views(TRAIN.images)[0]], own, atol=0.02)


def test_a_class_of_few_images_has_many_views_of_each() -> None:
    assert [views_of(count) for count in (1, 10, 100, 125, 10_000)] == [60, 50, 5, 4, 4]


@pytest.mark.usefixtures("small_backbone")
def test_what_was_seen_is_kept_and_another_look_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    first = see_images([TRAIN], [TEST.images], LOOK, SERIAL)
    looks: list[object] = []
    monkeypatch.setattr(seen, "_see_part", looks.append)
    again = see_images([TRAIN], [TEST.images], LOOK, SERIAL)
    assert not looks
    assert np.array_equal(again.features.array, first.features.array)
    assert np.array_equal(again.activations.array, first.activations.array)
    changes: list[Any] = [(TRAIN, Look("lite0", "none", 1)), (TRAIN, Look("lite0", "both", 0)), (TEST, LOOK)]
    for train, look in changes:
        with pytest.raises(TypeError):  # it looks anew, and the stand-in gives nothing
            see_images([train], [TEST.images], look, SERIAL)


@pytest.mark.usefixtures("small_backbone")
def test_a_damaged_store_is_looked_at_anew() -> None:
    first = see_images([TRAIN], [], LOOK, SERIAL)
    (file,) = seen.STORE.iterdir()
    file.write_bytes(file.read_bytes()[:100])
    assert np.array_equal(see_images([TRAIN], [], LOOK, SERIAL).features.array, first.features.array)


@pytest.mark.usefixtures("small_backbone")
def test_what_was_seen_of_other_images_is_not_served_under_this_name() -> None:
    """Of equal form, so that only the key within tells them apart."""
    first = see_images([TRAIN], [], LOOK, SERIAL).features.array.copy()
    other = see_images([TRAIN.take(np.arange(len(TRAIN))[::-1])], [], LOOK, SERIAL).features.array.copy()
    one, two = seen.STORE.iterdir()
    contents = one.read_bytes(), two.read_bytes()
    one.write_bytes(contents[1])
    two.write_bytes(contents[0])
    assert not is_sealed(one, one.stem)
    assert is_sealed(one, two.stem)
    assert np.array_equal(see_images([TRAIN], [], LOOK, SERIAL).features.array, first)
    assert not np.array_equal(first, other)
    flipped = bytearray(contents[0])
    flipped[len(flipped) // 2] ^= 1
    one.write_bytes(flipped)
    assert not is_sealed(one, one.stem)


@pytest.mark.usefixtures("small_backbone")
def test_made_images_are_seen_once_as_they_are_or_augmented() -> None:
    plain, early = see_made(TEST.images, LOOK, 0, augmented=False)
    np.testing.assert_array_equal(plain, features(tiny(), TEST.images))
    assert len(early) == len(TEST)
    augmented, again, other = (see_made(TEST.images, LOOK, number, augmented=True)[0] for number in (1, 1, 2))
    assert np.array_equal(augmented, again)
    assert not np.array_equal(augmented, other)
    assert see_made(TEST.images[:0], LOOK, 0, augmented=True)[0].shape == (0, 24)


@pytest.mark.parametrize("array", [np.ones((2, 3, 4), np.float16), np.zeros((0, 5), np.float32), np.arange(3.0)])
def test_what_is_kept_is_what_numpy_would_save(array: NDArray[Any]) -> None:
    stream = io.BytesIO()
    np.save(stream, array)
    assert b"".join(map(bytes, seen._saved(array))) == stream.getvalue()
