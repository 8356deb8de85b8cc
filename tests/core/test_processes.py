"""Work that is told to end: a checkpoint soon, nothing lost, no child left behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from augment.core.processes import ending_signals, interruption
from augment.gan import checkpoint_store
from augment.gan.checkpoint_store import KeptGan, StoredJob, fingerprint
from augment.gan.training.run import GanJob
from augment.gan.training.trainer import fit
from tests.gan.conftest import TINY, images

ROOT = Path(__file__).parents[2]
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's signal at a parent's death is Linux's")
PATIENCE_S = 60.0  # for starting processes on a busy machine; what must be fast is timed apart


def start(code: str, *arguments: object) -> subprocess.Popen[str]:
    """A Python process that speaks on its standard output and listens on its standard input."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, text=True, stderr=subprocess.DEVNULL, **pipes)


def close(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        assert stream is not None
        stream.close()


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until(true: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.02)
    return true()


@pytest.mark.parametrize("number", ending_signals())
def test_a_signal_raises_the_flag_and_nothing_else(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    seen = []
    with pytest.raises(KeyboardInterrupt, match="mine"), interruption() as stop:  # noqa: PT012
        seen.append(stop())
        os.kill(os.getpid(), number)
        seen.append(stop())
        raise KeyboardInterrupt("mine")
    assert seen == [False, True]
    assert signal.getsignal(number) is before


@LINUX
def test_a_closed_terminal_does_not_end_what_shall_outlive_it() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as `nohup` does
    try:
        with interruption() as stop:
            os.kill(os.getpid(), signal.SIGHUP)
            assert not stop()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_signals_that_overtake_each_other_raise_the_flag_too() -> None:
    code = (
        "import time; from augment.core.processes import interruption\n"
        "with interruption() as stop:\n    print('on', flush=True)\n"
        "    while not stop(): time.sleep(0.001)\n    print('told', flush=True)\n    time.sleep(0.5)"
    )
    process = start(code)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        end = time.monotonic() + 0.3
        while time.monotonic() < end:
            process.send_signal(signal.SIGTERM)  # one for each thread of a parent that is killed
        assert wait_until(lambda: not alive(process.pid), PATIENCE_S), "one signal waits for another"
        assert process.stdout.read() == "told\n"
    finally:
        close(process)


def test_a_signal_after_the_last_look_is_not_lost() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), interruption():  # noqa: PT012
        os.kill(os.getpid(), signal.SIGTERM)
        done.append("the work is finished first")
    assert done


def test_an_error_within_is_passed_on() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(ValueError, match="mine"), interruption():
        raise ValueError("mine")
    assert signal.getsignal(signal.SIGTERM) is before


def test_in_another_thread_the_flag_stays_down() -> None:
    seen = []

    def work() -> None:
        with interruption() as stop:
            seen.append(stop())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [False]


STOPPED_AT = 30
JOB = GanJob("tiny", images(6), torch.full((6,), 1 / 6).double().numpy(), TINY, 7, None, "cpu")
TRAINING = f"""
import sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from augment.gan import checkpoint_store
from tests.core.test_processes import long_job

def on_step(step, steps):
    if step == {STOPPED_AT}:
        print("there", flush=True)
        sys.stdin.readline()  # stands still until the signal has come

checkpoint_store._step_progress = lambda name: on_step
try:
    checkpoint_store.train_stacked([checkpoint_store.StoredJob(long_job(), Path(sys.argv[1]), 1000.0)])
except KeyboardInterrupt:
    sys.exit(130)
"""


def long_job() -> GanJob:
    """Longer than the history has rows, so that the run is stopped between two rows of it."""
    settings = type(TINY)(**{**vars(TINY), "steps": 4 * STOPPED_AT})
    return GanJob(**{**vars(JOB), "settings": settings})


def test_a_terminated_training_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    process = start(TRAINING, tmp_path)
    try:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "there\n"
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.wait(PATIENCE_S) == 130
        assert time.monotonic() - began < 5
    finally:
        close(process)
    folder = tmp_path / fingerprint(long_job())
    assert sorted(path.name for path in folder.iterdir()) == ["checkpoint.pt", "lock"]
    resumed_from = []

    def spy(job: GanJob, **options):
        resumed_from.append(options["resume"]["now"]["step"])
        return fit(job, **options)

    monkeypatch.setattr(checkpoint_store, "fit", spy)
    resumed = checkpoint_store.train_stacked([StoredJob(long_job(), tmp_path, 1000.0)])[0].whole()
    whole = fit(long_job())
    assert resumed_from == [STOPPED_AT]
    assert resumed.history == whole.history
    for mine, other in ((resumed.generator, whole.generator), (resumed.discriminator, whole.discriminator)):
        assert mine.keys() == other.keys()
        assert all(torch.equal(mine[name], other[name]) for name in mine)


KILLED = """
import os, signal, sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from augment.gan import checkpoint_store
from tests.core.test_processes import long_job

def save(kept, state, save=checkpoint_store.KeptGan.save_checkpoint):
    save(kept, state)
    if state["now"]["step"] == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)

checkpoint_store.KeptGan.save_checkpoint = save
checkpoint_store.train_stacked([checkpoint_store.StoredJob(long_job(), Path(sys.argv[1]), 0.0)])
"""


def test_a_training_that_is_killed_outright_goes_on_from_its_last_checkpoint(tmp_path: Path) -> None:
    """SIGKILL cannot be caught; here every step has its checkpoint."""
    process = start(KILLED, tmp_path, STOPPED_AT)
    try:
        assert process.wait(PATIENCE_S) == -signal.SIGKILL
    finally:
        close(process)
    folder = tmp_path / fingerprint(long_job())
    assert sorted(path.name for path in folder.iterdir()) == ["checkpoint.pt", "lock", "previous.pt"]
    assert KeptGan(folder).read("checkpoint.pt")["now"]["step"] == STOPPED_AT
    (gan,) = checkpoint_store.train_stacked([StoredJob(long_job(), tmp_path, 1000.0)])
    resumed, whole = gan.whole(), fit(long_job())
    assert resumed.history == whole.history
    assert all(torch.equal(resumed.generator[name], value) for name, value in whole.generator.items())


@LINUX
def test_a_child_goes_with_its_killed_parent() -> None:
    child = (
        "import os, sys, time; from augment.core.processes import die_with_parent; die_with_parent(os.getppid()); "
        "print(os.getpid(), flush=True); time.sleep(1000)"
    )
    parent = start("import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]])", child)
    try:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert alive(pid)
        parent.kill()
        assert wait_until(lambda: not alive(pid), 5)
    finally:
        close(parent)


@LINUX
def test_a_child_whose_parent_has_gone_ends_at_once() -> None:
    code = (
        "import os; from augment.core.processes import die_with_parent; die_with_parent(os.getppid() + 1); print('on')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False, timeout=PATIENCE_S)
    assert (done.returncode, done.stdout) == (-signal.SIGTERM, b"")


POOL = """
import sys
from augment.core.engine import Engine
from tests.core.test_processes import saves_and_stops
list(Engine("local", 2).map(saves_and_stops, [sys.argv[1]] * 6))
"""


def saves_and_stops(folder: str) -> None:
    """A unit as `train_stacked` is: it catches the signal, saves its work and stops."""
    mark = Path(folder, f"{os.getpid()}.{time.monotonic_ns()}")
    with interruption() as stop:
        mark.write_text("begun")
        while not stop():
            time.sleep(0.01)
        mark.write_text("saved")
        raise KeyboardInterrupt


@LINUX
def test_workers_save_and_go_with_their_killed_parent(tmp_path: Path) -> None:
    parent = start(POOL, tmp_path)
    workers: set[int] = set()
    try:
        assert wait_until(lambda: len(list(tmp_path.iterdir())) == 2, PATIENCE_S)
        workers = {int(mark.name.partition(".")[0]) for mark in tmp_path.iterdir()}
        assert len(workers) == 2
        time.sleep(1)  # the pool hands out the next units in advance
        parent.kill()
        assert wait_until(lambda: not any(map(alive, workers)), 5)
    finally:
        close(parent)
        for pid in filter(alive, workers):
            os.kill(pid, signal.SIGKILL)
    assert [mark.read_text() for mark in tmp_path.iterdir()] == ["saved"] * 2, "no further unit was begun"
