"""Resampling and cosines against closed forms."""

import numpy as np
import pytest

from augment.data.near.descriptors import MAX_CUT, SAMPLES_PER_AXIS, WHOLE, cosines, sampler, windows


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
