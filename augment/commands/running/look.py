"""What comes ahead of a run: look at images or rows, write the settings, say how long it takes and what it can show."""

import json
import sys
import time
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import get_args

from augment.commands.running.planning import Plan, plan_run
from augment.commands.running.wishes import Wishes
from augment.commands.tables import form_of, settle_table
from augment.core.errors import ParamsError
from augment.core.files import write_text
from augment.core.progress import counted
from augment.core.progress.run_clock import RunClock
from augment.core.words import printable_stream
from augment.evaluation.cost.first_look import FIRST_LOOK_MINUTES
from augment.evaluation.cost.forecast import gain_lines
from augment.evaluation.cost.schedule import Work, run_parts
from augment.evaluation.cost.wording import minutes_text
from augment.evaluation.experiment.preflight import gain_model
from augment.evaluation.rows.forecast import row_gain_lines, row_parts
from augment.params.arm_row import Family

FILE = Path("params.yaml")
MIN_FREE = 0.5  # share of a processor: with less, a moment says little of the minutes to come


def look(path: Path, wishes: Wishes, label: str | None) -> RunClock:
    """Prints and writes; returns the plan of the run's time. Raises `AugmentError`; nothing is written then."""
    with redirect_stdout(printable_stream(sys.stdout)), redirect_stderr(printable_stream(sys.stderr)):
        if form_of(path, label):
            return look_at_rows(path, wishes, label)
        plan = plan_run(path, wishes)
        write_text(FILE, plan.text)
        print("\n".join([*plan.lines, *outlook(plan, wishes.quick)]), flush=True)
        return clock_of(plan.work)


def look_at_rows(path: Path, wishes: Wishes, label: str | None) -> RunClock:
    """A table or vectors, whose run takes minutes. label: the column of the class, None to find it."""
    asked = [name for name, given in (("--size", wishes.size), ("--quick", wishes.quick)) if given]
    if asked:
        raise ParamsError(f"{asked[0]}: it is for images; a table takes minutes as it is. Nothing was written.")
    settled = settle_table(path, FILE, label, wishes.settings())
    write_text(FILE, settled.text)
    work = settled.work()
    clock = RunClock(row_parts(work), since=time.time())
    print("\n".join([*settled.lines, "", whole_run_line(clock, work.processes), *row_gain_lines(work), ""]), flush=True)
    return clock


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
    lines += [whole_run_line(clock_of(work), work.backend.engine.processes)]
    model_of = partial(gain_model, work.protocol, work.settings, plan.params)
    return lines + gain_lines(work.protocol, model_of, work.splits, work.pool, plan.params) + [""]


def whole_run_line(clock: RunClock, processes: int) -> str:
    """How long it takes, by the family that val may choose."""
    families = [family for family in get_args(Family) if any(family in part.seconds for part in clock.parts)]
    minutes = {family: replace(clock, known=family).total() / 60 for family in families}
    cores = counted(processes, "process")
    return f"the whole run: {minutes_text(minutes)} on {cores}; what is done already is not done again"


def clock_of(work: Work) -> RunClock:
    """Parts are timed in moments that are as good as alone; a busy machine takes longer by what it keeps to itself."""
    return RunClock(run_parts(work), since=time.time(), expected=1 / max(work.free, MIN_FREE))
