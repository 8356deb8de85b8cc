"""What stands on a disk, before any of it is trusted: names, links, special files, reading."""

import errno
import os
import stat
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from augment.core.words import CONTROL, escape

Kind = Literal[
    "file", "folder", "unreadable_folder", "special", "link_outside", "link_broken", "link_loop", "link_folder"
]

SYSTEM = frozenset(  # what systems, storage boxes and programs keep for themselves, in lower case
    {"thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "thumbs.db:encryptable", "desktop.ini", "picasa.ini"}
    | {"__macosx", "icon\r", "$recycle.bin", "recycler", "system volume information", "lost+found"}
    | {"@eadir", "@recycle", "#recycle", "#snapshot", "@recently-snapshot", "@tmp", "__pycache__"}
)


class Rejected(Exception):  # noqa: N818  (a judgement of a file, not a fault)
    """A file that is not used: `code` says why in one word, `detail` in a sentence for people."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code, detail)
        self.code, self.detail = code, detail


class PathFound(NamedTuple):
    """One name in a folder tree.

    path: relative to the root, "/" between parts, as the system spells it
    location: what to open; for a link, where it leads
    """

    path: str
    kind: Kind
    location: str


def shown(name: str) -> str:
    """The name in printable UTF-8: undecodable bytes and control characters become escapes."""
    if is_plain(name):
        return name
    return "".join(character if _is_plain(character) else escape(character) for character in name)


def is_plain(name: str) -> bool:
    """Whether a name is valid UTF-8 without control characters or line breaks."""
    return (name.isascii() and name.isprintable()) or all(map(_is_plain, name))


def is_hidden(path: str) -> bool:
    """Whether a path, "/" between its parts, is a hidden or system file, or in such a folder."""
    return path.startswith(".") or "/." in path or not SYSTEM.isdisjoint(path.lower().split("/"))


def is_bare(folder: Path) -> bool:
    """Whether a folder holds nothing but a README and hidden files, as data/base and data/external do at first."""
    return all(is_hidden(path.name) or path.name.startswith("README") for path in folder.iterdir())


def _is_plain(character: str) -> bool:
    return unicodedata.category(character) not in CONTROL


def walk(root: Path) -> Iterator[PathFound]:
    """Everything below `root` in sorted order. No link is followed, nothing is opened."""
    real_root = Path(os.path.realpath(root))
    pending = [""]
    while pending:
        folder = pending.pop()
        place = str(root / folder)
        try:
            names = sorted(os.listdir(place), key=os.fsencode)  # noqa: PTH208  (much faster, here and below)
        except OSError:
            yield PathFound(folder, "unreadable_folder", place)
            continue
        start = f"{folder}/" if folder else ""
        found = [_look(f"{place}/{name}", start + name, real_root) for name in names]
        yield from found
        pending += [name.path for name in reversed(found) if name.kind == "folder"]


def _look(location: str, path: str, real_root: Path) -> PathFound:
    try:
        mode = os.lstat(location).st_mode
    except OSError:  # gone since the folder was listed: reading it will say so
        return PathFound(path, "file", location)
    if stat.S_ISLNK(mode):
        return _look_through(location, path, real_root)
    return PathFound(path, "folder" if stat.S_ISDIR(mode) else "file" if stat.S_ISREG(mode) else "special", location)


def _look_through(link: str, path: str, real_root: Path) -> PathFound:
    """What a link leads to; only a file inside the root is ever opened."""
    try:
        target = os.path.realpath(link, strict=True)
        mode = Path(target).stat().st_mode
    except OSError as error:
        return PathFound(path, "link_loop" if error.errno == errno.ELOOP else "link_broken", link)
    if not Path(target).is_relative_to(real_root):
        return PathFound(path, "link_outside", target)
    if stat.S_ISDIR(mode):
        return PathFound(path, "link_loop" if Path(link).parent.is_relative_to(target) else "link_folder", target)
    return PathFound(path, "file" if stat.S_ISREG(mode) else "special", target)


def read_regular(location: Path | str, max_bytes: int) -> bytes:
    """The bytes of a regular file of at most `max_bytes`.

    Only a regular file is ever opened, so no FIFO or device can block, and a large file is refused
    unopened. Raises `Rejected` (not_regular, file_too_big, unreadable, changed_during_read).
    """
    try:
        status = os.lstat(location)
        if not stat.S_ISREG(status.st_mode):
            raise Rejected("not_regular", "not a regular file")
        if status.st_size > max_bytes:
            raise Rejected("file_too_big", f"{status.st_size} bytes, at most {max_bytes} (ingest.max_file_mb)")
        # NONBLOCK and NOFOLLOW: the name may have been given to something else since.
        descriptor = os.open(location, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        with os.fdopen(descriptor, "rb") as stream:
            content = stream.read(status.st_size + 1)
            after = os.fstat(descriptor)
    except FileNotFoundError as error:
        raise Rejected("changed_during_read", "the file was removed while the folder was read") from error
    except OSError as error:
        raise Rejected("unreadable", error.strerror or "the system refuses to read it") from error
    before = (status.st_ino, status.st_size, status.st_mtime_ns)
    if before != (after.st_ino, after.st_size, after.st_mtime_ns) or len(content) != after.st_size:
        raise Rejected("changed_during_read", "the file changed while it was read")
    return content


def dvc_hazards(root: Path) -> list[tuple[str, str]]:
    """(path, what happens) of names that DVC, which hashes the folder first, cannot pass; none without a folder."""
    if not root.is_dir():
        return []
    hazards = []
    for name in walk(root):
        location, kind, path = Path(name.location), name.kind, shown(name.path)
        if kind == "special" or (kind == "link_outside" and not (location.is_file() or location.is_dir())):
            hazards.append((path, "not a regular file; DVC waits for it forever or fails"))
        elif kind == "link_broken" or (kind == "link_loop" and not location.is_dir()):
            hazards.append((path, "a link to nothing; DVC fails on it"))
        elif kind in ("file", "unreadable_folder") and not os.access(location, os.R_OK):
            hazards.append((path or shown(str(root)), "it may not be read; DVC fails on it"))
        elif any(unicodedata.category(character) == "Cs" for character in name.path):
            hazards.append((path, "the name is not UTF-8; DVC fails on it"))
    return hazards
