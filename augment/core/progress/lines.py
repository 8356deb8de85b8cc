"""Lines for people: counts, lists cut short, and progress on standard error: a bar on a terminal, lines in a log."""

import os
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from typing import TypeVar

from augment.core.progress.run_clock import begin_part, end_part
from augment.core.words import printable, silence

Unit = TypeVar("Unit")

MIN_SECONDS_BETWEEN_LINES, SECONDS_WITHIN_A_UNIT = 2.0, 5.0
SECONDS_BETWEEN_BARS = 0.1
SHARE_BETWEEN_LINES = 0.05  # of the time so far: a log of hours stays short
BAR_WIDTH = 20  # characters
CLEAR_LINE = "\r\x1b[K"  # to the line's begin, and nothing right of it
MAX_PROBLEM_LINES = 20  # of one message; more are counted


def duration(minutes: float) -> str:
    """`less than a minute`, `about 12 min`, `about 3.5 h`."""
    if minutes < 1:
        return "less than a minute"
    return f"about {minutes:.0f} min" if minutes < 100 else f"about {minutes / 60:.1f} h"


def counted(number: int, noun: str) -> str:
    """`1 cluster`, `2 clusters`, `2 processes`."""
    ending = "es" if noun.endswith("s") else "s"
    return f"{number} {noun}{'' if number == 1 else ending}"


def limited(lines: Sequence[str], limit: int, more: str = "... and {} more") -> list[str]:
    """The first `limit` lines, and how many there are beyond them."""
    rest = [more.format(len(lines) - limit)] if len(lines) > limit else []
    return [*lines[:limit], *rest]


def first_few(names: Sequence[str], limit: int) -> str:
    """`a, b, c, ...`: the first `limit` names in one line."""
    return ", ".join([*names[:limit], *(["..."] if len(names) > limit else [])])


def say(line: str) -> None:
    """One line beside the outputs, at once and fit for a terminal, also from a worker; in the place of a bar."""
    _write(f"{CLEAR_LINE if on_terminal() else ''}{printable(line)}\n")


def _write(text: str) -> None:
    """To standard error. Where nobody reads it any more, as behind a pipe that ended, what is done goes on unheard."""
    try:
        print(text, end="", file=sys.stderr, flush=True)
    except OSError:
        silence(sys.stderr)


def on_terminal() -> bool:
    """Whether a bar can be drawn: a person looks on, and the line can be written again."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


class Progress:
    """Counts finished units of work and says how long the rest takes: a bar on a terminal, plain lines elsewhere."""

    def __init__(self, what: str, total: int, shown: bool = True) -> None:
        self.what, self.total, self.done, self.shown = what, total, 0, shown
        self.began = self.told_at = time.monotonic()
        self.clock = begin_part(what, total) if what and total else None
        self.done_before: float | None = None  # of the time since `began`: units found finished, and shares of them

    def advance(self) -> None:
        """One more unit is finished."""
        self.done += 1
        if self.clock and self.done == self.total:
            end_part(self.clock)
        self._tell(self.done, "", MIN_SECONDS_BETWEEN_LINES)

    def within(self, share: float, part: str, units: int = 1) -> None:
        """How far the units at work are: a share of them from 0 to 1, and what they are called."""
        done = self.done + units * share
        if self.done_before is None:  # the first step also warms up, and would promise hours
            self.began, self.done_before = time.monotonic(), done
        self._tell(done, f"{part} {share:.0%}", SECONDS_WITHIN_A_UNIT)

    def _tell(self, done: float, part: str, seconds: float) -> None:
        now, bar = time.monotonic(), on_terminal()
        over = self.done == self.total
        wait = SECONDS_BETWEEN_BARS if bar else max(seconds, SHARE_BETWEEN_LINES * (now - self.began))
        if not self.shown or (not over and now - self.told_at < wait):
            return
        self.told_at = now
        counts = f"{self.done} of {self.total}{f', {part}' if part else ''}"
        if over:
            say(f"  {self.what}: {counts}{self._left(done, now) if self.clock else f' in {now - self.began:.0f} s'}")
            return
        left = self._left(done, now)
        if not bar:
            say(f"  {self.what}: {counts}{left}")
            return
        filled = int(BAR_WIDTH * done / self.total)
        line = f"  {self.what} [{'#' * filled}{'.' * (BAR_WIDTH - filled)}] {counts}{left}"
        line = printable(line)[: shutil.get_terminal_size().columns - 1]  # a longer one would begin another
        _write(f"{CLEAR_LINE}{line}")

    def _left(self, done: float, now: float) -> str:
        """Of the whole run where its time is planned, else of these units."""
        if self.clock:
            return f"; {left_text(self.clock.left(min(1.0, done / self.total), time.time()))}"
        timed = done - (self.done_before or 0)
        return f", {(now - self.began) / timed * (self.total - done):.0f} s left" if timed > 0 else ""


def left_text(seconds: float) -> str:
    """`about 6 min left of the run`, `about 40 s left of the run`."""
    text = f"about {max(5, 5 * round(seconds / 5))} s" if seconds < 95 else duration(seconds / 60)
    return f"{text} left of the run"


def with_progress(what: str, units: Sequence[Unit]) -> Iterator[Unit]:
    """The units in order, with progress where they are several."""
    progress = Progress(what, len(units))
    for unit in units:
        yield unit
        if len(units) > 1:
            progress.advance()
