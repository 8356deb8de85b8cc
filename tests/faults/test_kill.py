"""A run that is killed anywhere goes on to the bytes of one that was not, and leaves nothing behind.

Killed are a stage at what it does to the disk (half of a write has arrived) or at any moment, under DVC or not, DVC
itself, and a worker. `pytest -m slow tests/faults -s` prints the counts.
"""

import contextlib
import itertools
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from augment.core.errors import InUseError
from augment.core.files import exclusive
from augment.core.seeds import numpy_rng
from augment.project.dvc_cache import locked_outputs
from pipeline.start import LOCKS
from tests.faults.workshop import PATH, STAGES, TRAINING, Nursery, copy_before, names, outputs

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kills by /proc and the kernel's signals")
KILLED = -signal.SIGKILL
AT_EVENTS, AT_MOMENTS, OF_STAGES_UNDER_DVC, OF_DVC, OF_WORKERS = 112, 35, 21, 21, 11  # 200 in all
ENVIRONMENT = {**os.environ, "PATH": PATH, "PYTHONDONTWRITEBYTECODE": "1"}


def require_equal(root: Path, made: Path, killed: str) -> None:
    """The outputs of an uninterrupted run, byte by byte, and no file that it has not, the work store's included."""
    assert outputs(root) == outputs(made), killed
    assert not names(root) - names(made), killed


Events = dict[str, list[tuple[str, str]]]


def test_a_stage_that_is_killed_inside_a_write_goes_on_and_leaves_nothing(
    nursery: Nursery, made: Path, tmp_path: Path, events: Events
) -> None:
    for stage in STAGES:
        at = numpy_rng(0, "killed writes", stage).choice(of_kind(events[stage], write=True))
        kill_at(nursery, made, tmp_path / "killed", stage, int(at))


@pytest.mark.slow
def test_at_what_a_stage_does_to_the_disk(nursery: Nursery, made: Path, tmp_path: Path, events: Events) -> None:
    counts: Counter[str] = Counter()
    for stage in STAGES:
        rng, each = numpy_rng(0, "kill points", stage), AT_EVENTS // len(STAGES) // 2
        chosen = (rng.choice(of_kind(events[stage], write=write), each).tolist() for write in (True, False))
        for at in itertools.chain(*chosen):
            kill_at(nursery, made, tmp_path / "killed", stage, at)
            kind, path = events[stage][at]
            counts[f"{kind} of a checkpoint" if "checkpoint" in path else kind] += 1
    print(f"\nkilled at an event of the disk: {sum(counts.values())}, all resumed: {dict(counts)}")


def of_kind(events: list[tuple[str, str]], *, write: bool) -> list[int]:
    """Where in the events writes stand, or all others."""
    return [at for at, (kind, _) in enumerate(events) if (kind == "write") == write]


def kill_at(nursery: Nursery, made: Path, root: Path, stage: str, at: int) -> None:
    """Kill a stage at an event, run it again and compare."""
    killed = nursery.run(copy_before(made, root, stage), stage, at=at)
    assert killed.status == KILLED, killed
    resumed = nursery.run(root, stage)
    assert resumed.status == 0, resumed.said
    require_equal(root, made, f"{stage}, killed at {at}")


@pytest.mark.slow
def test_at_any_moment(nursery: Nursery, made: Path, tmp_path: Path) -> None:
    rng, root = numpy_rng(0, "moments"), tmp_path / "killed"
    counts: Counter[str] = Counter()
    for stage in STAGES:
        began = time.monotonic()
        nursery.run(copy_before(made, root, stage), stage)
        seconds = time.monotonic() - began
        while counts[stage] < AT_MOMENTS // len(STAGES):
            process = nursery.start(copy_before(made, root, stage), stage)
            time.sleep(rng.uniform(0, seconds))
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
            counts[stage] += nursery.wait().status == KILLED  # else it had ended
            assert nursery.run(root, stage).status == 0
            require_equal(root, made, stage)
    print(f"\nkilled at any moment: {sum(counts.values())}, all resumed: {dict(counts)}")


@pytest.mark.slow
@pytest.mark.parametrize("victim", ["the stage", "dvc"])
def test_under_dvc(made: Path, tmp_path: Path, victim: str) -> None:
    rng, root = numpy_rng(0, "under dvc", victim), tmp_path / "killed"
    counts: Counter[str] = Counter()
    for stage in STAGES:
        began, wanted = time.monotonic(), (OF_DVC if victim == "dvc" else OF_STAGES_UNDER_DVC) // len(STAGES)
        reproduce(copy_before(made, root, stage), stage)
        seconds = time.monotonic() - began
        while counts[stage] < wanted:
            with begun(reproduction(stage), copy_before(made, root, stage)) as dvc:
                time.sleep(rng.uniform(0.2, 1) * seconds)
                for process in [dvc.pid] if victim == "dvc" else children(dvc.pid):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(process, signal.SIGKILL)
                        counts[stage] += 1
                dvc.communicate()
            wait_for_its_stage(root, stage)
            counts["by the command of doctor"] += reproduce(root, stage)
            require_equal(root, made, f"{victim}: {stage}")
            assert locked_outputs(root / "dvc.lock") == locked_outputs(made / "dvc.lock")
    by_doctor = counts.pop("by the command of doctor")
    print(f"\nkilled under DVC, {victim}: {sum(counts.values())}, all resumed, {by_doctor} by doctor: {dict(counts)}")


def reproduction(stage: str) -> list[str]:
    """The command that runs this stage alone under DVC, whatever DVC knows of it."""
    return ["dvc", "repro", "-s", "-f", stage]


def reproduce(root: Path, stage: str) -> bool:
    """Run a stage under DVC. Where DVC itself was cut while it wrote, `augment doctor` names the command to go on with;
    returns whether that was needed."""
    first, said = run(reproduction(stage), root)
    if first == 0:
        return False
    _, found = run(["augment", "doctor"], root)
    mends = [line.strip().removeprefix("mend: ") for line in found.splitlines() if line.strip().startswith("mend: ")]
    assert mends, said + found
    for mend in mends:
        assert run(["sh", "-c", mend], root)[0] == 0, mend
    second, said = run(reproduction(stage), root)
    assert second == 0, said + found
    return True


def run(command: list[str], root: Path) -> tuple[int, str]:
    """Exit status, and what was said."""
    with begun(command, root) as process:
        said, _ = process.communicate()
    return process.returncode, said


def begun(command: list[str], root: Path) -> subprocess.Popen[str]:
    environment = {**ENVIRONMENT, "PYTHONPATH": str(root)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return subprocess.Popen(command, cwd=root, env=environment, text=True, **pipes)


def children(process: int) -> list[int]:
    """All processes below one, the nearest first."""
    try:
        own = [int(number) for number in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except OSError:
        return []
    return own + [below for child in own for below in children(child)]


def wait_for_its_stage(root: Path, stage: str) -> None:
    """It hears of DVC's death from the kernel, saves its work and goes."""
    for _ in range(600):
        with contextlib.suppress(InUseError), exclusive(root / LOCKS / stage):
            return
        time.sleep(0.1)
    pytest.fail(f"{stage} stays after dvc was killed")


@pytest.mark.slow
def test_a_worker(made: Path, tmp_path: Path) -> None:
    """The stage says so, and the next run goes on."""
    rng, root = numpy_rng(0, "workers"), tmp_path / "killed"
    counts: Counter[str] = Counter()
    while sum(counts.values()) < OF_WORKERS:
        stage = TRAINING[sum(counts.values()) % 2]
        params = copy_before(made, root, stage) / "params.yaml"
        params.write_text(
            params.read_text().replace("engine: serial", "engine: local").replace("jobs: auto", "jobs: 2")
        )
        command = [sys.executable, "-m", f"pipeline.{stage}"]
        with begun(command, root) as running:
            workers: list[int] = []
            while running.poll() is None and not workers:
                workers = [one for one in children(running.pid) if is_worker(one)]
                time.sleep(0.02)
            time.sleep(rng.uniform(0, 4))
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(rng.choice(workers or [running.pid])), signal.SIGKILL)
            said, _ = running.communicate()
        counts[stage] += running.returncode == 2 and "a worker process was killed" in said
        again, said = run(command, root)
        assert again == 0, said
        require_equal(root, made, f"a worker of {stage}")
    print(f"\nkilled workers: {sum(counts.values())}, all resumed: {dict(counts)}")


def is_worker(process: int) -> bool:
    try:
        return b"loky" in Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return False
