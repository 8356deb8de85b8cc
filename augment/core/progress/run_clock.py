"""The time that a whole run still takes: what was planned of its parts, at the pace of those that are over.

`augment run` writes the plan; the stages that DVC starts, and their workers, find it by the environment. It decides
nothing, stands in no output, and a run without one is told the time of its parts alone.
"""

import contextlib
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from augment.core.errors import AugmentError
from augment.core.files import WORK_STORE, write_json

CLOCK = WORK_STORE / "run.json"
RUN, STAGE = "AUGMENT_RUN", "DVC_STAGE"  # of the environment: where the plan is; the latter is DVC's own
TRUST_PLAN_SECONDS = 10.0  # of a part, and of all that is over: by then what was measured counts half
HALF_LIFE_SECONDS = 120.0  # as planned: what was measured so long ago counts half, as other work comes and goes


@dataclass(frozen=True)
class Part:
    """What a stage does between two lines of progress; what: the name of its progress, "" for none.

    seconds: as planned; by what they depend on and nobody knows yet, or under "" alone.
    """

    stage: str
    what: str
    seconds: Mapping[str, float]

    def planned(self, known: str) -> float:
        """known: on what it depends; the mean where that is not known."""
        return self.seconds[known] if known in self.seconds else sum(self.seconds.values()) / len(self.seconds)


@dataclass(frozen=True)
class RunClock:
    """at: the part under way; since: when it began, or the last one ended, in seconds of the system's clock; units: of
    work, in that part; expected: pace before anything is measured, more than 1 where other work has the processors.

    planned, taken: seconds of the parts that are over, the older the less; known: as `Part.planned` has it.
    """

    parts: Sequence[Part]
    at: int = 0
    since: float = 0.0
    units: int = 0
    planned: float = 0.0
    taken: float = 0.0
    known: str = ""
    expected: float = 1.0

    def pace(self, share: float = 0.0, elapsed: float = 0.0) -> float:
        """Seconds for each planned second; share, elapsed: of the part under way."""
        planned = self.planned + share * self._planned_of(self.at)
        taken = self.taken + (elapsed if share else 0.0)
        return (taken + self.expected * TRUST_PLAN_SECONDS) / (planned + TRUST_PLAN_SECONDS)

    def total(self) -> float:
        """Seconds of the whole run, as expected."""
        return self.expected * sum(part.planned(self.known) for part in self.parts)

    def left(self, share: float, now: float) -> float:
        """Seconds that the run still takes; share: done of the part under way, from 0 to 1."""
        elapsed = max(0.0, now - self.since)
        pace = self.pace(share, elapsed)
        trust = elapsed / (elapsed + TRUST_PLAN_SECONDS) if share else 0.0
        measured = trust * elapsed / share if share else 0.0
        return (1 - share) * (measured + (1 - trust) * pace * self._planned_of(self.at)) + pace * self._later()

    def begin(self, stage: str, what: str, units: int, now: float) -> "RunClock | None":
        """At the next part of this name; None where there is none. Parts without a name that led to it are over."""
        following = range(self.at, len(self.parts))
        found = (at for at in following if (self.parts[at].stage, self.parts[at].what) == (stage, what))
        at = next(found, None)
        if at is None:
            return None
        passed = self.parts[self.at : at]
        measured = self._with(sum(part.planned(self.known) for part in passed), now - self.since)
        before = measured if passed and self.since and not any(part.what for part in passed) else self
        return replace(before, at=at, since=now, units=units)

    def end(self, now: float) -> "RunClock":
        """The part under way is over."""
        measured = self._with(self._planned_of(self.at), now - self.since)
        return replace(measured, at=self.at + 1, since=now, units=0)

    def _with(self, planned: float, taken: float) -> "RunClock":
        """These seconds measured besides."""
        kept = 0.5 ** (planned / HALF_LIFE_SECONDS)
        return replace(self, planned=kept * self.planned + planned, taken=kept * self.taken + taken)

    def _later(self) -> float:
        """As planned, of the parts after this one."""
        return sum(part.planned(self.known) for part in self.parts[self.at + 1 :])

    def _planned_of(self, at: int) -> float:
        return self.parts[at].planned(self.known) if at < len(self.parts) else 0.0


def write_clock(clock: RunClock, path: Path = CLOCK) -> None:
    with contextlib.suppress(AugmentError):  # it tells, and decides nothing
        write_json(path, asdict(clock))


def running_clock() -> RunClock | None:
    """That of the run which this process, a stage of it or a worker of one, belongs to; None for none."""
    if RUN not in os.environ or STAGE not in os.environ:
        return None
    try:
        values = json.loads(Path(os.environ[RUN]).read_bytes())
        return RunClock(**(values | {"parts": [Part(**part) for part in values["parts"]]}))
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None


def stage_name() -> str:
    return os.environ.get(STAGE, "").rpartition(":")[2]


def begin_part(what: str, units: int) -> RunClock | None:
    """Note that a part of the stage begins; None outside of a run, and for what the plan does not name."""
    clock = running_clock()
    begun = clock and clock.begin(stage_name(), what, units, time.time())
    if begun:
        write_clock(begun, Path(os.environ[RUN]))
    return begun


def end_part(clock: RunClock) -> None:
    write_clock(clock.end(time.time()), Path(os.environ[RUN]))


def settle(known: str) -> None:
    """What parts to come depend on is known now."""
    if clock := running_clock():
        write_clock(replace(clock, known=known), Path(os.environ[RUN]))
