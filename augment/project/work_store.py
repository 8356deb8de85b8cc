"""What stands in the work store: what every file of it is sealed with, and making room in it.

A file is found by its name, the fingerprint of all that it was made of, and ends with that fingerprint and a hash of
its content. So what was moved to another name, or damaged, is nobody's: it is made anew.
"""

import hashlib
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from augment.core.errors import InUseError
from augment.core.files import exclusive

_FINGERPRINT = re.compile(r"[0-9a-f]{32}")
_DAY_SECONDS = 24 * 60 * 60
_CHUNK = 2**20  # bytes in memory while a file is read
_SEALED = ("finished.pt", "checkpoint.pt", "previous.pt")  # of a GAN


def seal(key: str, content: bytes | memoryview) -> bytes:
    """What a kept file ends with: a hash of its content and of the key that it is kept under, and the key."""
    digest = hashlib.sha256(content)
    digest.update(key.encode())
    return f"\n{digest.hexdigest()} {key}\n".encode()


def is_sealed(path: Path, key: str) -> bool:
    """Whether a file is there and is what was kept under this key; read in parts."""
    try:
        left = path.stat().st_size - len(seal(key, b""))
        if left < 0 or not path.is_file():
            return False
        digest = hashlib.sha256()
        with path.open("rb") as stream:
            while left > 0 and (part := stream.read(min(_CHUNK, left))):
                digest.update(part)
                left -= len(part)
            digest.update(key.encode())
            return left == 0 and stream.read() == f"\n{digest.hexdigest()} {key}\n".encode()
    except OSError:
        return False


def read_sealed(path: Path, key: str) -> bytes | None:
    """The content of a kept file, None where it is absent, damaged, or was kept under another key."""
    return path.read_bytes()[: -len(seal(key, b""))] if is_sealed(path, key) else None


def unsound(store: Path, seen: Path) -> Iterator[Path]:
    """Files of the store that no run will use: damaged, or under a name that is not theirs. They can be deleted.

    store: of GANs; seen: of what backbones saw.
    """
    for gan in survey(store):
        files = (gan.folder / name for name in _SEALED)
        yield from (file for file in files if file.exists() and not is_sealed(file, gan.folder.name))
    for file in sorted(file for file in seen.glob("*") if file.is_file() and not file.name.startswith(".")):
        if not is_sealed(file, file.stem):
            yield file


@dataclass(frozen=True)
class StoredGan:
    """One GAN of the store. size: bytes; used: seconds since 1970 when a run last worked on it or read it."""

    folder: Path
    finished: bool
    size: int
    used: float


def survey(store: Path) -> list[StoredGan]:
    """All GANs of the store, the one last used first."""
    gans = []
    for folder in (path for path in store.glob("*") if path.is_dir() and _FINGERPRINT.fullmatch(path.name)):
        files = [file.stat() for file in folder.iterdir()]
        used = max([status.st_mtime for status in files], default=folder.stat().st_mtime)
        size = sum(status.st_size for status in files)
        gans.append(StoredGan(folder, (folder / "finished.pt").exists(), size, used))
    return sorted(gans, key=lambda gan: (-gan.used, gan.folder.name))


def prune_seen(folder: Path, days: float) -> tuple[int, int]:
    """Delete what backbones saw and no run has used for `days`: how many files, and their bytes."""
    before = time.time() - days * _DAY_SECONDS
    files = [(file, file.stat()) for file in folder.glob("*") if file.is_file()]
    old = [(file, status.st_size) for file, status in files if status.st_mtime <= before]
    for file, _ in old:
        file.unlink(missing_ok=True)
    return len(old), sum(size for _, size in old)


def prune(store: Path, days: float) -> tuple[list[StoredGan], int]:
    """Delete the GANs, finished or not, that no run has used for `days`; those at work now stay. Returns what was
    deleted, and how many stayed because a run is at work on them."""
    removed, busy = [], 0
    before = time.time() - days * _DAY_SECONDS
    for gan in survey(store):
        if gan.used > before:
            continue
        try:
            with exclusive(gan.folder):  # also marks it as used just now, if it stays
                shutil.rmtree(gan.folder)
            removed.append(gan)
        except InUseError:
            busy += 1
    return removed, busy
