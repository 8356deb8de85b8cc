"""Progress is told now and then, and always at the end."""

import os
import subprocess
import sys
import time

import pytest

from augment.core.progress import CLEAR_LINE, Progress, counted, first_few, limited, say, with_progress


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


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def on_a_terminal(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("TERM", kind)
    monkeypatch.setenv("COLUMNS", "60")


def test_how_far_a_unit_is_is_told_every_five_seconds(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    """The first call only starts the clock: half of the second unit of four took 6 s, so 2.5 units take 30 more."""
    progress = Progress("class GANs", 4)
    progress.advance()
    clock[0] += 50  # what warms up counts for nothing
    progress.within(0.0, "GAN of class b")
    clock[0] += 6
    progress.within(0.5, "GAN of class b")
    progress.within(0.6, "GAN of class b")
    lines = capsys.readouterr().err.splitlines()
    assert lines[-1] == "  class GANs: 1 of 4, GAN of class b 50%, 30 s left"
    assert len(lines) == 2


def test_a_long_log_stays_short(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    """Ten hours of steps, one a second: lines every 5 s at first, then each a twentieth of the time later."""
    progress = Progress("class GANs", 1)
    for second in range(36_000):
        clock[0] += 1
        progress.within(second / 36_000, "GAN of class b")
    assert 100 < len(capsys.readouterr().err.splitlines()) < 200


def test_units_that_go_together_count_together(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress("class GANs", 10)
    progress.within(0.0, "a stack", 10)
    clock[0] += 6
    progress.within(0.5, "a stack", 10)
    assert capsys.readouterr().err == "  class GANs: 0 of 10, a stack 50%, 6 s left\n"


def test_a_terminal_sees_a_bar_in_one_line(
    clock: list[float], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    on_a_terminal(monkeypatch, "xterm")
    progress = Progress("class GANs", 2)
    progress.within(0.0, "GAN of class b")
    clock[0] += 1
    progress.within(0.5, "GAN of class b")
    say("hello")
    clock[0] += 1
    progress.advance()
    progress.advance()
    bar, said, second, end = capsys.readouterr().err.split(CLEAR_LINE)[1:]
    assert bar == "  class GANs [#####...............] 0 of 2, GAN of class b 50%, 3 s left"[:59]
    assert said == "hello\n"
    assert second == "  class GANs [##########..........] 1 of 2, 2 s left"
    assert end == "  class GANs: 2 of 2 in 2 s\n"


def test_a_terminal_without_a_cursor_gets_lines(
    clock: list[float], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    on_a_terminal(monkeypatch, "dumb")
    Progress("parts", 1).advance()
    assert capsys.readouterr().err == "  parts: 1 of 1 in 0 s\n"


def test_what_is_not_shown_says_nothing(clock: list[float], capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress("parts", 1, shown=False)
    clock[0] += 60
    progress.within(0.5, "one")
    progress.advance()
    assert capsys.readouterr().err == ""


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


def test_what_nobody_reads_any_more_ends_no_work() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    code = "from augment.core.progress import say; say('one'); say('two'); print('done')"
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=writer, check=False, timeout=60)
    os.close(writer)
    assert (done.returncode, done.stdout) == (0, b"done\n")
