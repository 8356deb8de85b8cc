"""What is expected of a comparison from the training images and the groups of test."""

import numpy as np

from augment.data.imageset import ImageSet
from augment.evaluation.experiment.preflight import neighbour_recalls, power_of
from augment.evaluation.statistics.power_model import expected_recalls
from tests.toy import toy_set


def recalls_of(train: ImageSet) -> np.ndarray:
    neighbour = neighbour_recalls(train)
    assert neighbour is not None
    return expected_recalls(neighbour, np.array(list(train.counts().values())))


def test_neighbours_rank_classes_by_their_difficulty():
    """A class of noise among classes with a bar each."""
    train = toy_set({"a": 30, "b": 30, "c": 30, "noise": 30})
    images = train.images.copy()
    rng = np.random.default_rng(0)
    mine = np.flatnonzero(train.labels == "noise")
    images[mine] = images[rng.choice(np.flatnonzero(train.labels != "noise"), 30)]  # looks like any other class
    found = recalls_of(ImageSet(images, train.labels, train.groups, train.sources))
    assert found.shape == (4,)
    assert found[3] < 0.5 < found[:3].min()
    assert ((found > 0) & (found < 1)).all()


def test_groups_stay_together_when_neighbours_are_looked_for():
    """Twins share a group: with them apart every image would find its twin."""
    rng = np.random.default_rng(1)
    halves = rng.integers(0, 256, (20, 1, 8, 8), dtype=np.uint8)
    images = np.concatenate([halves, halves])
    labels = np.tile(np.repeat(["a", "b"], 10), 2)
    twins = np.tile(np.arange(20), 2).astype(np.str_)
    alone = np.arange(40).astype(np.str_)
    together, apart = (recalls_of(ImageSet(images, labels, groups, alone)) for groups in (twins, alone))
    assert apart.mean() > 0.9
    assert together.mean() < 0.8


def test_test_images_are_not_looked_at():
    clear, test = toy_set({"a": 30, "b": 30}), toy_set({"a": 300, "b": 200}, seed=1, each=2)
    images = clear.images.copy()
    images[::3] = clear.images[::-1][::3]  # every third image shows the other class
    train = ImageSet(images, clear.labels, clear.groups, clear.sources)
    found = power_of(train, test, ["none", "copies_half"], 20, None, True)
    blank = ImageSet(np.zeros_like(test.images), test.labels, test.groups, test.sources)
    assert found.smallest() is not None
    assert power_of(train, blank, ["none", "copies_half"], 20, None, True).smallest() == found.smallest()
    assert found.groups.tolist() == [150, 100]


def test_a_set_without_folds_announces_nothing():
    train = toy_set({"a": 2, "b": 2})
    one_group = ImageSet(train.images, train.labels, np.array(["x"] * 4), train.sources)
    assert neighbour_recalls(one_group) is None
    assert power_of(one_group, toy_set({"a": 30, "b": 20}, seed=1), ["none"], 5, None, True).smallest() is None


def test_classes_that_test_lacks_do_not_count():
    train = toy_set({"a": 8, "b": 8, "c": 8})
    found = power_of(train, toy_set({"a": 30, "c": 20}, seed=1), ["none"], 5, None, True)
    assert len(found.groups) == 2
