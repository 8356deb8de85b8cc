"""`augment run`: look at images, write the settings, run the pipeline, and say what came of it."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import get_args

from augment.commands.running.planning import Plan, Wishes, plan_run
from augment.commands.running.requirements import require_project
from augment.core.files import write_text
from augment.core.processes import return_freed_memory
from augment.core.progress import counted
from augment.core.progress.run_clock import CLOCK, RUN, RunClock, write_clock
from augment.data.rows.wording import in_rows
from augment.evaluation.cost.first_look import FIRST_LOOK_MINUTES
from augment.evaluation.cost.forecast import gain_lines
from augment.evaluation.cost.schedule import Work, run_parts
from augment.evaluation.cost.wording import minutes_text
from augment.evaluation.last_verdict import last_verdict
from augment.evaluation.next_step import look_properly, next_step
from augment.params.arm_row import Family

FILE, REPORTS = Path("params.yaml"), Path("reports")
MIN_FREE = 0.5  # share of a processor: with less, a moment says little of the minutes to come
INTERRUPTED, STOPPED = 130, 2


def run(path: Path, wishes: Wishes) -> int:
    """All of it; returns 0, 2 where the pipeline stopped, 130 where it was interrupted.

    Raises `AugmentError` for what is missing around the images, in them, or in the wishes; nothing is written then.
    """
    require_project(Path())
    plan = plan_run(path, wishes)
    write_text(FILE, plan.text)
    print("\n".join([*plan.lines, *outlook(plan, wishes.quick)]), flush=True)
    clock = clock_of(plan.work)
    del plan  # its images would wait beside those of the stages
    return_freed_memory()
    status = reproduce(clock)
    print("\n".join(["", *(closing(path, wishes.quick) if status == 0 else [stopped(status, path)])]), flush=True)
    return status


def outlook(plan: Plan, quick: bool) -> list[str]:
    """What a first look sets, how long the run takes, the smallest gain that it can show."""
    work = plan.work
    lines = []
    if quick:
        lines += [f"a first look (--quick); a run without it sets these back ({FILE} notes them at its top):"]
        lines += [f"  {key}: {json.dumps(value)}" for key, value in plan.settings.items()]
    if not plan.in_time:
        lines += [
            f"  not even the cheapest first look of these images is to end within {FIRST_LOOK_MINUTES:.0f} min: "
            "draw fewer, as with --set ingest.train_per_class=50"
        ]
    clock = clock_of(work)
    families = [family for family in get_args(Family) if any(family in part.seconds for part in clock.parts)]
    minutes = {family: replace(clock, known=family).total() / 60 for family in families}
    cores = counted(work.backend.engine.processes, "process")
    lines += [f"the whole run: {minutes_text(minutes)} on {cores}; what is done already is not done again"]
    return lines + gain_lines(work.protocol, work.settings, work.splits, work.pool, plan.params) + [""]


def clock_of(work: Work) -> RunClock:
    """Parts are timed in moments that are as good as alone; a busy machine takes longer by what it keeps to itself."""
    return RunClock(run_parts(work), since=time.time(), expected=1 / max(work.free, MIN_FREE))


def reproduce(clock: RunClock | None) -> int:
    """`dvc repro` by the DVC of this Python, in this terminal; 0, 2 or 130. Its stages know the plan of the run, where
    there is one."""
    told = {}
    if clock is not None:
        write_clock(clock)
        told = {RUN: str(CLOCK.absolute())}
    here = Path(sys.executable).parent
    path = f"{here}{os.pathsep}{os.environ.get('PATH', '')}"
    environment = {**os.environ, **told, "PATH": path}
    child = subprocess.Popen([sys.executable, "-m", "dvc", "repro"], env=environment)
    interrupted = False

    def pass_on(number: int, frame: FrameType | None) -> None:
        nonlocal interrupted
        interrupted = True
        if number == signal.SIGTERM:  # a terminal sends an interrupt to the child by itself
            child.terminate()

    before = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        status = child.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0 if status == 0 else INTERRUPTED if interrupted else STOPPED


def stopped(status: int, path: Path) -> str:
    again = f"`augment run {shlex.quote(str(path))}` goes on where it was"
    if status == INTERRUPTED:
        return f"run: interrupted; {again}"
    return f"run: `dvc repro` stopped, and says why above. Mend that (`augment doctor` looks for faults), then {again}"


def closing(path: Path, quick: bool) -> list[str]:
    """The verdict in words, where the page is, the next command."""
    verdict = json.loads((REPORTS / "evaluation/verdict.json").read_text(encoding="utf-8"))
    step = look_properly(str(path)) if quick else next_step(verdict)
    page = f"The page: {REPORTS / 'report.html'}"
    text = in_rows(step.text) if verdict.get("rows") else step.text
    return [*last_verdict(REPORTS, explain=False), "", page, f"Next: {text}", f"  {step.command}"]
