"""How a stage begins, and what it gives back when it fails.

Imported before anything heavy, so that a signal or a missing package finds it ready. DVC deletes a
stage's outputs before it runs the stage (unless they are `persist`, which would cost DVC's run
cache), so a stage that fails brings those of its last whole run back.
"""

import atexit
import os
import signal
import sys
from pathlib import Path
from types import FrameType, TracebackType

from augment.core.processes import die_with_parent, ending_signals, orphaned
from augment.core.progress import say
from augment.core.words import printable_stream
from augment.project.dvc_cache import bring_back

LOCKS = Path(".work/stages")
BLAS_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def begin() -> None:
    """Before the imports: go with the parent, and leave in order when told to or when an import fails."""
    for number in ending_signals():
        signal.signal(number, _leave)
    sys.stdout, sys.stderr = printable_stream(sys.stdout), printable_stream(sys.stderr)
    sys.excepthook = _tell
    for name in BLAS_THREADS:  # one, as torch has: the last digits of a sum follow their number, and several wait for
        os.environ.setdefault(name, "1")  # each other on a busy machine, at ten times the time
    _quieten_tracker()
    atexit.register(give_back)
    die_with_parent(os.getppid())
    if "DVC_STAGE" in os.environ and orphaned():
        os.kill(os.getpid(), signal.SIGTERM)


def settled(status: int | None = None) -> None:
    """Nothing is to be given back from here on: the outputs are whole, or another run has them in its hands.

    status: with which a signal then ends the process; None: that of the signal.
    """

    def go(number: int, frame: FrameType | None) -> None:
        os._exit(128 + number if status is None else status)

    atexit.unregister(give_back)
    for number in ending_signals():
        if signal.getsignal(number) is _leave:
            signal.signal(number, go)


def give_back() -> None:
    """Bring the stage's outputs of its last whole run back from DVC's cache; nothing outside of DVC, or without one."""
    settled()
    stage = os.environ.get("DVC_STAGE")
    if stage is None:
        return
    for number in ending_signals():
        signal.signal(number, signal.SIG_IGN)
    try:
        if bring_back(Path(), stage.rpartition(":")[2]):
            say(f"{stage}: its outputs are again those of its last whole run")
    except (LookupError, ValueError, OSError, ImportError) as error:
        why = f"{error.args[0]} is not in the cache" if isinstance(error, LookupError) else error
        say(f"{stage}: DVC deleted its earlier outputs, and they cannot be brought back now ({why}): `dvc checkout`")


def _quieten_tracker() -> None:
    """A stage that leaves at once leaves loky's semaphores to their tracker, which would warn at length."""
    filters = (os.environ.get("PYTHONWARNINGS"), "ignore:resource_tracker")
    os.environ["PYTHONWARNINGS"] = ",".join(filter(None, filters))


def _leave(number: int, frame: FrameType | None) -> None:
    """Not an exception: within imports it would be swallowed or disguised, and joblib would kill its workers.

    They have the signal too, or get it when this process goes, and save their work.
    """
    say(f"{os.environ.get('DVC_STAGE', 'stage')}: interrupted")
    give_back()
    os._exit(128 + number)


def _tell(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, ImportError):
        say(f"{os.environ.get('DVC_STAGE', 'stage')}: {error}. `augment doctor` names what is missing and the mend.")
    else:
        sys.__excepthook__(kind, error, trace)
