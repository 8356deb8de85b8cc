"""Progress is told now and then, and always at the end."""

import time

import pytest

from augment.core.progress import Progress, counted, first_few, limited, with_progress


def test_lines_every_two_seconds_and_at_the_end(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    progress = Progress("class GANs", 5)
    for seconds in (1.5, 1.0, 1.5, 3.0, 0.5):
        now[0] += seconds
        progress.advance()
    assert capsys.readouterr() == (
        "",
        "  class GANs: 2 of 5, 4 s left\n  class GANs: 4 of 5, 2 s left\n  class GANs: 5 of 5 in 8 s\n",
    )


def test_of_one_unit_nothing_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(with_progress("parts", [7])) == [7]
    assert capsys.readouterr().err == ""
    assert list(with_progress("parts", range(3))) == [0, 1, 2]
    assert capsys.readouterr().err.startswith("  parts: 3 of 3 in ")


@pytest.mark.parametrize(
    ("number", "noun", "words"),
    [(0, "pair", "0 pairs"), (1, "process", "1 process"), (2, "process", "2 processes"), (3, "GAN", "3 GANs")],
)
def test_one_is_singular(number: int, noun: str, words: str) -> None:
    assert counted(number, noun) == words


def test_a_long_list_says_how_much_more_there_is() -> None:
    assert limited(["a", "b"], 2) == ["a", "b"]
    assert limited(["a", "b", "c"], 1) == ["a", "... and 2 more"]


def test_names_beyond_the_first_few_are_dots() -> None:
    assert first_few([], 3) == ""
    assert first_few(["a", "b", "c"], 3) == "a, b, c"
    assert first_few(["a", "b", "c", "d"], 3) == "a, b, c, ..."
