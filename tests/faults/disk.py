"""What a process does to the disk, counted, and a fault at the n-th time: an error of the system, or its death.

Python's audit hook sees every `open` for writing, rename and new folder, whoever asks; a write and an fsync are met by
standing in their way. Half the bytes of a write arrive ahead of its fault.
"""

import builtins
import errno
import io
import os
import signal
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

KILL = 0  # in the place of an error's number
GROWING = ("write", "fsync", "copy")  # what a disk refuses that is full, and it stays full
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


@dataclass
class Disk:
    """Counts events below `root`, DVC's folder left out; the one at position `at` meets the fault, with None none."""

    root: Path
    at: int | None
    number: int
    events: list[tuple[str, str]] = field(default_factory=list)  # kind, path from root

    def install(self) -> None:
        """For the rest of this process."""
        sys.addaudithook(self._audit)
        plain_open, plain_fsync = io.open, os.fsync

        def watched_open(file: Any, mode: str = "r", *rest: Any, **options: Any) -> Any:
            stream = plain_open(file, mode, *rest, **options)
            return stream if set(mode).isdisjoint("wax+") else Watched(stream, self)

        def fsync(descriptor: int) -> None:
            self.meet("fsync", path_of(descriptor))
            plain_fsync(descriptor)

        vars(io)["open"] = vars(builtins)["open"] = watched_open
        vars(os)["fsync"] = fsync

    def meet(self, kind: str, path: str, before: Callable[[], object] = lambda: None) -> None:
        """Count an event; `before` happens ahead of its fault. Raises OSError, or kills this process."""
        where = Path(os.path.abspath(path))  # noqa: PTH100  (a link stays a link)
        if not where.is_relative_to(self.root) or self.root / ".dvc" in where.parents:
            return
        position = len(self.events)
        self.events.append((kind, str(where.relative_to(self.root))))
        full = self.number == errno.ENOSPC and kind in GROWING and self.at is not None and position > self.at
        if position != self.at and not full:
            return
        before()
        if self.number == KILL:
            os.kill(os.getpid(), signal.SIGKILL)
        raise OSError(self.number, os.strerror(self.number), path)

    def _audit(self, event: str, values: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(values[0], str | bytes) and is_written(values[2] or 0):
            self.meet("open", os.fsdecode(values[0]))
        elif event == "shutil.copyfile":
            self.meet("copy", os.fsdecode(values[1]))
        elif event == "os.rename":
            self.meet("rename", os.fsdecode(values[1]))
        elif event == "os.mkdir" and not Path(os.fsdecode(values[0])).is_dir():
            self.meet("mkdir", os.fsdecode(values[0]))


class Watched:
    """A stream that was opened for writing."""

    def __init__(self, stream: Any, disk: Disk) -> None:
        self.stream, self.disk = stream, disk

    def write(self, content: Any) -> Any:
        def half() -> None:
            self.stream.write(content[: len(content) // 2])
            self.stream.flush()

        self.disk.meet("write", path_of(self.stream.fileno()), half)
        return self.stream.write(content)

    def writelines(self, parts: Iterable[Any]) -> None:
        for part in parts:
            self.write(part)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def __enter__(self) -> "Watched":
        return self

    def __exit__(self, *error: object) -> None:
        self.stream.close()


def is_written(flags: int) -> bool:
    """Whether a file is opened for writing; a folder is by filelock, which asks whether it may have files without a
    name, and takes any error for a no."""
    return bool(flags & WRITING) and not flags & os.O_DIRECTORY


def path_of(descriptor: int) -> str:
    """Of an open file; that of a pipe lies nowhere."""
    return os.path.join("/", os.readlink(f"/proc/self/fd/{descriptor}"))  # noqa: PTH115, PTH118  (text, as of other events)
