"""Cells: what lies in them, and that nothing near is lost at their borders."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.data.near import candidates
from augment.data.near.candidates import CELLS_PER_IMAGE, IMAGES_PER_CENTRE, Cells, candidate_pairs
from augment.data.near.descriptors import turned, turns, unit
from tests.data.near.pictures import picture


def vectors(count: int, seed: int = 0) -> np.ndarray:
    """float32 (count, 8), of length 1, in clumps as images of classes are."""
    rng = np.random.default_rng(seed)
    clump = rng.normal(size=(5, 8))[rng.integers(5, size=count)]
    return unit((clump + rng.normal(size=(count, 8))).astype(np.float32))


def keys(count: int) -> list[str]:
    return [f"{number * 7919 % 10007:05d}" for number in range(count)]


@given(count=st.integers(CELLS_PER_IMAGE, 300), seed=st.integers(0, 5))
@settings(deadline=None)
def test_every_image_is_in_the_cells_nearest_to_it(count: int, seed: int) -> None:
    images = vectors(count, seed)
    cells = Cells.of(images, keys(count))
    closeness = images @ cells.centres.T
    for position in range(count):
        inside = [cell for cell, members in enumerate(cells.inside) if position in members]
        assert len(inside) == CELLS_PER_IMAGE
        outside = np.delete(closeness[position], inside)
        assert closeness[position, inside].min() >= outside.max(initial=-1)


def test_centres_are_images_as_many_as_asked() -> None:
    images = vectors(40 * IMAGES_PER_CENTRE)
    cells = Cells.of(images, keys(len(images)))
    assert len(cells.centres) == 40
    assert all((images == centre).all(axis=1).any() for centre in cells.centres)
    assert cells.nearest(cells.centres).tolist() == list(range(40))


def test_members_of_cells_come_once_and_sorted() -> None:
    cells = Cells.of(vectors(200), keys(200))
    every = cells.members(np.arange(len(cells.centres)).repeat(2))
    assert every.tolist() == list(range(200))
    assert cells.members(np.array([3])).tolist() == cells.inside[3].tolist()


def test_the_order_of_images_makes_no_difference() -> None:
    images, names, order = vectors(150), np.array(keys(150)), np.random.default_rng(1).permutation(150)
    one, other = Cells.of(images, names), Cells.of(images[order], names[order])
    assert np.array_equal(one.centres, other.centres)
    assert [set(order[members].tolist()) for members in other.inside] == [set(m.tolist()) for m in one.inside]


def test_copies_are_found_in_cells_as_among_all(monkeypatch: pytest.MonkeyPatch) -> None:
    originals = [picture(seed, 24, 24, 1)[:, :, 0].astype(np.float32) for seed in range(150)]
    turn = turns(24, 24)
    copies = [turned(image, turn[number % 8])[: 24 - number % 2] for number, image in enumerate(originals[:60])]
    copies = [np.pad(copy, ((0, 24 - len(copy)), (0, 0)), mode="edge") for copy in copies]
    images = np.stack(originals + copies)
    among_all = {tuple(pair) for pair in candidate_pairs(images, keys(len(images))).tolist()}
    monkeypatch.setattr(candidates, "MAX_EXHAUSTIVE_IMAGES", 0)
    in_cells = {tuple(pair) for pair in candidate_pairs(images, keys(len(images))).tolist()}
    planted = {(150 + number, number) for number in range(60)}
    assert planted & in_cells == planted & among_all
    assert len(planted & among_all) > 55
    assert not any(i == j for i, j in in_cells)
    assert len(in_cells & among_all) > 0.95 * len(among_all)


def test_copies_are_found_through_cells_of_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hardly any image has another nearest cell there, and a copy that shares one of its four is found all the same."""
    images = vectors(4000)
    plain = Cells.of(images, keys(len(images)))
    monkeypatch.setattr(candidates, "MAX_CENTRES", 50)
    cells = Cells.of(images, keys(len(images)))
    assert plain.above is None
    assert cells.above is not None
    assert len(cells.above.centres) == max(CELLS_PER_IMAGE, len(cells.centres) // IMAGES_PER_CENTRE)
    assert np.array_equal(cells.centres, plain.centres)
    near = [cells.members(cells.nearest(images[number : number + 1])) for number in range(0, 4000, 40)]
    assert np.mean([number * 40 in members for number, members in enumerate(near)]) > 0.9


def test_a_query_of_a_large_set_is_compared_with_few() -> None:
    images = vectors(8000)
    cells = Cells.of(images, keys(len(images)))
    compared = [len(cells.members(cells.nearest(query[None]))) for query in images[::400]]
    assert np.mean(compared) < 4 * CELLS_PER_IMAGE * IMAGES_PER_CENTRE
