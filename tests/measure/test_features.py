import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier

from augment.core.errors import DataError
from augment.measure.features import pixels, random_convolutions


def images(n: int, channels: int, height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, channels, height, width), dtype=np.uint8)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from([1, 3]), st.integers(2, 40), st.integers(2, 40), st.integers(0, 9))
def test_any_size_gives_finite_rows_of_one_width(channels, height, width, seed):
    features = random_convolutions(images(3, channels, height, width, seed))
    assert features.shape == (3, 432)
    assert features.dtype == np.float32
    assert np.isfinite(features).all()
    assert np.ptp(features, axis=0).max() > 0


def test_the_largest_size_and_long_shapes_work():
    assert random_convolutions(images(1, 3, 256, 256)).shape == (1, 432)
    assert random_convolutions(images(1, 1, 2, 256)).shape == (1, 432)
    assert pixels(images(1, 3, 256, 256)).shape == (1, 3 * 32 * 32)
    assert pixels(images(1, 1, 2, 256)).shape == (1, 32)


def test_a_row_depends_on_its_own_image_only():
    batch = images(300, 1, 12, 10)  # more than two chunks
    for embed in (random_convolutions, pixels):
        alone = np.concatenate([embed(batch[i : i + 1]) for i in (0, 127, 128, 299)])
        assert embed(batch)[[0, 127, 128, 299]] == pytest.approx(alone, rel=1e-4, abs=1e-5)


def test_the_bank_is_fixed():
    # One value written down: features of different runs and versions compare only if it stands.
    features = random_convolutions(images(2, 1, 8, 8))
    assert np.array_equal(features, random_convolutions(images(2, 1, 8, 8)))
    assert features.mean() == pytest.approx(0.30046046, rel=1e-4)


def test_grey_counts_as_equal_channels():
    grey = images(2, 1, 9, 7)
    assert random_convolutions(grey) == pytest.approx(random_convolutions(grey.repeat(3, axis=1)), rel=1e-5)


def test_features_separate_the_digits():
    digits = load_digits()
    data = (digits.images[:, None] * 255 / 16).astype(np.uint8)
    features = random_convolutions(data)
    known = KNeighborsClassifier(1).fit(features[:900], digits.target[:900])
    assert known.score(features[900:], digits.target[900:]) > 0.9


def test_pixel_distance_is_the_root_mean_square_difference():
    first, second = images(1, 3, 20, 31, 1), images(1, 3, 20, 31, 2)
    rms = np.sqrt((((first.astype(float) - second) / 255) ** 2).mean())
    assert np.linalg.norm(pixels(first) - pixels(second)) == pytest.approx(rms, rel=1e-5)


def test_black_and_white_are_at_distance_one_at_any_size():
    black, white = np.zeros((1, 1, 70, 50), np.uint8), np.full((1, 1, 70, 50), 255, np.uint8)
    assert np.linalg.norm(pixels(black) - pixels(white)) == pytest.approx(1, rel=1e-5)


def test_pixels_average_boxes():
    large = images(2, 1, 64, 32)
    boxes = large.reshape(2, 1, 32, 2, 16, 2).mean(axis=(3, 5)).reshape(2, -1) / 255 / np.sqrt(32 * 16)
    assert pixels(large) == pytest.approx(boxes, rel=1e-5)


def test_no_images_give_no_rows():
    assert random_convolutions(images(0, 1, 8, 8)).shape == (0, 432)
    assert pixels(images(0, 1, 8, 8)).shape == (0, 64)


@pytest.mark.parametrize("wrong", [np.zeros((1, 1, 8, 8)), np.zeros((1, 8, 8), np.uint8), images(1, 4, 8, 8)])
def test_other_arrays_are_refused(wrong):
    with pytest.raises(DataError, match="uint8"):
        random_convolutions(wrong)
