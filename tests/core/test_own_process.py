"""A process of its own for one call, and memory that goes back after a unit of work."""

import os
import signal
from pathlib import Path

import pytest
import torch

from augment.core.errors import DataError, WorkerError
from augment.core.processes import in_own_process, keeping_freed_memory
from tests.core.test_processes import LINUX


def half(value: int) -> tuple[int, int]:
    if value % 2:
        raise DataError(f"{value} is odd")
    return value // 2, os.getpid()


def kill_itself() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_what_a_process_of_its_own_returns_or_raises_arrives() -> None:
    found, process = in_own_process(half, 6)
    assert found == 3
    assert process != os.getpid()
    with pytest.raises(DataError, match="7 is odd") as told:
        in_own_process(half, 7)
    assert "raise DataError" in told.value.__notes__[0], "where it was raised"


@LINUX
def test_a_process_of_its_own_that_is_killed_is_told() -> None:
    with pytest.raises(WorkerError, match="killed"):
        in_own_process(kill_itself)


def resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


@LINUX
def test_freed_memory_is_kept_for_the_next_step_and_given_back_after_the_unit() -> None:
    before = resident_mib()
    with keeping_freed_memory():
        for _ in range(2):
            blocks = [torch.ones(2**18) for _ in range(100)]  # a MiB each
            del blocks
        within = resident_mib()
    assert within > before + 80
    assert resident_mib() < before + 20
