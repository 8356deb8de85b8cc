"""Lines for people: counts, lists cut short, and progress on standard error, readable in a log and under DVC.

On a terminal progress is a bar that the next line takes the place of.
"""

import sys
import time
from collections.abc import Iterator, Sequence
from typing import TypeVar

from augment.core.processes import cores
from augment.core.progress.run_clock import begin_part, end_part, running_clock
from augment.core.words import printable

Unit = TypeVar("Unit")

MIN_SECONDS_BETWEEN_LINES = 2.0
MAX_PROBLEM_LINES = 20  # of one message; more are counted
_CLEAR = "\r\x1b[K"  # the line of a terminal that a bar stands in
_BAR_CHARACTERS = 24


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
    """One line beside the outputs, at once and fit for a terminal, also from a worker."""
    print(f"{_CLEAR if sys.stderr.isatty() else ''}{printable(line)}", file=sys.stderr, flush=True)


class Progress:
    """Counts finished units of work and says how long the rest takes: of the whole run where its time is planned."""

    def __init__(self, what: str, total: int) -> None:
        self.what, self.total, self.done = what, total, 0
        self.began = self.printed_at = time.monotonic()
        self.clock = begin_part(what, total) if what and total else None

    def advance(self) -> None:
        self.done += 1
        over, now = self.done >= self.total, time.monotonic()
        if over and self.clock:
            end_part(self.clock)
        if not over and now - self.printed_at < MIN_SECONDS_BETWEEN_LINES:
            return
        self.printed_at = now
        if sys.stderr.isatty() and not over:
            print(f"{_CLEAR}{bar(self.done / self.total)} {self._line(now)}", end="", file=sys.stderr, flush=True)
        else:
            say(self._line(now))

    def _line(self, now: float) -> str:
        return f"  {self.what}: {self.done} of {self.total}{self._rest(now)}"

    def _rest(self, now: float) -> str:
        if self.clock:
            return f"; {left_text(self.clock.left(self.done / self.total, time.time()))}"
        left = (now - self.began) / self.done * (self.total - self.done)
        return f", {left:.0f} s left" if self.done < self.total else f" in {now - self.began:.0f} s"


def bar(share: float) -> str:
    """`[####----]`, for a share from 0 to 1."""
    full = round(share * _BAR_CHARACTERS)
    return f"[{'#' * full}{'-' * (_BAR_CHARACTERS - full)}]"


def left_text(seconds: float) -> str:
    """`about 6 min left of the run`, `about 40 s left of the run`."""
    text = f"about {max(5, 5 * round(seconds / 5))} s" if seconds < 95 else duration(seconds / 60)
    return f"{text} left of the run"


def rest_of_unit(seconds: float) -> str:
    """What follows after a unit of work, of those side by side, that takes so many seconds more."""
    clock = running_clock()
    if clock is None:
        return f", {seconds:.0f} s left"
    return f"; {left_text(clock.left_beside(seconds, cores(), time.time()))}"


def with_progress(what: str, units: Sequence[Unit]) -> Iterator[Unit]:
    """The units in order, with progress where they are several."""
    progress = Progress(what, len(units))
    for unit in units:
        yield unit
        if len(units) > 1:
            progress.advance()
