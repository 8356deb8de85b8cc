"""A test image among the samples ends the run."""

import numpy as np
import pytest

from augment.core.errors import DataError
from augment.data.imageset import ImageSet
from augment.evaluation.samples.leakage import check_no_test_image


def images(count: int, channels: int, height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, channels, height, width), dtype=np.uint8)


def as_set(own: np.ndarray) -> ImageSet:
    names = np.array([str(index) for index in range(len(own))])
    return ImageSet(own, np.array(["a"] * len(own)), names, np.array([f"a/{name}.png" for name in names]))


@pytest.mark.parametrize("shape", [(1, 16, 16), (3, 16, 16), (3, 24, 40)])
@pytest.mark.parametrize("label", ["a", "b"])
def test_a_planted_test_image_is_named(shape: tuple[int, int, int], label: str) -> None:
    test = as_set(images(5, *shape))
    synthetic = {"a": images(4, *shape, seed=1), "b": images(4, *shape, seed=2)}
    check_no_test_image(synthetic, test)
    synthetic[label][2] = test.images[3]
    with pytest.raises(
        DataError, match=rf"^leak: synthetic image 2 of class '{label}' equals the test image a/3\.png.*dvc repro"
    ):
        check_no_test_image(synthetic, test)


def test_a_pixel_of_difference_is_no_equality() -> None:
    test = as_set(images(2, 1, 16, 16))
    near = test.images.copy()
    near[:, 0, 5, 5] ^= 1
    check_no_test_image({"a": near}, test)


@pytest.mark.parametrize("shape", [(1, 15, 15), (1, 15, 64), (1, 64, 15), (1, 8, 8), (3, 2, 2)])
def test_tiny_images_may_meet_by_chance(shape: tuple[int, int, int]) -> None:
    test = as_set(images(5, *shape))
    check_no_test_image({"a": test.images}, test)


def test_an_empty_side_is_no_fault() -> None:
    check_no_test_image({}, as_set(images(2, 1, 16, 16)))
    check_no_test_image({"a": images(2, 1, 16, 16)}, as_set(images(0, 1, 16, 16)))
