"""What a request means, and what is said of what was never seen."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from augment.core.errors import ArgumentError, DataError
from augment.gan.words import vocabulary as limits
from augment.gan.words.vocabulary import learn_vocabulary

SAID = ["small red circle, left", "large red square, left", "small blue square, right", "Left, circle RED small!"]
KNOWN = learn_vocabulary(SAID)
WORDS = ("blue", "circle", "large", "left", "red", "right", "small", "square")


def test_words_are_sorted_and_descriptions_of_equal_words_are_one() -> None:
    assert KNOWN.words == WORDS
    assert KNOWN.descriptions == ("large red square, left", "small blue square, right", "small red circle, left")


def test_a_description_is_the_set_of_its_words() -> None:
    expected = torch.tensor([[0, 1, 0, 1, 1, 0, 1, 0], [1, 0, 0, 0, 0, 0, 0, 0]]).float()
    assert torch.equal(KNOWN.encode(["left circle, small small RED zebra", "blue"]), expected)


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=8), st.randoms())
def test_order_and_case_play_no_part(words: list[str], random: object) -> None:
    other = [word.upper() for word in words]
    random.shuffle(other)  # type: ignore[attr-defined]
    assert torch.equal(KNOWN.encode([" ".join(words)]), KNOWN.encode([", ".join(other)]))


def test_what_is_all_within_a_training_description_is_not_warned_of() -> None:
    for request in (*SAID, "red circle", "square"):
        reading = KNOWN.read(request)
        assert (reading.distance, reading.unknown, reading.apart) == (0.0, (), ())
        assert KNOWN.warning(reading) == ""


def test_what_a_request_leaves_open_is_that_of_training_descriptions() -> None:
    assert set(KNOWN.completions("small")) == {"small blue square, right", "small red circle, left"}
    assert KNOWN.completions("zebra RED circle") == ("small red circle, left",)
    assert KNOWN.completions("left, small red circle") == ("left, small red circle",), "it leaves nothing open"
    assert KNOWN.completions("blue circle") == ("blue circle",), "no training description has all of it"


def test_a_whole_description_is_drawn_though_longer_ones_have_it() -> None:
    assert learn_vocabulary(["scratch", "small scratch"]).completions("scratch") == ("scratch",)


def test_the_distance_is_to_the_nearest_description() -> None:
    """The large red square lacks one word of four, and so do others: the first of them is named."""
    reading = KNOWN.read("small red square, left")
    assert (reading.nearest, reading.missing, reading.distance) == ("large red square, left", ("small",), 0.25)
    assert reading.apart == ()
    assert "the nearest, 'large red square, left', lacks 'small'" in KNOWN.warning(reading)
    far = KNOWN.read("blue circle")
    assert (far.missing, far.distance, far.apart) == (("circle",), 0.5, (("blue", "circle"),))
    assert "never seen together: 'blue' with 'circle'" in KNOWN.warning(far)


def test_words_without_a_meaning_are_named() -> None:
    reading = KNOWN.read("smal pink circle")
    assert (reading.known, reading.unknown) == (("circle",), ("smal", "pink"))
    said = KNOWN.warning(reading)
    assert "without a meaning for this set, and left out: 'smal', 'pink' (did you mean 'small' for 'smal'" in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ("", "request '': it holds no word"),
        (" \n ", "it holds no word"),
        ("?!", "it holds no word"),
        ("red " * 200, "799 characters, at most 300"),
        (
            "zebra crossing",
            "has a meaning for this set; it knows 'blue', 'circle', 'large', 'left', 'red', ...",
        ),
        ("sqare", "did you mean 'square' for 'sqare'"),
        ("red\x00circle", "a character that is no sign to be seen"),
    ],
)
def test_a_request_without_meaning_is_refused(request_: str, message: str) -> None:
    with pytest.raises(ArgumentError, match="request") as caught:
        KNOWN.read(request_)
    assert message in str(caught.value)


@pytest.mark.parametrize("request_", [None, 3, b"red", ["red"]])
def test_a_request_is_a_text(request_: object) -> None:
    with pytest.raises(TypeError, match="request must be a text"):
        KNOWN.read(request_)


def test_descriptions_that_cannot_be_learnt_are_named() -> None:
    with pytest.raises(DataError, match=r"description '\.\.\.': it holds no word"):
        learn_vocabulary(["red", "..."])
    with pytest.raises(DataError, match="at most 300 can be read"):
        learn_vocabulary(["red " * 100])


@pytest.mark.parametrize(
    ("limit", "message"),
    [("MAX_WORDS", "3 different words"), ("MAX_BYTES", "23 bytes of"), ("MAX_DESCRIPTIONS", "3 different texts")],
)
def test_a_bundle_holds_all_that_is_learnt(limit: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, limit, 2)
    with pytest.raises(DataError, match=f"descriptions: {message}"):
        learn_vocabulary(["red", "blue", "pink", "red"])
