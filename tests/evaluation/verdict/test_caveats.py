"""What is told of the generators beside a verdict."""

from augment.evaluation.verdict.caveats import failed_classes_caveat, pinned_start_caveat
from augment.gan.generators import GeneratorSet
from tests.toy import Fixed, bars, toy_set


def generators(*failed: str) -> GeneratorSet:
    return GeneratorSet({"fine": Fixed("fine", bars(0, 4, seed=3))}, dict.fromkeys(failed, "collapsed"))


def test_nothing_is_told_of_sound_generators() -> None:
    assert failed_classes_caveat([generators(), generators()]) == []


def test_failed_classes_are_named_with_the_repeats_that_lack_them() -> None:
    (told,) = failed_classes_caveat([generators("hole", "crack"), generators("crack"), generators("crack")])
    assert told.startswith("The GANs of these classes failed: 'crack', 'hole' (1 of 3 repeats). ")


def test_a_start_of_other_images_is_told() -> None:
    train, other = toy_set({"a": 3, "b": 4}), toy_set({"a": 3, "b": 4}, seed=9)
    assert pinned_start_caveat(None, train) == []
    assert pinned_start_caveat({"images_sha256": train.fingerprint()}, train) == []
    for said in ({}, {"images_sha256": other.fingerprint()}):
        (told,) = pinned_start_caveat(said, train)
        assert "Whether it has seen test images cannot be told" in told
