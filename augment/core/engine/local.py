"""Units of work in processes of this machine."""

import os
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

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
    # max_nbytes: arrays travel with their unit; memory-mapped files would outlive a killed run.
    # Linux tells a worker of the end of the thread that started it, and only the main one lives as long as the process.
    lasting = threading.current_thread() is threading.main_thread()
    processes, here = min(jobs, len(units)), (os.getpid(), lasting, Path.cwd())
    parallel = Parallel(n_jobs=processes, return_as="generator_unordered", batch_size=1, max_nbytes=None)
    calls = (delayed(_numbered)(function, position, unit, *here) for position, unit in enumerate(units))
    results = parallel(calls)
    try:
        for result in results:  # noqa: UP028  (`yield from` would close them ahead of `finally`)
            yield result
    except BrokenProcessPool as error:
        raise WorkerError(
            "a worker process was killed, most likely for want of memory. Use fewer of them (compute.jobs in "
            "params.yaml, jobs in train_generators) and run the same command again: the work store is kept."
        ) from error
    finally:
        with warnings.catch_warnings():  # whoever takes the results may stop, as on a full disk, and needs no advice
            warnings.simplefilter("ignore", UserWarning)
            results.close()


def _numbered(
    function: Callable[[Unit], Result], position: int, unit: Unit, parent: int, lasting: bool, folder: Path
) -> tuple[int, Result]:
    if parent != os.getpid():
        if lasting:
            die_with_parent(parent)
        os.chdir(folder)  # workers outlive a call, and whoever called may have gone elsewhere since
    try:
        return position, in_one_thread(function, unit)
    finally:
        # A unit may catch the signal to save its work; the pool would then start the next one for nobody.
        if os.name == "posix" and parent not in (os.getppid(), os.getpid()):
            os._exit(1)
