"""Spectra against SciPy's, turns against turned images, crops, and what descriptors do not see."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.fft import dctn

from augment.data.near.descriptors import (
    BRIGHTENING,
    MAX_CUT,
    SAMPLES_PER_AXIS,
    WHOLE,
    cosines,
    deviation,
    sampler,
    spectrum,
    turned,
    turned_spectrum,
    turns,
    unit,
    view_turns,
    views,
    weighted,
    windows,
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


@pytest.mark.parametrize(("steps", "count"), [(1, 3), (2, 6), (3, 10), (6, 28)])
def test_windows_are_all_crops_of_at_most_a_tenth(steps: int, count: int) -> None:
    every = windows(steps)
    assert len(every) == len(np.unique(every.round(9), axis=0)) == count
    assert every[0].tolist() == WHOLE.tolist()
    cut = 1 - (every[:, 1] - every[:, 0])
    assert (every >= 0).all() and (every <= 1).all() and (cut < MAX_CUT + 1e-9).all()  # noqa: PT018
    assert cut.max() == pytest.approx(MAX_CUT)


@pytest.mark.parametrize("pixels", [16, 28, 32])
def test_the_whole_at_its_own_size_is_itself(pixels: int) -> None:
    assert sampler(pixels, pixels) == pytest.approx(np.eye(pixels))


@pytest.mark.parametrize("window", [(0.0, 1.0), (0.05, 1.0), (0.03, 0.95)])
@pytest.mark.parametrize(("pixels", "samples"), [(64, 32), (28, 32), (17, 10)])
def test_a_ramp_stays_a_ramp(window: tuple[float, float], pixels: int, samples: int) -> None:
    rows = sampler(pixels, samples, np.array(window))
    assert rows.sum(axis=1) == pytest.approx(np.ones(samples))
    places = window[0] + (np.arange(samples) + 0.5) / samples * (window[1] - window[0])
    inner = slice(2, -2)  # at the ends there is nothing to go on with
    assert (rows @ ((np.arange(pixels) + 0.5) / pixels))[inner] == pytest.approx(places[inner], abs=0.2 / pixels)


def test_many_windows_at_once_are_each_of_them() -> None:
    every = windows(2)
    together = sampler(20, 12, every.reshape(3, 2, 2))
    for place, window in zip(together.reshape(6, 12, 20), every, strict=True):
        assert (place == sampler(20, 12, window)).all()


def test_cosines_are_orthonormal() -> None:
    rows = cosines(SAMPLES_PER_AXIS, SAMPLES_PER_AXIS)
    assert rows @ rows.T == pytest.approx(np.eye(SAMPLES_PER_AXIS), abs=1e-5)
