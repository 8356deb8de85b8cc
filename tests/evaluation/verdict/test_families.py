"""Why no pretrained backbone was tried."""

import pytest

from augment.evaluation.verdict.families import Families, first_line, why_untried
from augment.params.arms import DEFAULT_ARMS, arm_kinds
from tests.evaluation.verdict.test_one_message import GAN, nested

SMALL = ["none", "classical", GAN, "copies_half"]


@pytest.mark.parametrize(
    ("ran", "asked", "side", "words"),
    [
        ([*SMALL, "probe"], DEFAULT_ARMS, 32, ""),
        (SMALL, DEFAULT_ARMS, 15, "images below 16 px"),
        (SMALL, DEFAULT_ARMS, 16, "its package is not installed: `pip install"),
        (SMALL, SMALL, 8, "params.yaml names no such arm"),
    ],
)
def test_the_reason_is_what_stood_in_the_way(ran: list[str], asked: list[str], side: int, words: str) -> None:
    found = why_untried(ran, asked, side, 64)
    assert found.startswith(words)
    assert bool(found) == bool(words)


@pytest.mark.parametrize("fixed", [None, "scratch"])
def test_the_first_line_says_that_none_was_tried_and_why(fixed: str | None) -> None:
    test = nested(dict.fromkeys(SMALL, 0.7), 50)
    line = first_line(
        test, arm_kinds(SMALL), "classical", Families("classical", fixed, "images below 16 px show it nothing")
    )
    assert "o pretrained backbone" in line
    assert "images below 16 px show it nothing." in line
