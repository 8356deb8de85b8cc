"""Units of work in processes of this machine."""

import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool

from augment.core.engine.unit import Result, Unit, in_one_thread
from augment.core.errors import WorkerError
from augment.core.processes import die_with_parent


def map_in_processes(
    function: Callable[[Unit], Result], units: Sequence[Unit], jobs: int
) -> Iterator[tuple[int, Result]]:
    """As `Engine.map`, in at most so many processes. Raises `WorkerError` when one was killed."""
    from joblib import Parallel, delayed  # noqa: PLC0415  (the importing side has no joblib)

    # The pool replaces a worker whose memory has grown between units, and would tell the user of it.
    warnings.filterwarnings("ignore", "A worker stopped while some jobs were given", UserWarning)
    # Whoever takes the results may stop, as on a full disk; what is left undone is no advice to a user.
    warnings.filterwarnings("ignore", r"\d+ tasks (which were still|have been successfully)", UserWarning)
    # max_nbytes: arrays travel with their unit; memory-mapped files would outlive a killed run.
    processes, here = min(jobs, len(units)), os.getpid()
    parallel = Parallel(n_jobs=processes, return_as="generator_unordered", batch_size=1, max_nbytes=None)
    calls = (delayed(_numbered)(function, position, unit, here) for position, unit in enumerate(units))
    try:
        yield from parallel(calls)
    except BrokenProcessPool as error:
        raise WorkerError(
            "a worker process was killed, most likely for want of memory. Use fewer of them (compute.jobs in "
            "params.yaml, jobs in train_generators) and run the same command again: the work store is kept."
        ) from error


def _numbered(function: Callable[[Unit], Result], position: int, unit: Unit, parent: int) -> tuple[int, Result]:
    if parent != os.getpid():
        die_with_parent(parent)
    try:
        return position, in_one_thread(function, unit)
    finally:
        # A unit may catch the signal to save its work; the pool would then start the next one for nobody.
        if os.name == "posix" and parent not in (os.getppid(), os.getpid()):
            os._exit(1)
