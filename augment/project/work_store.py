"""What stands in the work store, and making room in it; knows names and dates, opens nothing."""

import os
import re
import shutil
import stat
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from augment.core.errors import StoreError
from augment.core.files import exclusive

_FINGERPRINT = re.compile(r"[0-9a-f]{32}")
_DAY_SECONDS = 24 * 60 * 60


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
        files = [status for _, status in _files(folder)]
        used = max([status.st_mtime for status in files], default=folder.stat().st_mtime)
        size = sum(status.st_size for status in files)
        gans.append(StoredGan(folder, (folder / "finished.pt").exists(), size, used))
    return sorted(gans, key=lambda gan: (-gan.used, gan.folder.name))


def prune_seen(folder: Path, days: float) -> tuple[int, int]:
    """Delete what backbones saw and no run has used for `days`: how many files, and their bytes."""
    before = time.time() - days * _DAY_SECONDS
    old = [(file, status.st_size) for file, status in _files(folder) if status.st_mtime <= before]
    for file, _ in old:
        file.unlink(missing_ok=True)
    return len(old), sum(size for _, size in old)


@dataclass(frozen=True)
class Kept:
    """What `keep_within` left. removed: GANs and files that went, freed: their bytes; size: bytes that are there."""

    removed: int
    freed: int
    size: int


def keep_within(store: Path, seen: Path, most: int, since: float) -> Kept:
    """Delete GANs and what backbones saw, those first that no run has used longest, until at most `most` bytes are
    left; what was used from `since` on, or is in use now, stays.

    store, seen: the folders of both; since: seconds since 1970.
    """
    kept = [(gan.used, gan.size, gan.folder) for gan in survey(store)]
    kept += [(status.st_mtime, status.st_size, file) for file, status in _files(seen)]
    size, removed, freed = sum(size for _, size, _ in kept), 0, 0
    for used, own, path in sorted(kept):
        if size - freed <= most or used >= since:
            break
        if _is_removed(path):
            removed, freed = removed + 1, freed + own
    return Kept(removed, freed, size - freed)


def _is_removed(path: Path) -> bool:
    """Delete a GAN or a file; False where it has to stay: a run is at work on it, or it is not ours to delete."""
    try:
        if path.is_dir():
            with exclusive(path):  # also marks it as used just now, if it stays
                shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except (StoreError, OSError):
        return False
    return True


def _files(folder: Path) -> list[tuple[Path, os.stat_result]]:
    """Those that are there when it is their turn: a run at work replaces its own."""
    found = []
    for file in folder.glob("*"):
        with suppress(FileNotFoundError):
            status = file.stat()
            if stat.S_ISREG(status.st_mode):
                found.append((file, status))
    return found


def prune(store: Path, days: float) -> tuple[list[StoredGan], int]:
    """Delete the GANs, finished or not, that no run has used for `days`; those at work now stay. Returns what was
    deleted, and how many stayed because a run is at work on them."""
    removed, busy = [], 0
    before = time.time() - days * _DAY_SECONDS
    for gan in survey(store):
        if gan.used > before:
            continue
        if _is_removed(gan.folder):
            removed.append(gan)
        else:
            busy += 1
    return removed, busy
