"""What is told of the generators beside a verdict."""

import pytest

from augment.evaluation.verdict.figures import points
from augment.evaluation.verdict.wording import failed_classes_caveat, pinned_start_caveat
from tests.toy import toy_set


def test_nothing_is_told_of_sound_generators() -> None:
    assert failed_classes_caveat({}, 2) == []


def test_failed_classes_are_named_with_the_repeats_that_lack_them() -> None:
    (told,) = failed_classes_caveat({"hole": 1, "crack": 3}, 3)
    assert told.startswith("The GANs of these classes failed: 'crack', 'hole' (1 of 3 repeats). ")


def test_a_start_of_other_images_is_told() -> None:
    train, other = toy_set({"a": 3, "b": 4}), toy_set({"a": 3, "b": 4}, seed=9)
    assert pinned_start_caveat(None, train.fingerprint()) == []
    assert pinned_start_caveat({"images_sha256": train.fingerprint()}, train.fingerprint()) == []
    for said in ({}, {"images_sha256": other.fingerprint()}):
        (told,) = pinned_start_caveat(said, train.fingerprint())
        assert "Whether it has seen test images cannot be told" in told


@pytest.mark.parametrize(
    ("fraction", "text"),
    [(0.021, "+2.1"), (-0.0123, "-1.2"), (0.0, "+0.0"), (0.0004, "+0.04"), (-0.0004, "-0.04")],
)
def test_points_keep_their_sign(fraction, text):
    assert points(fraction) == text
