"""Samples at the size of originals."""

import numpy as np

from augment.data.imageset import UInt8
from augment.synthesis.edits import edited
from augment.synthesis.native import Varied, native_samples, treated_alike, upscaled

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


def pictures(count: int, height: int, width: int) -> UInt8:
    coarse = RNG.integers(0, 256, (count, 3, 4, 3), dtype=np.uint8)
    return upscaled(coarse, (height, width))


def test_images_without_samples_are_each_treated_as_one_sample_of_another_class() -> None:
    own, originals = pictures(6, 16, 12), pictures(6, 48, 36)
    before = pictures(2, 16, 12)
    changed = Varied(before // 2, np.array([0, 1]), before)
    made = treated_alike(own, originals, [changed], seed=3)
    possible = [
        edited(originals, *(np.repeat(some[at : at + 1], 6, axis=0) for some in (before, before // 2))) for at in (0, 1)
    ]
    taken = [[np.array_equal(image, one[index]) for one in possible] for index, image in enumerate(made)]
    assert [sum(one) for one in taken] == [1] * 6, "each that of one sample"
    assert {one.index(True) for one in taken} == {0, 1}
    assert np.array_equal(treated_alike(own[:4], originals[:4], [changed], seed=3), made[:4])
    assert any(not np.array_equal(treated_alike(own, originals, [changed], seed=seed), made) for seed in range(4))


def test_where_samples_change_nothing_or_there_are_none_images_stay_and_enlarged_ones_are_followed() -> None:
    own, originals, before = pictures(5, 16, 12), pictures(5, 48, 36), pictures(2, 16, 12)
    same = Varied(before, np.array([0, 1]), before)
    assert np.array_equal(treated_alike(own, originals, [same], seed=3), originals)
    assert np.array_equal(treated_alike(own, originals, [], seed=3), originals)
    alone = Varied(before, np.array([-1, -1]), before)
    assert np.array_equal(treated_alike(own, originals, [alone], seed=3), upscaled(own, (48, 36)))
