"""`augment run`: look, run the pipeline, and say what came of it. What looks has a process of its own, and this one
stays small beside the stages."""

import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

from augment.commands.running.requirements import require_project
from augment.commands.running.wishes import Wishes
from augment.core.errors import WorkerError
from augment.core.processes import in_own_process
from augment.core.progress.run_clock import CLOCK, RUN, RunClock, write_clock
from augment.data.rows.wording import in_rows
from augment.evaluation.last_verdict import last_verdict
from augment.evaluation.next_step import look_properly, next_step

REPORTS = Path("reports")
INTERRUPTED, STOPPED = 130, 2


def run(path: Path, wishes: Wishes, label: str | None = None) -> int:
    """All of it; returns 0, 2 where the pipeline stopped, 130 where it was interrupted.

    label: of a table the column of the class, None to find it. Raises `AugmentError` for what is missing around the
    images or rows, in them, or in the wishes; nothing is written then.
    """
    require_project(Path())
    try:
        clock = in_own_process(_look, path, wishes, label)
    except WorkerError as error:
        less = "Set ingest.size or ingest.train_per_class to less, or work on a larger machine"
        raise WorkerError(f"the look ahead of the run: {error}. {less}") from error
    status = reproduce(clock)
    print("\n".join(["", *(closing(path, wishes.quick) if status == 0 else [stopped(status, path)])]), flush=True)
    return status


def _look(path: Path, wishes: Wishes, label: str | None) -> RunClock:
    from augment.commands.running.look import look  # noqa: PLC0415  (with it come hundreds of megabytes)

    return look(path, wishes, label)


def reproduce(clock: RunClock) -> int:
    """`dvc repro` by the DVC of this Python, in this terminal; 0, 2 or 130. Its stages know the plan of the run."""
    write_clock(clock)
    here = Path(sys.executable).parent
    path = f"{here}{os.pathsep}{os.environ.get('PATH', '')}"
    environment = {**os.environ, RUN: str(CLOCK.absolute()), "PATH": path}
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
