"""What stands in the work store, and making room in it; knows names and dates, opens nothing."""

import re
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from augment.core.errors import InUseError
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
