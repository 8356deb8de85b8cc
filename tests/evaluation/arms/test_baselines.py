"""SMOTE and mixes inside a class: every image lies on a segment between two images of its class."""

import numpy as np
import pytest
from imblearn.over_sampling import SMOTE

from augment.core.seeds import derive_seed
from augment.data.imageset import ImageSet
from augment.evaluation.arms.baselines import PASTED_AREA, blended_images, pasted_images, smote_images
from augment.measure.features import pixels

MAKERS = [smote_images, blended_images]


def image_set(counts, shape=(1, 8, 8), seed=0):
    labels = np.repeat(np.array(list(counts), dtype=np.str_), list(counts.values()))
    images = np.random.default_rng(seed).integers(0, 256, (len(labels), *shape), dtype=np.uint8)
    names = np.arange(len(labels)).astype(np.str_)
    return ImageSet(images, labels, names, names)


def segments(point, images):
    """Pairs (i, j) whose segment passes within rounding of the point, and where on it."""
    flat, found = images.reshape(len(images), -1).astype(float), []
    for i in range(len(flat)):
        for j in range(len(flat)):
            way = flat[j] - flat[i]
            if i != j:
                place = (point.reshape(-1) - flat[i]) @ way / (way @ way)
                if np.abs(flat[i] + place * way - point.reshape(-1)).max() < 1 and -0.01 < place < 1.01:
                    found.append((i, j, place))
    return found


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 6, 10), (1, 40, 72)])
def test_every_image_lies_between_two_of_its_class(maker, shape):
    train = image_set({"a": 9, "b": 4, "c": 2}, shape)
    made = maker(train, 12, seed=3)
    assert list(made) == ["a", "b", "c"]
    for label, images in made.items():
        assert images.shape == (12, *shape)
        assert images.dtype == np.uint8
        own = train.of_class(label).images
        places = []
        for image in images:
            found = segments(image, own)
            assert found, f"{label}: on no segment"
            places.append(found[0][2])
        assert max(places) - min(places) > 0.3, "the places on the segments vary"


@pytest.mark.parametrize("shape", [(1, 8, 8), (1, 40, 72)])
def test_smote_goes_to_near_neighbours_only(shape):
    train = image_set({"a": 16, "b": 5}, shape)
    own = train.of_class("a").images
    reduced = pixels(own)
    distance = np.linalg.norm(reduced[:, None] - reduced[None], axis=2)
    rank = distance.argsort(axis=1).argsort(axis=1)  # 0 is itself
    pairs = [segments(image, own) for image in smote_images(train, 60, seed=1)["a"]]
    assert all(any(rank[i, j] <= 5 for i, j, _ in found) for found in pairs)
    far = [segments(image, own) for image in blended_images(train, 60, seed=1)["a"]]
    assert any(all(rank[i, j] > 5 for i, j, _ in found) for found in far)


def test_smote_is_imbalanced_learns_on_plain_pixels():
    train = image_set({"a": 10, "b": 7})
    own = train.of_class("b").images.reshape(7, -1).astype(float)
    sampler = SMOTE(sampling_strategy={1: 27}, k_neighbors=5, random_state=derive_seed(4, "smote", "b") % 2**32)
    reference, _ = sampler.fit_resample(np.concatenate([own, np.zeros((1, 64))]), [1] * 7 + [0])
    made = smote_images(train, 20, seed=4)["b"].reshape(20, -1)
    assert np.abs(made - reference[8:]).max() < 0.51


@pytest.mark.parametrize("maker", MAKERS)
def test_one_image_is_copied_and_two_are_joined(maker):
    train = image_set({"lone": 1, "pair": 2, "rest": 6})
    made = maker(train, 8, seed=0)
    assert (made["lone"] == train.of_class("lone").images).all()
    assert len(np.unique(made["pair"].reshape(8, -1), axis=0)) == 8


@pytest.mark.parametrize("maker", MAKERS)
def test_seed_and_label_name_the_draws(maker):
    train = image_set({"a": 6, "b": 6})
    first, again, other = maker(train, 5, seed=0), maker(train, 5, seed=0), maker(train, 5, seed=1)
    assert (first["a"] == again["a"]).all()
    assert (first["a"] != other["a"]).any()
    alone = maker(train.of_class("a"), 5, seed=0)
    assert (alone["a"] == first["a"]).all(), "another class must change nothing"


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 24, 40)])
def test_a_pasted_image_is_a_rectangle_of_its_class_on_an_image_of_another(shape):
    """Classes of one grey level each show what came from where."""
    train = image_set({"a": 9, "b": 3, "c": 3}, shape)
    for level, label in enumerate(train.classes):
        train.images[train.labels == label] = 50 * (level + 1)
    made = pasted_images(train, 200, seed=3)
    assert list(made) == ["b", "c"], "minority classes alone"
    for level, label in ((100, "b"), (150, "c")):
        assert made[label].shape == (200, *shape)
        backgrounds = []
        for image in made[label]:
            own = (image == level).all(axis=0)
            rows, columns = np.flatnonzero(own.any(axis=1)), np.flatnonzero(own.any(axis=0))
            assert own[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].all(), "one rectangle"
            assert PASTED_AREA[0] - 0.15 < own.mean() < PASTED_AREA[1] + 0.1
            backgrounds += np.unique(image[:, ~own]).tolist()
        assert set(backgrounds) == {50, 100, 150} - {level}
        assert np.mean(np.array(backgrounds) == 50) == pytest.approx(9 / 12, abs=0.12), "as often as it is frequent"


def test_pasted_images_stand_where_they_stood_and_repeat_themselves():
    train = image_set({"a": 6, "b": 2}, (1, 9, 9))
    made = pasted_images(train, 30, seed=1)["b"]
    own = train.of_class("b").images
    assert all(max((image == one).mean() for one in own) > 0.2 for image in made)
    assert np.array_equal(made, pasted_images(train, 30, seed=1)["b"])
    assert not np.array_equal(made, pasted_images(train, 30, seed=2)["b"])
    alone = image_set({"a": 3}, (1, 9, 9))
    assert pasted_images(alone, 4, seed=0)["a"].shape == (4, 1, 9, 9), "without another class, on its own images"
