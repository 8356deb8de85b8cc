"""Units give the same results wherever they run, and shared arrays reach them without travelling."""

import os
import pickle
import signal
import subprocess
import sys
import time
import warnings
import weakref
from collections.abc import Iterator
from pathlib import Path

import joblib
import numpy as np
import pytest
import torch

from augment.core.engine import Engine, SharedArray
from augment.core.engine.engine import UNITS_HELD
from augment.core.errors import WorkerError
from augment.core.processes import cores
from tests.toy import Backwards

ENGINES = [Engine("serial"), Engine("local", 2)]
EACH = pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.kind)


def where(unit: int) -> tuple[int, int, int]:
    return 10 * unit, os.getpid(), torch.get_num_threads()


def failing(unit: int) -> int:
    if unit == 2:
        raise ValueError(f"unit {unit} of {torch.get_num_threads()}")
    return unit


@EACH
def test_every_unit_is_done_once_with_its_position(engine: Engine) -> None:
    found = list(engine.map(where, [3, 1, 4, 1, 5]))
    assert sorted((position, result[0]) for position, result in found) == list(enumerate([30, 10, 40, 10, 50]))
    assert {result[2] for _, result in found} == {1}, "a unit has one thread"


@EACH
def test_a_stream_has_every_unit_with_its_position_and_asks_for_few_ahead(engine: Engine) -> None:
    asked: list[int] = []
    units = (asked.append(number) or number for number in range(100))  # type: ignore[func-returns-value]
    stream, done = engine.stream(where, units), {}
    for count, (position, result) in enumerate(stream):
        done[position] = result[0]
        assert len(asked) <= count + UNITS_HELD * engine.processes
    assert done == {number: 10 * number for number in range(100)}
    assert list(engine.stream(where, iter([]))) == []


def test_what_lies_on_this_machine_is_worked_on_here_beside_a_cluster() -> None:
    assert Engine("ray", 3, "auto", 0.5).here == Engine("local", 3)
    assert [engine.here for engine in ENGINES] == ENGINES


def test_processes_are_others_and_this_one_is_not_asked_twice() -> None:
    assert {result[1] for _, result in ENGINES[0].map(where, [1, 2])} == {os.getpid()}
    assert os.getpid() not in {result[1] for _, result in ENGINES[1].map(where, [1, 2, 3])}


@pytest.mark.parametrize(("engine", "units"), [(Engine("local", 1), [1, 2]), (Engine("local", 2), [1])])
def test_one_job_or_one_unit_starts_no_process(engine: Engine, units: list[int]) -> None:
    assert {result[1] for _, result in engine.map(where, units)} == {os.getpid()}


def test_without_processes_the_units_run_here() -> None:
    """joblib falls back to this where the system gives it no semaphores; the caller must survive it."""
    with joblib.parallel_config(backend="sequential"):
        assert [result[1] for _, result in Engine("local", 2).map(where, [1, 2])] == [os.getpid()] * 2


@EACH
def test_nothing_to_do_is_done(engine: Engine) -> None:
    assert list(engine.map(where, [])) == []


@EACH
def test_a_units_exception_is_raised_here(engine: Engine) -> None:
    with pytest.raises(ValueError, match="unit 2 of 1"):
        list(engine.map(failing, [0, 1, 2, 3]))


def test_units_work_in_the_folder_of_their_caller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        assert {found for _, found in Engine("local", 2).map(folder_of, range(4))} == {str(tmp_path / name)}


def folder_of(_: int) -> str:
    return str(Path.cwd())


def test_whoever_stops_taking_results_gets_no_advice() -> None:
    results = Engine("local", 2).map(slowly, range(6))
    next(results)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        results.close()  # type: ignore[attr-defined]  # the iterator is a generator


def slowly(unit: int) -> int:
    time.sleep(0.2)
    return unit


def test_serial_results_come_while_others_wait(tmp_path: Path) -> None:
    results = Engine("serial").map(Path.touch, [tmp_path / "a", tmp_path / "b"])
    assert next(results) == (0, None)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.fixture
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("two_threads")
def test_the_callers_threads_are_given_back() -> None:
    assert [(torch.get_num_threads(), own[2]) for _, own in Engine("serial").map(where, [1, 2])] == [(2, 1)] * 2
    with pytest.raises(ValueError, match="unit 2 of 1"):
        list(Engine("serial").map(failing, [2]))
    assert torch.get_num_threads() == 2


def test_cores_are_those_of_this_process() -> None:
    if not hasattr(os, "sched_setaffinity"):
        assert cores() >= 1
        return
    before = os.sched_getaffinity(0)
    assert cores() == len(before)
    os.sched_setaffinity(0, {min(before)})
    try:
        assert cores() == 1
    finally:
        os.sched_setaffinity(0, before)


def _killed(number: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return number


def test_a_killed_worker_is_a_message() -> None:
    with pytest.raises(WorkerError, match=r"compute\.jobs"):
        list(Engine("local", 2).map(_killed, [1, 2]))


THREADS = """
import threading
from augment.core.engine import Engine
work = lambda: print(len(list(Engine("local", 2).map(abs, range(8)))), flush=True)
for _ in range(3):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
work()
"""


def test_workers_outlive_the_thread_that_started_them() -> None:
    done = subprocess.run([sys.executable, "-c", THREADS], capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (0, b"8\n" * 4), done.stderr


_HOARD: list[bytearray] = []


def _hoard(number: int) -> int:
    time.sleep(1.2)  # the pool looks at a worker's memory once a second
    _HOARD.append(bytearray(os.urandom(1)) * 350_000_000)  # and takes a growth of 300 MB for a leak
    return number


def test_a_worker_that_grows_is_replaced_without_a_word() -> None:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        assert sorted(result for _, result in Engine("local", 2).map(_hoard, range(6))) == list(range(6))
    assert [str(warning.message) for warning in told] == []


def test_gather_gives_results_in_the_order_of_the_units_and_tells_progress(capsys: pytest.CaptureFixture[str]) -> None:
    assert Backwards().gather(abs, [-3, 2, -1], "numbers") == [3, 2, 1]
    assert "numbers: 3 of 3" in capsys.readouterr().err
    assert Backwards().gather(abs, [-3]) == [3]
    assert not capsys.readouterr().err


def total(shared: SharedArray) -> tuple[int, str]:
    return int(shared.array.sum()), type(shared.array).__name__


@pytest.mark.parametrize("engine", [Engine("serial"), Engine("local", 2)], ids=["serial", "local"])
def test_units_see_the_values_of_their_own_array(engine: Engine) -> None:
    """Twice, since a descriptor that was closed is used again for another array."""
    for base in (1, 2):
        arrays = [np.full((3, 4), base * 10 + number, np.uint8) for number in range(3)]
        shared = [SharedArray(array) for array in arrays]
        found = dict(engine.map(total, [shared[number % 3] for number in range(9)]))
        assert [found[number][0] for number in range(9)] == [12 * (base * 10 + number % 3) for number in range(9)]
        for one in shared:
            one.close()
            one.close()


def test_what_travels_is_small_and_can_be_written_elsewhere() -> None:
    array = np.arange(100_000, dtype=np.int64).reshape(100, 1000)
    shared = SharedArray(array)
    sent = pickle.dumps(shared)
    assert len(sent) < 1000
    mapped = pickle.loads(sent)
    assert np.array_equal(mapped.array, array)
    assert mapped.array.dtype == array.dtype
    mapped.array[0, 0] = 7
    assert array[0, 0] == 0, "a private mapping"
    shared.close()


def test_an_array_that_has_travelled_is_in_memory_once() -> None:
    shared = SharedArray(np.arange(100_000).reshape(100, 1000))
    gone = weakref.ref(shared.array)
    sent = pickle.dumps(shared)
    assert gone() is None, "what the processes map is what this one reads too"
    assert np.array_equal(shared.array, np.arange(100_000).reshape(100, 1000))
    assert pickle.dumps(shared) == sent
    shared.close()
    assert shared.array[99, 999] == 99_999, "and stays readable"


@pytest.mark.parametrize("known", [True, False])
def test_where_there_is_no_such_memory_the_array_travels(monkeypatch: pytest.MonkeyPatch, known: bool) -> None:
    array = np.zeros((0, 2), np.uint8) if known else np.arange(6)
    if not known:
        monkeypatch.delattr("os.memfd_create", raising=False)
    assert np.array_equal(pickle.loads(pickle.dumps(SharedArray(array))).array, array)
