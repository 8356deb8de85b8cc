"""Samples at the size of originals."""

import numpy as np

from augment.synthesis.native import Varied, native_samples, upscaled

RNG = np.random.default_rng(0)


def test_a_sample_that_varies_nothing_is_its_original_and_one_without_source_is_enlarged() -> None:
    originals = RNG.integers(0, 256, (3, 3, 32, 24), dtype=np.uint8)
    pictures = RNG.integers(0, 256, (3, 3, 16, 12), dtype=np.uint8)
    samples = pictures[[2, 0, 1]]
    made = native_samples(Varied(samples, np.array([2, -1, 1]), pictures), originals)
    assert np.array_equal(made[[0, 2]], originals[[2, 1]])
    assert np.array_equal(made[1], upscaled(samples[1:2], (32, 24))[0])


def test_enlarging_a_ramp_gives_a_ramp() -> None:
    ramp = np.broadcast_to(np.arange(0, 160, 10, dtype=np.uint8), (1, 1, 8, 16)).copy()
    larger = upscaled(ramp, (16, 32))[0, 0, 8, 4:-4].astype(int)
    assert larger.shape == (24,)
    assert np.abs(np.diff(larger) - 5).max() <= 1
    assert upscaled(ramp[:0], (16, 32)).shape == (0, 1, 16, 32)
