"""Spectra against SciPy's, turns against turned images, and what descriptors do not see."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.fft import dctn

from augment.data.near.descriptors import (
    BRIGHTENING,
    SAMPLES_PER_AXIS,
    deviation,
    spectrum,
    turned,
    turned_spectrum,
    turns,
    unit,
    view_turns,
    views,
    weighted,
)


def random_images(
    seed: int, height: int = SAMPLES_PER_AXIS, width: int = SAMPLES_PER_AXIS, count: int = 3
) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, 255, (count, height, width)).astype(np.float32)


@pytest.mark.parametrize("count", [6, 10])
def test_spectrum_is_the_dct(count: int) -> None:
    images = random_images(0)
    expected = dctn(images, axes=(1, 2), norm="ortho")[:, :count, :count]
    assert spectrum(images, count) == pytest.approx(expected, rel=1e-3, abs=1e-2)


@pytest.mark.parametrize(("height", "width", "count"), [(24, 24, 8), (20, 28, 4)])
def test_turned_spectra_are_those_of_turned_images(height: int, width: int, count: int) -> None:
    images = random_images(1, height, width)
    every = turns(height, width)
    assert len(set(every)) == len(every) == count
    assert not any(every[0])
    distinct = set()
    for turn in every:
        there = turned(images, turn)
        distinct.add(there.tobytes())
        assert turned_spectrum(spectrum(images, 6), turn) == pytest.approx(spectrum(there, 6), abs=0.05)
    assert len(distinct) == count


def test_all_turns_of_a_square_are_its_symmetries() -> None:
    image = random_images(2, count=1)
    mine = {turned(image, turn).tobytes() for turn in turns(SAMPLES_PER_AXIS, SAMPLES_PER_AXIS)}
    quarters = [np.rot90(image, times, axes=(1, 2)) for times in range(4)]
    assert mine == {one.tobytes() for quarter in quarters for one in (quarter, quarter[:, :, ::-1])}


@given(st.floats(0.1, 3), st.floats(-50, 50), st.integers(0, 5))
def test_contrast_and_brightness_do_not_count(gain: float, offset: float, seed: int) -> None:
    images = random_images(seed)
    one, other = (unit(weighted(spectrum(these, 6))) for these in (images, (gain * images + offset).astype(np.float32)))
    assert one == pytest.approx(other, abs=2e-3)
    assert np.linalg.norm(one, axis=1) == pytest.approx(np.ones(3))


def test_an_even_image_looks_like_nothing() -> None:
    even = np.full((1, 20, 20), 77, np.float32)
    assert deviation(spectrum(even, 10)) == pytest.approx([0], abs=0.01)
    assert unit(np.zeros((1, 35), np.float32)).tolist() == [[0] * 35]


def test_deviation_is_that_of_a_wave() -> None:
    wave = 100 + 20 * np.cos(np.pi * 3 * (np.arange(SAMPLES_PER_AXIS) + 0.5) / SAMPLES_PER_AXIS)
    image = np.tile(wave, (SAMPLES_PER_AXIS, 1))[None].astype(np.float32)
    assert deviation(spectrum(image, 10)) == pytest.approx([20 / np.sqrt(2)], rel=1e-4)


def test_views_are_the_turns_and_the_brightened() -> None:
    images = random_images(3, 20, 20)
    found = views(images, 6)
    assert found.shape == (3, 9, 35)
    for place, turn in enumerate(view_turns(20, 20)[:-1]):
        assert found[:, place] == pytest.approx(unit(weighted(spectrum(turned(images, turn), 6))), abs=1e-4)
    brightened = np.minimum(images * BRIGHTENING, 255).astype(np.float32)
    assert found[:, -1] == pytest.approx(unit(weighted(spectrum(brightened, 6))), abs=1e-5)
    assert view_turns(20, 20)[-1] == turns(20, 20)[0]
