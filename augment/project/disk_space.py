"""Whether the disks have room for what is to be written, asked before the work and not at its end."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from augment.core.errors import StoreError


@dataclass(frozen=True)
class Need:
    """Bytes to be written below a folder, which may not be there yet; what: for people; instead: a sentence that tells
    how to write less."""

    folder: Path
    size: int
    what: str
    instead: str = ""


def require_space(needs: Sequence[Need]) -> None:
    """Raises `StoreError` naming need, free space and what to do where a disk has too little for all needs on it."""
    if lacking := missing_space(needs):
        raise StoreError("\n".join(lacking))


def missing_space(needs: Sequence[Need]) -> list[str]:
    """A line for each disk that has too little; folders of one disk share its room."""
    disks: dict[int, list[Need]] = {}
    for need in needs:
        disks.setdefault(_standing(need.folder).stat().st_dev, []).append(need)
    lines = []
    for of_disk in disks.values():
        wanted, free = sum(need.size for need in of_disk), shutil.disk_usage(_standing(of_disk[0].folder)).free
        if wanted > free:
            parts = ", ".join(f"{bytes_text(need.size)} for {need.what} ({need.folder})" for need in of_disk)
            instead = "".join(f" {way}" for way in dict.fromkeys(need.instead for need in of_disk) if way)
            lines.append(
                f"the disk has too little room: about {bytes_text(wanted)} are needed, {parts}, and {bytes_text(free)} "
                f"are free. Free some space, or work in a folder on a larger disk.{instead}"
            )
    return lines


def bytes_text(size: float) -> str:
    """`12 kB`, `3.4 MB`, `1.2 GB`."""
    for unit, length in (("GB", 1e9), ("MB", 1e6)):
        if size >= length:
            return f"{size / length:.1f} {unit}"
    return f"{size / 1e3:.0f} kB"


def _standing(folder: Path) -> Path:
    """The folder, or the nearest above it that is there."""
    path = folder.absolute()
    return next(place for place in (path, *path.parents) if place.exists())
