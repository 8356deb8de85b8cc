"""Ending well: children that go with their parent, and work that stops at a safe point."""

import ctypes
import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h of glibc
_KEPT_BYTES = 2**30


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


def keep_freed_memory() -> None:
    """Ask glibc to reuse freed buffers rather than return them: every step of training needs the same ones again, and
    fetching their pages anew costs more than many a layer. Elsewhere nothing happens."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None  # musl has none
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _KEPT_BYTES)
        mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)


def return_freed_memory() -> None:
    """The opposite, once: what nothing refers to goes back to the system, where glibc has a call for it."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


@contextmanager
def interruption() -> Iterator[Callable[[], bool]]:
    """Within, SIGINT and SIGTERM only raise a flag; the yielded function reads it.

    A signal that came too late to be read there raises KeyboardInterrupt at the end, so none is lost.
    Outside the main thread signals cannot be caught, and the flag stays down.
    """
    raised = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield raised.is_set
        return

    before = {number: signal.signal(number, lambda *_: raised.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield raised.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if raised.is_set():
        raise KeyboardInterrupt
