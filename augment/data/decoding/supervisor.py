"""One process that decodes files, seen from outside: asked, waited for, ended when it does not answer."""

import json
import math
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from io import RawIOBase
from pathlib import Path
from typing import cast

import numpy as np

from augment.core.errors import DataError
from augment.data.decoding import decode
from augment.data.decoding.take import Taken, Wanted
from augment.data.decoding.worker import LENGTHS, MAX_CPU_SECONDS, READY
from augment.data.entries import Deep, Facts

File = tuple[str, str]
"""Where a file lies, absolute, and its name in the set."""

MAX_STALL_SECONDS = 30.0  # without a word: the file's disk does not answer, or others take the processor
_MAX_START_SECONDS = 120.0
_MAX_FRAME_BYTES = 1 << 28
_START = "import sys; sys.path[:] = sys.argv[2:]; from augment.data.decoding.worker import main; main()"
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class Ended(Exception):  # noqa: N818  (an event, not a fault)
    """A worker is gone. begun: how many of the files asked for it had begun; code, detail: what is said of the last of
    these; sure: whether that file is to blame, and not what else happens on the machine."""

    def __init__(self, begun: int, code: str, detail: str, sure: bool) -> None:
        super().__init__(begun, code, detail, sure)
        self.begun, self.code, self.detail, self.sure = begun, code, detail, sure


class Worker:
    """One process."""

    def __init__(self) -> None:
        """Start it and wait until it listens. Raises `DataError` when it does not come up."""
        home = str(Path(__file__).parents[3])
        flags = ["-I", "-S", "-B", "-X", f"utf8={sys.flags.utf8_mode}"]
        command = [sys.executable, *flags, "-c", _START, str(os.getpid()), home, *map(os.path.abspath, sys.path)]
        pipe = subprocess.PIPE
        try:
            self.process = subprocess.Popen(
                command, stdin=pipe, stdout=pipe, stderr=pipe, env=os.environ | _ONE_THREAD, bufsize=0
            )
        except OSError as error:
            raise _none_started(error.strerror or str(error)) from error
        streams = (self.process.stdin, self.process.stdout, self.process.stderr)
        self._requests, self._results, self._begun = (cast(RawIOBase, stream) for stream in streams)
        first = self._begun.read(1) if _speaks(self._begun, _MAX_START_SECONDS) else b""
        if first != READY:
            self.process.kill()
            words = ((first or b"") + (self._begun.read() or b"")).decode(errors="replace").split("\n")
            self.close()
            raise _none_started(next(filter(None, reversed(words)), "it did not say why"))

    def ask(self, files: Sequence[File], wanted: Wanted) -> Iterator[list[Taken]]:
        """What became of the files, in their order, a few at a time. Raises `Ended`."""
        done = 0
        try:
            request = memoryview(f"{json.dumps({'wanted': asdict(wanted), 'files': files})}\n".encode())
            while request:
                request = request[self._requests.write(request) or 0 :]
            while done < len(files):
                lengths = LENGTHS.unpack(self._read(LENGTHS.size))
                if max(lengths) > _MAX_FRAME_BYTES:
                    raise EOFError
                taken = _taken(self._read(lengths[0]), self._read(lengths[1]))
                done += len(taken)
                yield taken
            self._begun.read(len(files))
        except (OSError, EOFError, ValueError, TypeError, KeyError) as error:  # also an answer that makes no sense
            raise self._ended(stalled=isinstance(error, TimeoutError)) from error

    def close(self) -> None:
        """End the process, whatever it does."""
        self.process.kill()
        for stream in (self._requests, self._results, self._begun):
            with suppress(OSError):
                stream.close()
        with suppress(subprocess.TimeoutExpired):  # one that waits for a dead disk cannot end
            self.process.wait(1)

    def _read(self, count: int) -> bytearray:
        """So many bytes of the results. Raises EOFError, and TimeoutError where the worker stalls."""
        content = bytearray(count)
        rest = memoryview(content)
        while rest:
            if not _speaks(self._results, MAX_STALL_SECONDS):
                raise TimeoutError
            got = self._results.readinto(rest)
            if not got:
                raise EOFError
            rest = rest[got:]
        return content

    def _ended(self, stalled: bool) -> Ended:
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(0 if stalled else 1)  # how it ends by itself says more than being killed does
        self.process.kill()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(1)
        begun = len(self._begun.read() or b"") if self.process.returncode is not None else 1
        self.close()
        if os.name == "posix" and self.process.returncode == -signal.SIGPROF:
            detail = f"it takes more than {MAX_CPU_SECONDS:.0f} seconds to decode; {decode.SAVE_ANEW}"
            return Ended(begun, "timeout", detail, sure=True)
        if stalled:
            detail = (
                f"nothing was heard of it for {MAX_STALL_SECONDS:.0f} seconds, twice; copy it to a disk that answers"
            )
            return Ended(begun, "timeout", detail, sure=False)
        return Ended(begun, "crashed", f"the decoder crashed on it, twice; {decode.SAVE_ANEW}", sure=False)


def _speaks(stream: RawIOBase, seconds: float) -> bool:
    """Whether something can be read, be it the end."""
    if os.name != "posix":
        return True
    waiting = select.poll()  # `select.select` knows no descriptor from 1024 on
    waiting.register(stream, select.POLLIN)
    return bool(waiting.poll(1000 * seconds))


def _taken(records: bytearray, pixels: bytearray) -> list[Taken]:
    """The files of one frame."""
    every, start, view = [], 0, memoryview(pixels)
    for *plain, size, deep, facts, shape in json.loads(records):
        taken = Taken(*plain)
        taken.size, taken.deep, taken.facts = tuple(size), deep and Deep(*deep), facts and Facts(*facts)
        if shape is not None:
            stop = start + math.prod(shape)
            taken.pixels = np.frombuffer(bytes(view[start:stop]), dtype=np.uint8).reshape(shape)
            start = stop
        every.append(taken)
    return every


def _none_started(why: str) -> DataError:
    return DataError(
        f"no process could be started to decode images: {why}. Give the machine more memory or processes "
        "(`ulimit -u`), then run the same command again."
    )
