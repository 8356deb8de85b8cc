"""Candidates, their alignment and their distances, each by itself, on images whose relation is known."""

import numpy as np
import pytest

from augment.data.near import candidates as search
from augment.data.near.alignment import Aligned, distances
from augment.data.near.alignment import align as align_views
from augment.data.near.descriptors import FINE_FREQUENCIES, WHOLE, turned, turns, views
from tests.data.near.pictures import brighter, picture


def candidates(images: np.ndarray) -> np.ndarray:
    return search.candidate_pairs(images, [str(number) for number in range(len(images))])


def grey(seed: int, side: int = 32) -> np.ndarray:
    """float32 (H, W)."""
    return picture(seed, side, side, 1)[:, :, 0].astype(np.float32)


def align(images: np.ndarray, pairs: np.ndarray) -> Aligned:
    return align_views(images, views(images, FINE_FREQUENCIES), pairs)


def waves(low: float, high: float, side: int = 32) -> np.ndarray:
    """float32 (H, W): a fixed smooth pattern, seen through a window of its left-right axis."""
    x = low + (np.arange(side) + 0.5) / side * (high - low)
    y = (np.arange(side)[:, None] + 0.5) / side
    pattern = 40 * np.cos(5.5 * np.pi * x + 1) + 25 * np.cos(3.2 * np.pi * x + 4 * np.pi * y) + 30 * np.cos(5 * y)
    return (128 + pattern).astype(np.float32)


def test_a_copy_is_a_candidate_in_every_turn() -> None:
    originals = [grey(seed) for seed in range(20)]
    copies = [turned(image, turn) for image, turn in zip(originals, turns(32, 32), strict=False)]
    found = {tuple(pair) for pair in candidates(np.stack(originals + copies)).tolist()}
    assert {(i, 20 + i) for i in range(8)} <= found
    assert not any(i == j for i, j in found)


def test_blocks_of_rows_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    images = np.stack([grey(seed % 12) + seed for seed in range(30)])
    whole = candidates(images)
    monkeypatch.setattr(search, "_MAX_BLOCK_CORRELATIONS", 100)
    assert {tuple(pair) for pair in candidates(images).tolist()} == {tuple(pair) for pair in whole.tolist()}


def test_an_image_has_no_more_candidates_than_allowed() -> None:
    images = np.stack([grey(0) + np.random.default_rng(seed).normal(size=(32, 32)) for seed in range(50)])
    firsts = np.bincount(candidates(images.astype(np.float32))[:, 0])
    assert firsts.tolist() == [search.MAX_CANDIDATES] * 50


@pytest.mark.parametrize("window", [(0.0, 1.0), (0.1, 1.0), (0.0, 0.95), (0.05, 0.95), (1 / 30, 29 / 30)])
def test_alignment_finds_the_crop(window: tuple[float, float]) -> None:
    aligned = align(np.stack([waves(0, 1), waves(*window)]), np.array([[0, 1]]))
    upright = aligned.view == 0
    assert upright.any()
    assert aligned.columns[upright][0] == pytest.approx(window, abs=1e-9)
    assert aligned.rows[upright][0] == pytest.approx(WHOLE, abs=1e-9)


def test_alignment_finds_the_turn() -> None:
    image = grey(1)
    for place, turn in enumerate(turns(32, 32)):
        aligned = align(np.stack([image, turned(image, turn)]), np.array([[0, 1]]))
        # What turns the copy back, which for the two quarter turns is the other one.
        back = [turned(turned(image, turn), turns(32, 32)[view]) for view in aligned.view if view < 8]
        assert any((one == image).all() for one in back), place


def test_unlike_images_have_no_alignment() -> None:
    images = np.stack([grey(seed) for seed in range(10)])
    pairs = np.array([(i, j) for i in range(10) for j in range(10) if i != j])
    assert len(align(images, pairs).first) == 0


def between(first: np.ndarray, second: np.ndarray) -> float:
    """The distance of two images (H, W, C) lying on each other as they are."""
    images = np.stack([first, second]).transpose(0, 3, 1, 2).astype(np.float32)
    zero = np.zeros(1, dtype=np.int64)
    return float(distances(images, Aligned(zero, zero + 1, zero, WHOLE[None], WHOLE[None]))[0])


def disc(colour: tuple[int, int, int], ground: tuple[int, int, int]) -> np.ndarray:
    y, x = np.mgrid[0:32, 0:32]
    inside = np.hypot(y - 12, x - 18)[:, :, None] < 8
    return np.where(inside, np.array(colour), np.array(ground)).astype(np.uint8)


def test_distance_closed_forms() -> None:
    image = picture(3)
    assert between(image, image) == pytest.approx(0, abs=1e-5)
    assert between(image, brighter(image, 0.8)) < 1e-3
    assert between(image, brighter(image, 1.2)) < 1e-3, "cut off at white"
    assert between(image, 255 - image) == pytest.approx(2, abs=0.02) or between(image, 255 - image) == 1
    assert between(image, picture(4)) > 0.3


def test_equal_shapes_in_other_colours_are_far() -> None:
    red, green = disc((200, 30, 30), (20, 20, 20)), disc((30, 200, 30), (20, 20, 20))
    assert between(red, red) == pytest.approx(0, abs=1e-5)
    assert between(red, green) > 0.5


def test_equal_texture_on_other_grounds_is_far() -> None:
    texture = picture(5, channels=1).astype(int) // 10
    red, green = (
        np.clip(texture + np.array(ground), 0, 255).astype(np.uint8) for ground in ([180, 20, 20], [20, 180, 20])
    )
    assert between(red, red) == pytest.approx(0, abs=1e-5)
    assert between(red, green) == 1
    dark, bright = ((texture + level).astype(np.uint8) for level in (20, 120))
    assert between(dark, bright) == 1


def test_another_contrast_is_far() -> None:
    image = picture(6).astype(float)
    flat = (image.mean() + (image - image.mean()) / 2).astype(np.uint8)
    assert between(image.astype(np.uint8), flat) == 1
