"""Words for classes without images: what the controls and rivals are, and what a classifier is shown."""

import numpy as np
import pytest

from augment.data.imageset import ImageSet
from benchmarks import unseen
from benchmarks.unseen import CLOTHING, nearest_class, shuffled, training_set

LABELS = np.repeat(["hat", "pants", "shorts"], 20)
NAMES = np.array([f"{at:02d}" for at in range(60)])
SHADES = np.repeat([30, 120, 210], 20)
IMAGES = ImageSet(np.tile(SHADES[:, None, None, None], (1, 1, 8, 8)).astype(np.uint8), LABELS, NAMES, NAMES)


def test_no_class_keeps_its_description_when_they_are_shuffled() -> None:
    other = shuffled(CLOTHING, 0)
    assert sorted(other.values()) == sorted(CLOTHING.values())
    assert all(other[label] != text for label, text in CLOTHING.items())
    assert other == shuffled(CLOTHING, 0) != shuffled(CLOTHING, 1)


def test_the_nearest_class_has_most_words_in_common() -> None:
    assert nearest_class("shorts", CLOTHING) == "pants"
    assert nearest_class("shirt", CLOTHING) in ("longsleeve", "outwear")
    assert nearest_class("a", {"a": "red", "c": "blue", "b": "green"}) == "b", "the first where none has any"


def test_one_class_has_few_images_and_more_hold_fewer() -> None:
    pool = np.arange(0, 60, 2)
    sets = {shots: training_set(IMAGES, pool, "pants", shots, 5, 0) for shots in (0, 1, 3)}
    assert [sets[shots].counts().get("pants", 0) for shots in sets] == [0, 1, 3]
    assert all(train.counts()["hat"] == train.counts()["shorts"] == 5 for train in sets.values())
    names = [set(train.sources.tolist()) for train in sets.values()]
    assert names[0] < names[1] < names[2] <= set(NAMES[pool].tolist())


def test_made_images_count_for_the_class_that_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shades that tell the classes apart: right made images teach the class, those of another do not."""
    monkeypatch.setattr(unseen, "FIT", unseen.FitSettings(60, 3e-3))
    train = training_set(IMAGES, np.arange(60), "pants", 0, 10, 0)
    right, wrong = (np.full((8, 1, 8, 8), shade, np.uint8) for shade in (120, 30))
    found = [unseen.recalls(train, made, IMAGES, 0)[1] for made in ({}, {"pants": right}, {"pants": wrong})]
    assert found == [0, 1, 0]
