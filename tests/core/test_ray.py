"""Units on the machines of a Ray cluster: the same results, arrays sent once, and one clear message where it fails."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from augment.core.engine import Engine, SharedArray, ray_cluster, ray_nodes, ray_tasks
from augment.core.errors import ClusterError, DataError, WorkerError
from benchmarks.machines import Machines

ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'gan-augment[ray]'")
PATIENCE_S = 200


@pytest.fixture
def engine(machines: Machines) -> Engine:
    return Engine("ray", address=machines.address)


def where(unit: tuple[int, Path]) -> tuple[int, str, int, int]:
    """Done when both machines are at work."""
    number, folder = unit
    node, began = ray.get_runtime_context().get_node_id(), time.monotonic()
    (folder / node).touch()
    while len(list(folder.iterdir())) < 2 and time.monotonic() - began < PATIENCE_S:
        time.sleep(0.05)
    return 10 * number, node, os.getpid(), torch.get_num_threads()


def test_every_unit_is_done_once_on_both_machines(engine: Engine, tmp_path: Path) -> None:
    assert engine.processes == 2
    found = list(engine.map(where, [(number, tmp_path) for number in (3, 1, 4, 1, 5, 9)]))
    assert sorted((at, result[0]) for at, result in found) == list(enumerate([30, 10, 40, 10, 50, 90]))
    assert len({result[1] for _, result in found}) == 2
    assert os.getpid() not in {result[2] for _, result in found}
    assert {result[3] for _, result in found} == {1}, "a unit has one thread"
    assert [result[0] for result in engine.gather(where, [(7, tmp_path)])] == [70], "one alone too: it may want a GPU"
    assert engine.gather(where, []) == []


def failing(unit: int) -> int:
    if unit == 2:
        raise DataError(f"unit {unit}")
    return unit


def test_what_a_unit_raises_is_raised_here_as_it_is(engine: Engine) -> None:
    with pytest.raises(DataError) as raised:
        list(engine.map(failing, [0, 1, 2, 3]))
    assert type(raised.value) is DataError
    assert str(raised.value) == "unit 2", "no traceback of another machine"


def dying(number: int) -> int:
    os._exit(number)


def test_a_unit_that_loses_its_process_again_and_again_is_a_message(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_tasks, "RETRIES", 1)
    with pytest.raises(WorkerError, match=r"lost its process 2 times.*--num-cpus"):
        list(engine.map(dying, [3]))


def look(unit: tuple[int, SharedArray]) -> tuple[float, bool]:
    number, shared = unit
    return float(shared.array.sum()) + number, shared.array.flags.writeable


def test_a_shared_array_goes_to_the_object_store_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    stored, sent, put = [], [], ray.put
    monkeypatch.setattr(ray, "put", lambda value: stored.append(value) or put(value))
    send_array = ray_tasks._sent_array
    monkeypatch.setattr(ray_tasks, "_sent_array", lambda shared: sent.append(shared) or send_array(shared))
    shared = SharedArray(np.ones((500, 500)))
    found = dict(engine.map(look, [(number, shared) for number in range(6)]))
    assert [found[number][0] for number in range(6)] == [250_000.0 + number for number in range(6)]
    assert not any(writeable for _, writeable in found.values()), "the store's own memory"
    assert len(sent) == 6
    assert len(stored) == 1


def changed(array: np.ndarray) -> np.ndarray:
    array += 1  # a unit's own arrays are its own
    return array


def test_what_comes_and_goes_can_be_written(engine: Engine) -> None:
    mine = np.zeros(200_000)
    (there,) = engine.gather(changed, [mine])
    there += 1
    assert (there == 2).all()
    assert (mine == 0).all()


# --- Messages ---


@pytest.fixture
def apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As if this process were in no cluster, on a machine that has none."""
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setattr(ray, "init", lambda *_, **__: pytest.fail("asked Ray"))


def test_without_ray_the_message_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ClusterError, match=r"pip install 'gan-augment\[ray\]'.*compute\.engine: local"):
        list(Engine("ray").map(failing, [1]))


@pytest.mark.usefixtures("apart")
@pytest.mark.parametrize("found", [None, "stale"])
def test_auto_without_a_cluster_says_so(tmp_path: Path, found: str | None) -> None:
    if found:
        (tmp_path / "ray").mkdir()
        (tmp_path / "ray/ray_current_cluster").write_text(f"127.0.0.1:{_free_port()}\n")
    said = r"address: auto \(127.*does not answer" if found else r"address: auto, but.*ray start --head"
    with pytest.raises(ClusterError, match=said):
        list(Engine("ray", address="auto").map(failing, [1]))


@pytest.mark.usefixtures("apart")
def test_an_address_that_does_not_answer_is_told_within_five_seconds() -> None:
    began = time.monotonic()
    with pytest.raises(ClusterError, match=r"compute\.address: 127.*does not answer"):
        list(Engine("ray", address=f"127.0.0.1:{_free_port()}").map(failing, [1]))
    assert time.monotonic() - began < 5


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.mark.usefixtures("machines")
def test_machines_without_the_package_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_nodes, "PACKAGE", "augment_that_is_not_there")
    with pytest.raises(ClusterError, match=r"do not have gan-augment: .*pip install"):
        ray_nodes.require_usable()


@pytest.mark.usefixtures("machines")
def test_machines_with_another_version_of_it_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def look_at(package: str) -> object:
        return lambda: str(os.getpid())

    monkeypatch.setattr(ray_nodes, "_look_at", look_at)
    with pytest.raises(ClusterError, match="another version of gan-augment"):
        ray_nodes.require_usable()


def test_too_few_gpus_are_a_message_and_no_wait(machines: Machines) -> None:
    with pytest.raises(ClusterError, match=r"gpus_per_task: 1, and no machine of it has more than 0"):
        list(Engine("ray", address=machines.address, gpus=1.0).map(failing, [1]))


ANOTHER = """
import sys, ray
from augment.core.engine import Engine
from augment.core.errors import ClusterError
ray.__version__ = "1.0.0"
try:
    Engine("ray", address=sys.argv[1]).processes
except ClusterError as error:
    print(error)
"""


def test_another_ray_on_the_cluster_is_a_message(machines: Machines) -> None:
    said = run(ANOTHER, machines.address)
    assert "another version of Ray or Python" in said
    assert "1.0.0" in said


OWN = """
import os, sys
import psutil
from augment.core.engine import Engine
from tests.core.test_ray import slowly

print(Engine("ray", jobs=1).gather(slowly, [0.0, 0.0]))
print(*(process.pid for process in psutil.Process().children(recursive=True)), flush=True)
if sys.argv[1] == "killed":
    os._exit(0)
"""
GONE = """
import sys
import psutil
from augment.core.engine import Engine, ray_cluster, ray_tasks
from augment.core.errors import ClusterError
from tests.core.test_ray import slowly

ray_cluster.GONE_SECONDS = ray_tasks._LOOK_SECONDS = 1.0
results = Engine("ray", jobs=1).map(slowly, [0.0, 60.0])
print(next(results))
mine = psutil.Process().children(recursive=True)
print(*(process.pid for process in mine))
next(process for process in mine if process.name() == sys.argv[1]).kill()
try:
    next(results)
except ClusterError as error:
    print(error, flush=True)
"""


def slowly(seconds: float) -> str:
    time.sleep(seconds)
    return "done"


@pytest.mark.parametrize("how", ["done", "killed"])
def test_a_cluster_of_this_machine_leaves_no_process(how: str) -> None:
    """Of a run that was killed two of Ray's own, which wait for the head, need a minute to see that it is gone."""
    done, processes = run(OWN, how).splitlines()
    assert done == "['done', 'done']"
    agents = {pid for pid in processes.split() if how == "killed" and command_of(pid).endswith("Agent")}
    assert len(agents) <= 2
    require_ended(" ".join({*processes.split()} - agents))
    for pid in agents:
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)


def test_a_cluster_that_dies_half_way_is_a_message() -> None:
    finished, processes, told = run(GONE, "gcs_server").splitlines()
    assert finished == "(0, 'done')", "what was finished came before"
    assert told.startswith("the Ray cluster is gone. What was finished is kept")
    for pid in processes.split():  # without their head some of Ray's own need two minutes to see that they are alone
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGKILL)


def command_of(pid: str) -> str:
    """Of a process, nothing of one that has ended."""
    path = Path(f"/proc/{pid}/cmdline")
    return path.read_text().strip("\0") if path.exists() else ""


def require_ended(processes: str) -> None:
    """They end by themselves, soon."""
    began = time.monotonic()
    while left := [pid for pid in processes.split() if Path(f"/proc/{pid}").exists()]:
        assert time.monotonic() - began < 20, [command_of(pid) for pid in left]
        time.sleep(0.2)


def run(code: str, *arguments: str) -> str:
    """What a process of its own says on standard output; it must end well, and say nothing else."""
    command = [sys.executable, "-c", code, *arguments]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    for _ in range(3):  # Ray itself gives a busy machine half a minute to start
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=PATIENCE_S)
        if "timed out during startup" not in done.stderr:
            break
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def test_a_machine_that_joined_with_another_version_makes_nothing(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first look at the machines was before that; each is asked again ahead of a unit."""
    assert engine.gather(abs, [-1, 2]) == [1, 2]
    monkeypatch.setattr(ray_nodes, "version", lambda: "another")
    with pytest.raises(ClusterError, match="another version of gan-augment than the run"):
        engine.gather(abs, [-1, 2])


def test_a_question_that_fails_is_a_message_and_no_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> None:
        raise TimeoutError("the head is busy")

    monkeypatch.setattr(ray_cluster, "require_alive", lambda: None)
    with pytest.raises(ClusterError, match="cannot be asked: the head is busy"):
        ray_cluster._asked(fails)
