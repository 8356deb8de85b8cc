"""What of the images is shown: those of the smallest classes, their neighbours, the closest pairs."""

import numpy as np
import pytest

from augment.measure.features import pixels
from augment.report import pictures, tables
from augment.report.page import render
from tests.report.builder import random_images
from tests.report.pages import make
from tests.report.test_page import words


def test_of_very_many_classes_the_smallest_are_pictured(tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "MAX_PICTURED_CLASSES", 2)
    monkeypatch.setattr(tables, "MAX_MATRIX_CLASSES", 2)
    assert pictures.pictured_classes({"many": 9, "none": 0, "few": 3}) == ["few", "none"]
    labels = ["cup", "bag", "hat"]
    contents = make(tmp_path, labels=labels)
    page = render(contents)
    assert list(contents.pictures) == ["bag", "cup"], "of equal size those that come first"
    assert page.count('<article class="card">') == 2
    for what in ("Pictures", "Figures", "Curves"):
        assert f"{what} of 2 of 3 classes: those with the fewest training images." in page
    assert "Win rate of hat" not in page
    assert 'class="matrix"' not in page
    assert "A matrix of 3 classes is too large to be read" in page
    of_classes = page[page.index('id="classes"') : page.index('id="worth"')]
    assert all(f'<th scope="row">{label}</th>' in of_classes for label in labels), "tables of one row a class have all"


def test_many_classes_leave_the_page_light(tmp_path):
    labels = [f"class {number}" for number in range(100)]
    text = render(make(tmp_path, labels=labels, count=2))
    assert "Most frequent confusions" in text
    assert text.count('<article class="card">') == 100
    assert len(text.encode()) < 2_000_000


def test_neighbours_are_the_nearest_training_images_of_any_class(tmp_path):
    contents = make(tmp_path, labels=["a", "b"])
    train = random_images(["a", "b"], 6, (1, 8, 8), 1)
    everything = np.concatenate([train["a"], train["b"]])
    for label, own in contents.pictures.items():
        for pair in own.neighbours:
            difference = np.sqrt((((pair.image / 255.0) - everything / 255.0) ** 2).mean(axis=(1, 2, 3)))
            assert pair.distance == pytest.approx(difference.min(), rel=1e-5)
            assert np.array_equal(pair.nearest, everything[difference.argmin()])
            assert pair.nearest_label == ("a" if difference.argmin() < 6 else "b")
        tests = random_images(["a", "b"], 6, (1, 8, 8), 2)[label]
        usual = [np.linalg.norm(pixels(everything) - own, axis=1).min() for own in pixels(tests)]
        assert own.test_distance == pytest.approx(np.median(usual), rel=1e-5)


def test_the_ten_closest_pairs_are_those_of_least_distance(tmp_path):
    contents = make(tmp_path, labels=["a", "b"], count=8)
    train, synthetic, test = (random_images(["a", "b"], 8, (1, 8, 8), seed) for seed in (1, 3, 2))

    def distances(images, label):
        difference = images[label][:, None] / 255.0 - train[label][None] / 255.0
        return np.sqrt((difference**2).mean(axis=(2, 3, 4))).min(axis=1)

    every = sorted([*distances(synthetic, "a"), *distances(synthetic, "b")])
    assert [pair.distance for pair in contents.closest.pairs] == pytest.approx(every[:10], abs=1e-5)
    usual = sorted([*distances(test, "a"), *distances(test, "b")])
    assert contents.closest.control == pytest.approx(usual[:10], abs=1e-5)
    for pair in contents.closest.pairs:
        between = np.sqrt(((pair.image / 255.0 - pair.nearest / 255.0) ** 2).mean())
        assert between == pytest.approx(pair.distance, abs=1e-5)
        assert pair.nearest_label == pair.label
    privacy = words(render(contents).split('id="privacy"')[1].split("</section>")[0])
    assert "The synthetic images are not anonymous" in privacy
    assert f"{every[0]:.3f} to {every[9]:.3f}; the nearest unseen real images lie at {usual[0]:.3f}" in privacy
