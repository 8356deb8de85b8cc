"""Facts of files that tell the classes are noted; those that say nothing are not, however often one looks."""

import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from augment.data.clues import giveaway
from augment.data.clues.giveaway import MIN_TOLD, told
from augment.data.entries import Entry
from tests.data.corpus import encode, look

ROOM = {"near_duplicates": "off", "min_per_class": 2}


def smooth(seed: int, low: int = 0, high: int = 255, channels: int = 1, size: tuple[int, int] = (16, 16)) -> np.ndarray:
    """Something of low frequency, so that formats of photos keep it."""
    small = np.random.default_rng(seed).integers(low, high + 1, (4, 4, channels), dtype=np.uint8)
    return np.asarray(
        Image.fromarray(small[:, :, 0] if channels == 1 else small).resize(size[::-1], Image.Resampling.BILINEAR)
    )


def write(root: Path, label: str, number: int, content: bytes) -> None:
    (root / label).mkdir(parents=True, exist_ok=True)
    (root / label / f"{number}.img").write_bytes(content)


def photo(number: int, **options: object) -> bytes:
    return encode(smooth(number, channels=3), "JPEG", **options)


def exif() -> bytes:
    tags = Image.Exif()
    tags[271] = "Maker"
    return tags.tobytes()


WAYS = {  # what tells, and the two ways of storing
    "file type": (lambda n: encode(smooth(n)), lambda n: encode(smooth(n), "BMP")),
    "colour mode": (lambda n: encode(smooth(n)), lambda n: encode(Image.fromarray(smooth(n)).convert("RGB"))),
    "bit depth": (lambda n: encode(smooth(n)), lambda n: encode(smooth(n).astype(np.uint16) * 257)),
    "JPEG quality": (lambda n: photo(n, quality=95), lambda n: photo(n, quality=70)),
    "metadata": (photo, lambda n: photo(n, exif=exif())),
    "width": (lambda n: encode(smooth(n)), lambda n: encode(smooth(n, size=(16, 20)))),
    "aspect": (lambda n: encode(smooth(n, size=(16, 24))), lambda n: encode(smooth(n, size=(16, 12)))),
}


@pytest.mark.parametrize("fact", WAYS)
def test_a_class_that_is_stored_in_another_way_is_noted(tmp_path: Path, fact: str) -> None:
    for number in range(20):
        for label, way in zip("ab", WAYS[fact], strict=True):
            write(tmp_path, label, number, way(number + 100 * (label == "b")))
    (note,) = [note for note in look(tmp_path, **ROOM).notes if "giveaway" in note]
    assert note.startswith("giveaway: ")
    assert fact in note.partition(" alone tells ")[0]
    assert "'a' (100%, others 0%), 'b' (100%, others 0%)" in note


@pytest.mark.parametrize("fact", WAYS)
def test_ways_that_are_mixed_in_every_class_are_not(tmp_path: Path, fact: str) -> None:
    for number in range(20):
        for label in "ab":
            write(tmp_path, label, number, WAYS[fact][number % 2](number + 100 * (label == "b")))
    assert not [note for note in look(tmp_path, **ROOM).notes if "giveaway" in note]


def test_one_class_of_many_is_named_alone(tmp_path: Path) -> None:
    for position, label in enumerate("abcdef"):
        for number in range(12):
            form = "BMP" if label == "d" else "PNG"
            write(tmp_path, label, number, encode(smooth(100 * position + number), form))
    (note,) = [note for note in look(tmp_path, **ROOM).notes if "giveaway" in note]
    assert note.startswith("giveaway: file type alone tells 'd' (100%, others 0%) from the other classes")


def test_brightness_is_worded_as_what_may_be_the_class(tmp_path: Path) -> None:
    for number in range(20):
        write(tmp_path, "night", number, encode(smooth(number, 0, 120)))
        write(tmp_path, "day", number, encode(smooth(100 + number, 130, 255)))
    (note,) = look(tmp_path, **ROOM).notes
    assert note.startswith("brightness_giveaway: mean brightness alone tells 'day'")
    assert "if the light or the camera makes it, and not the class" in note


def test_images_of_one_group_count_once() -> None:
    """Two patients, each stored in a way of his own, are no proof about classes."""
    entries = [
        Entry(f"{label}/{n}.png", label, size=(4 if label == "a" else 5, 4), group=f"{label}{n % 2}")
        for label in "ab"
        for n in range(40)
    ]
    assert giveaway.giveaway_notes(entries, {}) == []
    alone = [Entry(one.path, one.label, size=one.size) for one in entries]
    assert len(giveaway.giveaway_notes(alone, {})) == 1
    assert giveaway.giveaway_notes(alone, {one.path: one.group for one in entries}) == []


def test_classes_that_differ_in_nothing_are_told_in_fewer_cases_than_promised() -> None:
    """Facts drawn at random, of a few and of many images, classes and values."""
    rng, noted = np.random.default_rng(0), 0
    for _ in range(400):
        images, classes = int(rng.integers(10, 60)), int(rng.integers(2, 6))
        facts = [rng.integers(0, rng.integers(2, 5), images) for _ in range(4)]
        labels = rng.permutation([f"{n % classes}" for n in range(images)]).tolist()
        noted += bool(told(facts, labels, np.arange(images) % 5, MIN_TOLD))
    assert noted <= 400 * giveaway.MAX_CHANCE


@pytest.mark.parametrize(
    ("own", "named", "right", "total"), [(7, 7, 7, 14), (5, 8, 4, 20), (12, 3, 0, 30), (9, 2, 2, 11)]
)
def test_chance_is_the_hypergeometric_tail(own: int, named: int, right: int, total: int) -> None:
    ways = sum(math.comb(own, k) * math.comb(total - own, named - k) for k in range(right, min(own, named) + 1))
    assert giveaway._chance(own, named, right, total) == pytest.approx(ways / math.comb(total, named))


def test_no_group_is_predicted_by_its_own_images() -> None:
    groups, labels = [f"g{n // 3}" for n in range(90)], ["ab"[n % 2] for n in range(90)]
    folds = giveaway._folds(groups, labels)
    assert len({(group, fold) for group, fold in zip(groups, folds.tolist(), strict=True)}) == 30
    assert np.bincount(folds).min() >= 12
    order = np.random.default_rng(0).permutation(90)
    assert (giveaway._folds([groups[i] for i in order], [labels[i] for i in order]) == folds[order]).all()
