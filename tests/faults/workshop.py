"""Copies of a tiny project that has run once, and stages that run in them, with a fault or to be killed."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

from augment.params.types import OUTPUTS
from augment.project.mends import ASIDE
from tests.faults.disk import KILL

ROOT = Path(__file__).parents[2]
STAGES = {  # what each makes, as dvc.yaml has it
    name: [next(iter(out)) if isinstance(out, dict) else out for out in stage["outs"] + stage.get("metrics", [])]
    for name, stage in YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"].items()
}
TRAINING = ("train", "experiment")
PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True)
class Ended:
    """How a stage ended: exit status (below 0: minus a signal), what it said, and what it did to the disk unless it
    was killed: kind and path of every event."""

    status: int
    said: str
    events: list[tuple[str, str]]


class Nursery:
    """Starts stages, one at a time, in forks of a process that has imported them (`nursery.py`)."""

    def __init__(self) -> None:
        environment = {**os.environ, **ONE_THREAD, "PATH": PATH, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-W", "ignore", "-m", "tests.faults.nursery", *STAGES]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, text=True, **pipes)
        self.root = ROOT

    def start(self, root: Path, stage: str, *, at: int | None = None, number: int = KILL, **environment: str) -> int:
        """Start a stage in a project and meet the fault `number` at its event `at`; its process id."""
        assert self.process.stdin is not None
        self.root = root
        order = {"root": str(root), "stage": stage, "at": at, "number": number, "environment": environment}
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def wait(self) -> Ended:
        """Wait for the stage that was started last."""
        status = os.waitstatus_to_exitcode(self._answer())
        events = [] if status < 0 else json.loads(Path(f"{self.root}.events").read_text())
        return Ended(status, Path(f"{self.root}.told").read_text(), [(kind, path) for kind, path in events])

    def run(self, root: Path, stage: str, *, at: int | None = None, number: int = KILL, **environment: str) -> Ended:
        """Start a stage and wait for it."""
        self.start(root, stage, at=at, number=number, **environment)
        return self.wait()

    def _answer(self) -> int:
        assert self.process.stdout is not None
        return int(self.process.stdout.readline())

    def __enter__(self) -> "Nursery":
        return self

    def __exit__(self, *error: object) -> None:
        with self.process:
            pass


def copy_before(made: Path, root: Path, stage: str) -> Path:
    """A copy of a finished project as a stage finds it: what the stage made is gone, and what it trained."""
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(made, root)
    for name in STAGES[stage]:
        path = root / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    if stage in TRAINING:
        for finished in root.glob(".work/*/finished.pt"):
            shutil.rmtree(finished.parent)
    return root


def outputs(root: Path) -> dict[str, bytes]:
    """Every file of the outputs, hidden ones too."""
    files = [path for folder in OUTPUTS for path in (root / folder).rglob("*") if path.is_file()]
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


def names(root: Path) -> set[str]:
    """All files of a project, but for those of DVC's own folder and what a mend of doctor moved aside."""
    found = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
    return {str(path) for path in found if path.parts[0] not in (".dvc", ".git") and ASIDE not in path.parents}
