"""Many files at once, in as many processes as there are cores. A file that stalls or kills its process costs itself.

Processes start when there is something to do, are kept for the next set, and end with this one.
"""

import atexit
import os
import queue
import threading
import time
from collections.abc import Iterator, Sequence

from augment.core.processes import cores
from augment.data.decoding.supervisor import Ended, File, Worker
from augment.data.decoding.take import Taken, Wanted

Done = list[tuple[int, Taken]]
Results = queue.SimpleQueue[Done | BaseException | None]

_FILES_PER_WORKER = 100  # small ones; starting a worker takes as long
_FIRST_CHUNK_FILES, _MAX_CHUNK_FILES, _CHUNK_SECONDS = 4, 64, 0.05

_idle: list[tuple[int, Worker]] = []  # each with the process that it answers: a fork must not ask it


class _Chunks:
    """Hands out positions in order to several threads, and knows whose worker is at work."""

    def __init__(self, count: int) -> None:
        self._count, self._next, self._lock = count, 0, threading.Lock()
        self.stopped = False
        self.busy: set[Worker] = set()

    def next(self, length: int) -> range:
        """The next positions, at most so many; none when all are given away, or after `stop`."""
        with self._lock:
            start, self._next = self._next, min(self._count, self._next + length)
            return range(start, start if self.stopped else self._next)

    def stop(self) -> None:
        """Nothing more is handed out, and what is in work ends."""
        self.stopped = True
        for worker in list(self.busy):
            worker.process.kill()


def take_all(files: Sequence[File], wanted: Wanted) -> Iterator[tuple[int, Taken]]:
    """(position, what became of it) for every file, as they are done.

    A file that needs too much time is `timeout`, one whose process ends on it `crashed`; where something else may have
    ended it, the file is decoded once more, alone. Raises `DataError` when no process can be started.
    """
    chunks = _Chunks(len(files))
    results: Results = queue.SimpleQueue()
    count = min(cores(), -(-len(files) // _FILES_PER_WORKER))
    threads = [
        threading.Thread(target=_serve, args=(files, wanted, chunks, results), daemon=True) for _ in range(count)
    ]
    for thread in threads:
        thread.start()
    try:
        while count:
            done = results.get()
            if isinstance(done, BaseException):
                raise done
            count -= done is None
            yield from done or ()
    finally:
        chunks.stop()
        for thread in threads:
            thread.join()


def _serve(files: Sequence[File], wanted: Wanted, chunks: _Chunks, results: "Results") -> None:
    """What one thread does: hand chunks to one worker until none is left. `None` says that it is through."""
    length = _FIRST_CHUNK_FILES
    try:
        while positions := chunks.next(length):
            began = time.monotonic()
            for done in _take_chunk(files, positions, wanted, chunks):
                results.put(done)
            seconds = (time.monotonic() - began) / len(positions)
            length = max(1, min(_MAX_CHUNK_FILES, int(_CHUNK_SECONDS / max(seconds, 1e-6))))
        results.put(None)
    except BaseException as error:
        results.put(error)


def _take_chunk(files: Sequence[File], positions: range, wanted: Wanted, chunks: _Chunks) -> Iterator[Done]:
    """The files of one chunk, by as many workers, one after the other, as that takes."""
    blamed: dict[int, Taken] = {}
    suspects: set[int] = set()
    at = positions.start
    while at < positions.stop and not chunks.stopped:
        if at in blamed:
            yield [(at, blamed[at])]
            at += 1
            continue
        ahead = [position for position in (*blamed, *suspects, positions.stop) if position > at]
        start, stop = at, at + 1 if at in suspects else min(ahead)
        worker = _borrowed()
        chunks.busy.add(worker)
        try:
            for taken in worker.ask(files[start:stop], wanted):
                yield list(enumerate(taken, at))
                at += len(taken)
            _idle.append((os.getpid(), worker))
        except Ended as ended:
            culprit = min(start + max(ended.begun, 1), stop) - 1
            if ended.sure or culprit in suspects:
                blamed[culprit] = Taken(ended.code, ended.detail)
            suspects.add(culprit)
        finally:
            chunks.busy.discard(worker)


def _borrowed() -> Worker:
    """A worker that waits for files, or a new one."""
    while _idle:
        owner, worker = _idle.pop()
        if owner == os.getpid():
            if worker.process.poll() is None:
                return worker
            worker.close()
    return Worker()


@atexit.register
def end_workers() -> None:
    """End the processes that wait for files; the next call starts others."""
    while _idle:
        owner, worker = _idle.pop()
        if owner == os.getpid():
            worker.close()
