"""Processes: children that go with their parent, memory that goes back, work that stops at a safe point."""

import ctypes
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from typing import TYPE_CHECKING, TypeVar, TypeVarTuple

from augment.core.errors import WorkerError

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

Values = TypeVarTuple("Values")
Result = TypeVar("Result")

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_M_MMAP_THRESHOLD, _M_TRIM_THRESHOLD = -3, -1  # malloc.h of glibc
_KEPT, _USUAL = (2**30, 2**30), (2**25, 2**26)  # bytes of both; the latter are where malloc goes by itself at most


def cores() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def die_with_parent(parent: int) -> None:
    """Ask Linux to send SIGTERM when the parent goes: a killed `dvc repro` would leave its stage running.

    parent: the process id it had; when that one is gone by now, the signal comes at once.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)


def orphaned() -> bool:
    """Whether this process's parent went before it could be asked: whoever adopts orphans has a session of its own. For
    a process whose parent keeps it in its own session, as DVC does; a child of a daemon looks orphaned too."""
    try:
        return sys.platform == "linux" and os.getsid(os.getppid()) != os.getsid(0)
    except ProcessLookupError:  # it went just now
        return True


@contextmanager
def keeping_freed_memory() -> Iterator[None]:
    """Within, glibc reuses freed buffers rather than return them: every step of training needs the same ones again, and
    fetching their pages anew costs more than many a layer. Then they go back to the system. Elsewhere nothing happens.
    """
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    if libc is None or not hasattr(libc, "mallopt"):  # musl has none
        yield
        return
    _set_thresholds(libc, *_KEPT)
    try:
        yield
    finally:
        _set_thresholds(libc, *_USUAL)
        libc.malloc_trim(0)


def _set_thresholds(libc: ctypes.CDLL, mapped: int, trimmed: int) -> None:
    libc.mallopt(_M_MMAP_THRESHOLD, mapped)
    libc.mallopt(_M_TRIM_THRESHOLD, trimmed)


def in_own_process(function: Callable[[*Values], Result], *values: *Values) -> Result:
    """What it returns or raises, from a fresh process: all its memory goes back to the system, libraries included.

    function: found by its name; values and the result are pickled. Raises `WorkerError` when the process was killed.
    """
    context = get_context("spawn")
    answer, end = context.Pipe(duplex=False)
    process = context.Process(target=_answer, args=(end, os.getpid(), function, values))
    process.start()
    end.close()
    try:
        result, error = answer.recv()
    except EOFError:
        raise WorkerError("its process was killed, most likely for want of memory") from None
    except BaseException:
        process.terminate()
        raise
    finally:
        process.join()
    if error is not None:
        raise error
    return result  # type: ignore[no-any-return]


def _answer(end: "Connection", parent: int, function: Callable[[*Values], Result], values: tuple[*Values]) -> None:
    die_with_parent(parent)
    answer: tuple[Result | None, BaseException | None]
    try:
        answer = (function(*values), None)
    except (Exception, KeyboardInterrupt) as error:
        error.add_note(traceback.format_exc())  # which does not travel by itself
        answer = (None, error)
    end.send(answer)


def ending_signals() -> list[signal.Signals]:
    """Those that tell this process to end: an interrupt, a request, and a terminal that was closed, unless it was to be
    outlived (`nohup`). Without those whose handler is not Python's, which could not be put back."""
    asked = [signal.SIGINT, signal.SIGTERM]
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        asked.append(signal.SIGHUP)
    return [number for number in asked if signal.getsignal(number) is not None]


@contextmanager
def interruption() -> Iterator[Callable[[], bool]]:
    """Within, signals to end only raise a flag; the yielded function reads it.

    A signal that came too late to be read there raises KeyboardInterrupt at the end, so none is lost.
    Outside the main thread signals cannot be caught, and the flag stays down.
    """
    raised = list[int]()  # no `threading.Event`: a second signal would wait for the lock that the first one holds

    def is_raised() -> bool:
        return bool(raised)

    if threading.current_thread() is not threading.main_thread():
        yield is_raised
        return

    before = {number: signal.signal(number, lambda got, _: raised.append(got)) for number in ending_signals()}
    try:
        yield is_raised
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if raised:
        raise KeyboardInterrupt
