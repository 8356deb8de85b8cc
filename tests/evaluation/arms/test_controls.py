"""Controls: images that tell nothing new of their class."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from augment.evaluation.arms.baselines import jittered_copies, noise_images, shuffled_labels
from tests.toy import toy_set


def levels(sizes):
    """Label -> images, each of one grey level that no other image has."""
    ends = np.cumsum([0, *sizes])
    return {
        label: np.arange(ends[position], ends[position + 1], dtype=np.uint8)[:, None, None, None].repeat(4, axis=3)
        for position, label in enumerate("abcd"[: len(sizes)])
    }


@given(st.lists(st.integers(0, 40), min_size=1, max_size=4), st.integers(0, 999))
def test_shuffling_keeps_images_and_numbers(sizes, seed):
    samples = levels(sizes)
    found = shuffled_labels(samples, seed)
    assert {label: len(own) for label, own in found.items()} == {label: len(own) for label, own in samples.items()}
    before, after = (np.sort(np.concatenate(list(own.values()))[:, 0, 0, 0]) for own in (samples, found))
    assert np.array_equal(before, after)


def test_shuffled_labels_say_nothing():
    found = shuffled_labels(levels([60, 60, 60, 60]), seed=0)
    own = [((images[:, 0, 0, 0] // 60) == position).mean() for position, images in enumerate(found.values())]
    assert abs(np.mean(own) - 0.25) < 0.1
    assert not np.array_equal(found["a"], shuffled_labels(levels([60, 60, 60, 60]), seed=1)["a"])
    assert np.array_equal(found["a"], shuffled_labels(levels([60, 60, 60, 60]), seed=0)["a"])


def test_noise_is_uniform_and_of_its_own_for_each_class():
    found = noise_images(["a", "b"], 200, (3, 4, 5), seed=2)
    assert {label: (own.shape, own.dtype) for label, own in found.items()} == dict.fromkeys(
        "ab", ((200, 3, 4, 5), np.dtype(np.uint8))
    )
    counts = np.bincount(found["a"].flatten(), minlength=256)
    assert (counts > 0).all()
    assert abs(found["a"].mean() - 127.5) < 3
    assert not np.array_equal(found["a"], found["b"])
    assert np.array_equal(noise_images(["b"], 200, (3, 4, 5), seed=2)["b"], found["b"]), "another class changes nothing"


def test_the_controls_copies_are_of_their_class() -> None:
    train = toy_set({"a": 5, "b": 5})
    levels = np.where(train.labels == "a", 30, 200).astype(np.uint8)
    train.images[:] = levels[:, None, None, None]  # one level stays one under shifts and rotations
    copies = jittered_copies(train, 20, "none", seed=0)
    assert {label: own.shape for label, own in copies.items()} == dict.fromkeys("ab", (20, 1, 8, 8))
    assert copies["a"].max() <= 31
    assert copies["b"].min() >= 199


def test_the_controls_copies_have_draws_of_their_own() -> None:
    train = toy_set({"a": 5, "b": 5})
    first, again, other = (jittered_copies(train, 9, "none", seed) for seed in (0, 0, 1))
    assert np.array_equal(first["a"], again["a"])
    assert not np.array_equal(first["a"], other["a"])
    alone = jittered_copies(train.of_class("b"), 9, "none", seed=0)
    assert np.array_equal(alone["b"], first["b"]), "another class changes nothing"
    train.images[5:] = train.images[:5]
    twins = jittered_copies(train, 9, "none", seed=0)
    assert not np.array_equal(twins["a"], twins["b"])
