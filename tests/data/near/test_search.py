"""Copies are near, distinct pictures are not, and neither order nor place matters."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.data.near import search
from augment.data.near.search import Pair, near_duplicate_pairs, usual_distances
from tests.data.near.pictures import COPIES, picture


def near(
    images: list[np.ndarray], labels: list[str] | None = None, keys: list[str] | None = None
) -> set[frozenset[str]]:
    """The pairs of near duplicates, as pairs of keys."""
    keys = keys or [f"{index:03d}" for index in range(len(images))]
    pairs = near_duplicate_pairs(images, labels or ["a"] * len(images), keys)
    return {frozenset((keys[pair.first], keys[pair.second])) for pair in pairs if pair.distance <= 1}


@pytest.mark.parametrize("shape", [(24, 24, 3), (28, 28, 1), (40, 24, 1), (64, 64, 3)])
def test_every_copy_is_found_and_nothing_else(shape: tuple[int, int, int]) -> None:
    distinct = [picture(seed, *shape) for seed in range(12)]
    copies = [np.ascontiguousarray(copy(distinct[index])) for index, copy in enumerate(COPIES.values())]
    expected = {frozenset((f"{index:03d}", f"{12 + index:03d}")) for index in range(len(copies))}
    found = near(distinct + copies)
    assert found == expected, [list(COPIES)[int(min(pair))] for pair in expected ^ found]


def test_the_smallest_images() -> None:
    names = ["jpeg 95", "larger", "darker", "mirrored"]
    copies = [np.ascontiguousarray(COPIES[name](picture(seed, 16, 16))) for seed, name in enumerate(names)]
    found = near([*(picture(seed, 16, 16) for seed in range(12)), *copies])
    assert found == {frozenset((f"{index:03d}", f"{12 + index:03d}")) for index in range(4)}


@pytest.mark.parametrize("turn", range(1, 4))
def test_quarter_turns_of_squares_are_copies(turn: int) -> None:
    image = picture(1)
    assert near([image, np.rot90(image, turn).copy(), picture(2)]) == {frozenset(("000", "001"))}


def test_distances_are_in_units_of_the_limit_and_sorted() -> None:
    images = [picture(seed) for seed in range(6)]
    images += [COPIES["jpeg 95"](images[0]), COPIES["smaller"](images[1]), images[2].copy()]
    pairs = near_duplicate_pairs(images, ["a"] * 9, [str(index) for index in range(9)])
    assert pairs == sorted(pairs)
    assert pairs[0] == Pair(0, 2, 8)
    assert [(pair.first, pair.second) for pair in pairs if pair.distance <= 1] == [(2, 8), (0, 6), (1, 7)]


@pytest.mark.parametrize(("height", "width"), [(15, 15), (15, 64), (64, 15), (8, 8)])
def test_below_16_px_nothing_is_near(height: int, width: int) -> None:
    image = picture(0, height, width)
    assert near_duplicate_pairs([image, COPIES["jpeg 95"](image)], ["a", "a"], ["0", "1"]) == []


def test_few_images_are_no_fault() -> None:
    assert near_duplicate_pairs([], [], []) == []
    assert near_duplicate_pairs([picture(0)], ["a"], ["0"]) == []


def test_a_grey_copy_of_a_grey_file_in_a_colour_set() -> None:
    grey = picture(3, channels=1)
    assert near([grey, COPIES["jpeg 95"](np.repeat(grey, 3, axis=2)), picture(4)]) == {frozenset(("000", "001"))}


def solid(level: tuple[int, ...], seed: int, spread: float = 1) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, spread, (32, 32, len(level)))
    return np.clip(noise + np.array(level), 0, 255).astype(np.uint8)


def test_solid_images_are_near_nothing() -> None:
    colours = [(200, 20, 20), (20, 200, 20), (20, 20, 200), (128, 128, 128), (255, 255, 255), (0, 0, 0)]
    vignette = 3 * np.hypot(*np.mgrid[-1:1:32j, -1:1:32j])[:, :, None]
    images = [solid(colour, index) for index, colour in enumerate(colours * 3)]
    images += [np.clip(image + vignette, 0, 255).astype(np.uint8) for image in images]
    assert near([*images, picture(0)]) == set()


def test_noise_and_fine_textures_are_near_nothing() -> None:
    y, x = np.mgrid[0:64, 0:64]
    noise = [np.random.default_rng(seed).integers(0, 256, (64, 64, 1), dtype=np.uint8) for seed in range(20)]
    threads = 128 + 40 * np.sin(y * 1.9) * np.sin(x * 1.9)
    weave = [threads + np.random.default_rng(seed).normal(0, 6, (64, 64)) for seed in range(20)]
    assert near([*noise, *(image[:, :, None].astype(np.uint8) for image in weave)]) == set()


def fixture_class(count: int, side: int = 32) -> list[np.ndarray]:
    """Different parts in one fixture: a strong common picture, and a faint one of each part's own."""
    ground = picture(99, side, side, 1).astype(float)
    return [
        np.clip(ground + (picture(seed, side, side, 1) - 125.0) / 20, 0, 255).astype(np.uint8) for seed in range(count)
    ]


def test_parts_in_one_fixture_are_told_apart() -> None:
    images = fixture_class(20)
    correlation = np.corrcoef(np.stack(images).reshape(20, -1))
    assert np.median(correlation) > 0.985, "alike as few photographs are"
    assert near(images) == set()
    assert near([*images, COPIES["jpeg 95"](images[7])]) == {frozenset(("007", "020"))}


def test_a_burst_does_not_pass_for_the_class() -> None:
    burst = [COPIES[name](picture(0)) for name in ("jpeg 75", "jpeg 95", "larger", "darker")]
    others = [picture(seed) for seed in range(1, 5)]
    assert len(near([picture(0), *burst, *others])) == 10, "all pairs of the five"


def test_usual_distance_closed_form() -> None:
    looks = np.eye(6, dtype=np.float32)
    labels, keys = np.array(["a"] * 5 + ["b"]), np.array(list("543210"))
    assert usual_distances(looks, labels, keys).tolist() == [1, 1, 1, 1, 1, np.inf]
    looks[1] = looks[0]
    looks[2] = looks[0]
    assert usual_distances(looks, labels, keys)[0] == 1, "two copies of four are not the usual"


IMAGES = [picture(seed, 20, 20, 1) for seed in range(8)]
IMAGES += [np.ascontiguousarray(copy(IMAGES[index % 5])) for index, copy in enumerate(COPIES.values())]
KEYS = [f"{index * 37 % 101:03d}" for index in range(len(IMAGES))]
FOUND = near(IMAGES, ["a", "b"] * 9 + ["a"], KEYS)


@settings(max_examples=15, deadline=None)
@given(st.permutations(range(len(IMAGES))))
def test_the_order_of_images_does_not_matter(order: list[int]) -> None:
    assert len(FOUND) >= len(COPIES)
    labels = ["a", "b"] * 9 + ["a"]
    assert near([IMAGES[i] for i in order], [labels[i] for i in order], [KEYS[i] for i in order]) == FOUND


def test_blocks_of_pairs_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = near_duplicate_pairs(IMAGES, ["a"] * len(IMAGES), KEYS)
    monkeypatch.setattr(search, "_BLOCK_PAIRS", 7)
    assert near_duplicate_pairs(IMAGES, ["a"] * len(IMAGES), KEYS) == whole != []


@pytest.mark.parametrize("name", COPIES)
def test_a_pair_is_found_in_both_orders(name: str) -> None:
    one, other = picture(11), np.ascontiguousarray(COPIES[name](picture(11)))
    (there,), (back,) = (near_duplicate_pairs(pair, ["a", "a"], ["0", "1"]) for pair in ([one, other], [other, one]))
    assert there == back
    assert there.distance <= 1
