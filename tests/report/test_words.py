"""The sentence for somebody who decides says yes, no or nobody knows, with the number that goes with it."""

import pytest

from augment.report.first_screen import SYMBOLS
from augment.report.words import ENDINGS, fixed, minutes, percent, plain_sentence, points


def test_every_verdict_has_one_sentence() -> None:
    assert set(ENDINGS) == {*SYMBOLS, "not credited"}
    for word in ENDINGS:
        text = plain_sentence(word, 0.031, -0.01, "balanced_accuracy")
        assert text.endswith(".")
        assert text.count(".") == 1
        assert "{" not in text


@pytest.mark.parametrize(
    ("word", "gain", "primary", "start"),
    [
        ("helps", 0.031, "balanced_accuracy", "Use the GAN images: with them about 3 more of 100 images are"),
        (
            "harms",
            -0.021,
            "balanced_accuracy",
            "Do not use the GAN images: with them about 2 fewer of 100 images",
        ),
        (
            "helps, negligibly",
            0.004,
            "balanced_accuracy",
            "The GAN images help, but hardly: with them less than 1",
        ),
        ("helps", 0.05, "recall_at_far", "Use the GAN images: with them about 5 more of 100 findings are caught"),
    ],
)
def test_the_number_is_in_images(word: str, gain: float, primary: str, start: str) -> None:
    assert plain_sentence(word, gain, -0.01, primary).startswith(start)


def test_a_gain_that_copies_have_too_is_not_called_too_small() -> None:
    text = plain_sentence("undecided", 0.053, 0.037, "balanced_accuracy")
    assert "about 5 more of 100 images" in text
    assert "copies of the real images may do as well" in text
    assert "may be chance" in plain_sentence("undecided", 0.053, -0.001, "balanced_accuracy")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, "not measured here"), (0.2, "under a minute"), (59.9, "under a minute"), (60, "1 min"), (200.0, "3 min")],
)
def test_time_is_told_in_minutes(seconds: float | None, text: str) -> None:
    assert minutes(seconds) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.031, "+3.1"), (-0.0004, "−0.04"), (0.0, "0.0"), (-0.012, "−1.2"), ("", "–"), (None, "–")]
)
def test_points(value: object, text: str) -> None:
    assert points(value) == text


def test_other_figures() -> None:
    assert [percent(cell) for cell in ("0.8333", "", "nan")] == ["83.3", "–", "–"]
    assert [fixed(cell) for cell in (0.14, None)] == ["0.140", "–"]
