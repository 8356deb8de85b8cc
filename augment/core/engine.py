"""Map a function over independent units of work, in this process or in one process per core.

A unit always runs with one torch thread, wherever it runs, so its result does not depend on the engine or on what runs
beside it.
"""

import itertools
import os
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from augment.core.errors import WorkerError
from augment.core.processes import die_with_parent, keep_freed_memory
from augment.core.progress import Progress

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
        """Yield `(position, function(unit))` as units finish; an exception of a unit is raised here. Raises
        `WorkerError` when a process was killed, as a machine short of memory does."""
        if self.processes == 1 or len(units) < 2:
            for position, unit in enumerate(units):
                yield position, _in_one_thread(function, unit)
            return
        from joblib import Parallel, delayed  # noqa: PLC0415  (the importing side has no joblib)

        # The pool replaces a worker whose memory has grown between units, and would tell the user of it.
        warnings.filterwarnings("ignore", "A worker stopped while some jobs were given", UserWarning)
        # max_nbytes: arrays travel with their unit; memory-mapped files would outlive a killed run.
        jobs, here = min(self.jobs, len(units)), os.getpid()
        parallel = Parallel(n_jobs=jobs, return_as="generator_unordered", batch_size=1, max_nbytes=None)
        calls = (delayed(_numbered)(function, position, unit, here) for position, unit in enumerate(units))
        try:
            yield from parallel(calls)
        except BrokenProcessPool as error:
            raise WorkerError(
                "a worker process was killed, most likely for want of memory. Use fewer of them (compute.jobs in "
                "params.yaml, jobs in train_generators) and run the same command again: the work store is kept."
            ) from error

    def gather(self, function: Callable[[Unit], Result], units: Sequence[Unit], name: str = "") -> list[Result]:
        """`function` of every unit, in the order of the units; with a name, progress is said. Raises as `map` does."""
        progress = Progress(name, len(units))
        results: dict[int, Result] = {}
        for position, result in self.map(function, units):
            results[position] = result
            if name:
                progress.advance()
        return [results[position] for position in range(len(units))]


def _numbered(function: Callable[[Unit], Result], position: int, unit: Unit, parent: int) -> tuple[int, Result]:
    if parent != os.getpid():
        die_with_parent(parent)
    try:
        return position, _in_one_thread(function, unit)
    finally:
        # A unit may catch the signal to save its work; the pool would then start the next one for nobody.
        if os.name == "posix" and parent not in (os.getppid(), os.getpid()):
            os._exit(1)


def _in_one_thread(function: Callable[[Unit], Result], unit: Unit) -> Result:
    keep_freed_memory()
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return function(unit)
    finally:
        torch.set_num_threads(before)


_numbers = itertools.count()  # a descriptor is used again once it is closed; a number never is


class SharedArray:
    """A read-mostly array for units of work: worker processes map the memory of the process that holds it.

    `array` is the array itself here, and a private mapping elsewhere. The memory has no name in any folder, so
    nothing is left behind when a run is killed. Where the system has no such memory (Linux has it), the array
    travels with every unit of work, as any other does.
    """

    def __init__(self, array: NDArray[Any]) -> None:
        self.array = array
        self._descriptor: int | None = None
        self._number = next(_numbers)

    def __reduce__(self) -> tuple[Any, ...]:
        if not hasattr(os, "memfd_create") or not self.array.size:
            return SharedArray, (self.array,)
        if self._descriptor is None:
            self._descriptor = os.memfd_create("array")
            with os.fdopen(self._descriptor, "wb", closefd=False) as stream:
                stream.write(np.ascontiguousarray(self.array).data)
        return _mapped, (os.getpid(), self._number, self._descriptor, self.array.dtype.str, self.array.shape)

    def close(self) -> None:
        """Let the memory go; processes that have mapped it keep theirs."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


@lru_cache(maxsize=4)
def _mapped(process: int, number: int, descriptor: int, dtype: str, shape: tuple[int, ...]) -> SharedArray:
    # "c": torch warns of memory that cannot be written; what is written stays in this process.
    return SharedArray(np.memmap(f"/proc/{process}/fd/{descriptor}", dtype, "c", shape=shape))


# Forward-mode derivatives and the default dtype belong to the process; a callback may come here once more.
_ONE_AT_A_TIME = threading.RLock()


@contextmanager
def standalone() -> Iterator[None]:
    """As in a process of its own: gradients on, float32, on the CPU, no autocast, no other thread in here."""
    with (
        _ONE_AT_A_TIME,
        torch.inference_mode(False),
        torch.enable_grad(),
        torch.autocast("cpu", enabled=False),
        torch.autocast("cuda", enabled=False),
        nullcontext() if torch.get_default_device().type == "cpu" else torch.device("cpu"),  # it slows every call
    ):
        usual = torch.get_default_dtype()
        torch.set_default_dtype(torch.float32)
        try:
            yield
        finally:
            torch.set_default_dtype(usual)
