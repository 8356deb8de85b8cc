"""The set of shapes: what is said of an image is what it shows, and held-out combinations never train."""

from collections import Counter, defaultdict
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from augment.data.descriptions.kept import load_descriptions
from augment.data.imageset import ImageSet
from augment.data.prepare import prepare
from augment.data.sources.built_in.shapes import (
    COLOURS,
    COMBINATIONS,
    PLACES,
    Combination,
    covered_by,
    picture,
    shape_texts,
    shapes,
)
from augment.params import Ingest

BRIGHT = 90  # above the ground, which is 70 at most with a little noise


def drawn(image: np.ndarray) -> np.ndarray:
    """Which pixels the shape covers, bool (16, 16)."""
    return image.max(axis=0) > BRIGHT


@pytest.mark.parametrize("shown", COMBINATIONS[::5], ids=lambda shown: shown.description)
def test_an_image_shows_what_is_said(shown: Combination) -> None:
    for number in range(4):
        image = picture(shown, number, 0)
        inside = drawn(image)
        down, across = (float(where.mean()) for where in np.nonzero(inside))
        place = f"{'upper' if down < 7.5 else 'lower'} {'left' if across < 7.5 else 'right'}"
        assert place == shown.place
        colour = image[:, inside].mean(axis=1)
        nearest = min(COLOURS, key=lambda name: float(np.abs(colour - COLOURS[name]).sum()))
        assert nearest == shown.colour


AREAS = {"circle": np.pi, "square": 1.8**2, "triangle": 1.9**2 / 2, "cross": 2 * 2 * 0.66 - 0.66**2}


@pytest.mark.parametrize(("shape", "area"), AREAS.items())
def test_a_shape_covers_its_area(shape: str, area: float) -> None:
    """In units of the squared radius; a cross is two bars, less where they cross."""
    for radius in (2.4, 3.7):
        assert abs(covered_by(shape, 8.1, 7.7, radius).sum() / radius**2 / area - 1) < 0.05


def test_a_large_one_is_larger() -> None:
    small, large = (
        np.mean([drawn(picture(Combination("red", "circle", size, "upper left"), n, 0)).sum() for n in range(20)])
        for size in ("small", "large")
    )
    assert large > 1.8 * small


def test_an_eighth_is_held_out_and_every_pair_of_words_trains() -> None:
    held_out = [shown for shown in COMBINATIONS if shown.held_out]
    assert len(held_out) * 8 == len(COMBINATIONS) == 128
    for at in (0, 1, 3):
        assert {*Counter(shown[at] for shown in held_out).values()} == {4}
    assert {shown.size for shown in held_out if shown[:2] == ("red", "circle")} == {"small", "large"}
    assert all(shown.place == "lower left" for shown in held_out if shown[:2] == ("red", "circle"))
    pairs = [{pair for shown in group for pair in combinations(shown, 2)}
             for group in (COMBINATIONS, [shown for shown in COMBINATIONS if not shown.held_out])]  # fmt: skip
    assert pairs[0] == pairs[1]
    assert len(PLACES) == 4


def test_the_seed_decides_everything() -> None:
    images, labels = shapes()
    assert images.shape == (2304, 3, 16, 16)
    assert images.dtype == np.uint8
    assert len({image.tobytes() for image in images}) == len(images)
    assert labels[:2] == ["circle", "circle"]
    assert (picture(COMBINATIONS[0], 0, 0) == images[0]).all()
    assert (picture(COMBINATIONS[0], 0, 1) != images[0]).any()


def test_held_out_combinations_are_in_test_alone(tmp_path: Path) -> None:
    prepare(Ingest(source="shapes"), 0, tmp_path)
    said = defaultdict(set)
    for name in ("train", "val", "test"):
        images = ImageSet.load(tmp_path / name)
        texts = load_descriptions(tmp_path / name, len(images))
        assert texts is not None
        assert all(label in text.replace(",", "").split() for label, text in zip(images.labels, texts, strict=True))
        said[name] = set(texts)
    held_out = {shown.description for shown in COMBINATIONS if shown.held_out}
    assert held_out <= said["test"]
    assert not held_out & (said["train"] | said["val"])
    assert len(said["train"]) == 112
    descriptions, splits = shape_texts()
    assert {text for text, name in zip(descriptions, splits, strict=True) if name == "train"} == said["train"]
