"""Map a function over independent units of work, in this process or in one process per core.

A unit always runs with one torch thread, wherever it runs, so its result does not depend on the
engine or on what runs beside it.
"""

import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Literal, TypeVar

import torch

from augment.core.errors import WorkerError
from augment.core.processes import die_with_parent, keep_freed_memory

Unit = TypeVar("Unit")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Engine:
    """How units are run: `serial` in this process, `local` in `jobs` processes of one thread."""

    kind: Literal["serial", "local"] = "serial"
    jobs: int = 1

    @property
    def processes(self) -> int:
        """How many units run at a time."""
        return 1 if self.kind == "serial" else self.jobs

    def map(self, function: Callable[[Unit], Result], units: Sequence[Unit]) -> Iterator[tuple[int, Result]]:
        """Yield `(position, function(unit))` as units finish; an exception of a unit is raised here.

        Raises `WorkerError` when a process was killed, as a machine short of memory does.
        """
        if self.processes == 1 or len(units) < 2:
            for position, unit in enumerate(units):
                yield position, _in_one_thread(function, unit)
            return
        from joblib import Parallel, delayed  # noqa: PLC0415  (the importing side has no joblib)

        # The pool replaces a worker whose memory has grown between units, and would tell the user of it.
        warnings.filterwarnings("ignore", "A worker stopped while some jobs were given", UserWarning)
        # max_nbytes: arrays travel with their unit; memory-mapped files would outlive a killed run.
        parallel = Parallel(
            n_jobs=min(self.jobs, len(units)), return_as="generator_unordered", batch_size=1, max_nbytes=None
        )
        here = os.getpid()
        calls = (delayed(_numbered)(function, position, unit, here) for position, unit in enumerate(units))
        try:
            yield from parallel(calls)
        except BrokenProcessPool as error:
            raise WorkerError(
                "a worker process was killed, most likely for want of memory. Use fewer of them (compute.jobs in "
                "params.yaml, jobs in train_generators) and run the same command again: the work store is kept."
            ) from error


def cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _numbered(function: Callable[[Unit], Result], position: int, unit: Unit, parent: int) -> tuple[int, Result]:
    if parent != os.getpid():
        die_with_parent(parent)
    try:
        return position, _in_one_thread(function, unit)
    finally:
        # A unit may catch the signal to save its work; the pool would then start the next one for nobody.
        if parent not in (os.getppid(), os.getpid()):
            os._exit(1)


def _in_one_thread(function: Callable[[Unit], Result], unit: Unit) -> Result:
    keep_freed_memory()
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return function(unit)
    finally:
        torch.set_num_threads(before)
