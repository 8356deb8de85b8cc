"""The built-in sets: 2x2 screens, and scikit-learn's digits."""

from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from augment.data import cleaning
from augment.data.imageset import ImageSet
from augment.data.prepare import prepare
from augment.data.sources.built_in import digits, slanted, surfaces
from augment.data.sources.built_in.small import IMAGES_PER_CLASS, MAX_PALLOR
from augment.data.sources.built_in.surfaces import surface
from augment.params import Ingest


def test_faces_lean_and_noise_is_anything() -> None:
    images, labels = slanted()
    assert images.shape == (2 * IMAGES_PER_CLASS, 1, 2, 2)
    assert images.dtype == np.uint8
    darkness = 1 - images[:, 0] / 255
    face = np.array(labels) == "face"
    assert face.sum() == IMAGES_PER_CLASS
    on_diagonal = darkness[face][:, [0, 1], [0, 1]]
    off_diagonal = darkness[face][:, [0, 1], [1, 0]]
    assert on_diagonal.min() >= 1 - MAX_PALLOR - 1 / 255
    assert off_diagonal.max() <= MAX_PALLOR + 1 / 255
    noise = darkness[~face].reshape(IMAGES_PER_CLASS, 4)
    assert np.abs(noise.mean(axis=0) - 0.5).max() < 0.06
    assert np.abs(noise.std(axis=0) - 12**-0.5).max() < 0.03


def test_every_image_is_its_own_and_the_set_is_always_the_same() -> None:
    images, _ = slanted()
    assert len({image.tobytes() for image in images}) == 2 * IMAGES_PER_CLASS
    assert (images == slanted()[0]).all()


def test_it_is_prepared_like_any_other_set(tmp_path: Path) -> None:
    findings = prepare(Ingest(source="slanted", train_per_class=60), 0, tmp_path)
    assert findings.blockers == []
    train = ImageSet.load(tmp_path / "train")
    assert train.images.shape == (96, 1, 2, 2)
    assert train.counts() == {"face": 48, "noise": 48}
    assert ImageSet.load(tmp_path / "test").counts() == {"face": 340, "noise": 340}


def test_equal_screens_neither_stop_the_run_nor_straddle_a_split(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Black-and-white screens: 16 patterns among 400 images."""
    images = np.random.default_rng(0).integers(0, 2, (400, 1, 2, 2), dtype=np.uint8) * 255
    labels = ["face" if image[0, 0, 0] == 0 else "noise" for image in images]
    monkeypatch.setitem(cleaning.BUILT_IN, "slanted", lambda: (images, labels))
    findings = prepare(Ingest(source="slanted"), 0, tmp_path)
    assert len(findings.usable) == 400
    sides = defaultdict(set)
    for name in ("train", "val", "test"):
        for image in ImageSet.load(tmp_path / name).images:
            sides[image.tobytes()].add(name)
    assert len(sides) == 16
    assert all(len(where) == 1 for where in sides.values())


def test_digits_are_scikit_learns() -> None:
    images, labels = digits()
    bunch = load_digits()
    assert images.shape == (1797, 1, 8, 8)
    assert images.dtype == np.uint8
    assert (images.min(), images.max()) == (0, 255)
    assert np.abs(images[:, 0] / 255 - bunch.images / 16).max() <= 0.5 / 255
    assert labels == bunch.target.astype(str).tolist()


def test_plates_have_plenty_of_good_ones_and_few_of_each_defect() -> None:
    images, labels = surfaces()
    assert (images.shape, images.dtype) == ((900, 1, 32, 32), np.uint8)
    assert Counter(labels) == {"good": 600, "chip": 60, "crack": 60, "pit": 60, "scratch": 60, "stain": 60}
    assert len({image.tobytes() for image in images}) == 900


def test_a_seed_decides_every_plate() -> None:
    images, labels = surfaces(seed=3)
    assert np.array_equal(images[0, 0], surface("good", 0, 3))
    assert np.array_equal(images[labels.index("pit"), 0], surface("pit", 0, 3))
    assert not np.array_equal(images[0], surfaces()[0][0])


@pytest.mark.parametrize(("label", "darker"), [("pit", True), ("crack", True), ("stain", True), ("scratch", False)])
def test_a_defect_is_a_small_part_that_is_darker_or_lighter(label: str, darker: bool) -> None:
    images, labels = surfaces()
    own = images[np.array(labels) == label, 0].astype(float)
    rest = own - np.median(own, axis=(1, 2), keepdims=True)
    assert (np.abs(rest) > 40).mean() < 0.15
    extremes = (-rest.min(axis=(1, 2)) > rest.max(axis=(1, 2))) == darker
    assert extremes.mean() > 0.9
