"""Lines for people: counts, lists cut short, and progress on standard error, readable in a log and under DVC."""

import sys
import time
from collections.abc import Iterator, Sequence
from typing import TypeVar

from augment.core.words import printable

Unit = TypeVar("Unit")

MIN_SECONDS_BETWEEN_LINES = 2.0
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
    """One line beside the outputs, at once and fit for a terminal, also from a worker."""
    print(printable(line), file=sys.stderr, flush=True)


class Progress:
    """Counts finished units of work and says how long the rest takes."""

    def __init__(self, what: str, total: int) -> None:
        self.what, self.total, self.done = what, total, 0
        self.began = self.printed_at = time.monotonic()

    def advance(self) -> None:
        self.done += 1
        now = time.monotonic()
        if self.done < self.total and now - self.printed_at < MIN_SECONDS_BETWEEN_LINES:
            return
        self.printed_at = now
        left = (now - self.began) / self.done * (self.total - self.done)
        rest = f", {left:.0f} s left" if self.done < self.total else f" in {now - self.began:.0f} s"
        say(f"  {self.what}: {self.done} of {self.total}{rest}")


def with_progress(what: str, units: Sequence[Unit]) -> Iterator[Unit]:
    """The units in order, with progress where they are several."""
    progress = Progress(what, len(units))
    for unit in units:
        yield unit
        if len(units) > 1:
            progress.advance()
