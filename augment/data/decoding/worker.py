"""A process that decodes files for another one, under limits that also bind code in C.

Files of strangers are decoded here and nowhere else, so a decoder that never ends, takes all memory or crashes costs
one file. A request is one line of JSON; the answer comes in frames: two lengths, the records of some files as JSON,
their pixels. Nothing is unpickled, so a worker that was taken over can lie about pixels and no more.
"""

import json
import os
import signal
import struct
import sys
import time
from pathlib import Path
from typing import BinaryIO

from augment.data.decoding.take import Taken, Wanted, take

MAX_CPU_SECONDS = 4.0  # of one file; at 50 million pixels the slowest kinds of image take half of it
MAX_MEMORY_MB = 448  # beyond what the process has when it starts; with that it stays below 512
LENGTHS = struct.Struct("<II")  # of the records and of the pixels in a frame
READY = b"."
_FLUSH_SECONDS, _FLUSH_BYTES = 0.02, 1 << 18  # results wait for so long, or until there are so many


def main() -> None:
    """Answer requests from standard input on standard output until it ends, or until the process that asks is gone.

    A byte on standard error says that the next file of the request begins. sys.argv[1]: the id of the asking process.
    """
    parent = int(sys.argv[1])
    results, begun = (os.fdopen(os.dup(number), "wb", buffering=0) for number in (1, 2))
    silence = os.open(os.devnull, os.O_WRONLY)
    for number in (1, 2):  # libraries write there what they think of a file
        os.dup2(silence, number)
    os.chdir(os.sep)  # so that no folder is in use
    _limit()
    begun.write(READY)
    for line in sys.stdin.buffer:
        request = json.loads(line)
        size = request["wanted"]["size"]
        wanted = Wanted(**request["wanted"] | {"size": tuple(size) if size else None})
        _answer(request["files"], wanted, results, begun, parent)


def _limit() -> None:
    """Limits of the whole process; those of a file are set for each."""
    if os.name != "posix":
        return
    import resource  # noqa: PLC0415  (not everywhere)

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that asks decides what Ctrl-C ends
    signal.signal(signal.SIGPROF, signal.SIG_DFL)  # ends the process, in whatever code it is
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGPROF])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # nothing is written but to pipes
    statm = Path("/proc/self/statm")
    if statm.exists():
        most = int(statm.read_text().split()[0]) * resource.getpagesize() + MAX_MEMORY_MB * 2**20
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _answer(files: list[list[str]], wanted: Wanted, results: BinaryIO, begun: BinaryIO, parent: int) -> None:
    """Take in the files (location, path) one after the other; what is done is told before a file that may not end."""
    waiting: list[Taken] = []
    held, told_at = 0, time.monotonic()
    for location, path in files:
        if waiting and (held > _FLUSH_BYTES or time.monotonic() - told_at > _FLUSH_SECONDS):
            _tell(waiting, results)
            waiting, held, told_at = [], 0, time.monotonic()
        if os.name == "posix" and os.getppid() != parent:  # elsewhere a venv's Python is a child of its launcher
            sys.exit()
        begun.write(READY)
        waiting.append(_limited(location, path, wanted))
        held += 0 if waiting[-1].pixels is None else waiting[-1].pixels.nbytes
    _tell(waiting, results)


def _limited(location: str, path: str, wanted: Wanted) -> Taken:
    if os.name != "posix":
        return take(location, path, wanted)
    signal.setitimer(signal.ITIMER_PROF, MAX_CPU_SECONDS)
    taken = take(location, path, wanted)
    signal.setitimer(signal.ITIMER_PROF, 0)
    return taken


def _tell(waiting: list[Taken], results: BinaryIO) -> None:
    """One frame."""
    records = json.dumps([_record(taken) for taken in waiting]).encode()
    pixels = b"".join(taken.pixels.data for taken in waiting if taken.pixels is not None)
    frame = memoryview(b"".join((LENGTHS.pack(len(records), len(pixels)), records, pixels)))
    while frame:
        frame = frame[results.write(frame) :]


def _record(taken: Taken) -> list[object]:
    """Its values in their order; of the pixels, the shape."""
    *plain, pixels = vars(taken).values()
    return [*plain, None if pixels is None else pixels.shape]
