"""A folder with one sub-folder per class; and what kind of source a path is."""

import contextlib
import stat
from pathlib import Path
from typing import Literal

from augment.core.progress import first_few
from augment.data.decoding import formats
from augment.data.entries import Blocker, Entry
from augment.data.sources import disk
from augment.data.sources.disk import PathFound, is_hidden, shown
from augment.data.sources.idx import has_idx
from augment.data.sources.images_csv import LIST
from augment.data.sources.labels import label_blockers
from augment.data.sources.litter import set_litter_aside
from augment.data.sources.meta import META

_IGNORED_KINDS = {  # kind of a name -> code, detail
    "link_loop": ("symlink_loop", "a link that leads to itself or to a folder above it"),
    "link_folder": ("symlink_folder", "a link to a folder; its files are read where they are"),
}
_QUARANTINED_KINDS = {
    "link_outside": ("symlink_outside", "a link that leads out of the folder; copy the file in"),
    "link_broken": ("unreadable", "a link to nothing"),
    "special": ("not_regular", "not a regular file"),
}
_ARCHIVES = (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".7z", ".rar")


def detect(path: Path) -> Literal["folder", "idx", "list"]:
    """What a path is: a table or a folder with images.csv, a folder with IDX files, or else a folder."""
    if (path / LIST).is_file() or (path.suffix.lower() == ".csv" and not path.is_dir()):
        return "list"
    return "idx" if has_idx(path) else "folder"


def folder(root: Path) -> tuple[list[Entry], list[Blocker]]:
    """One entry for every file below `root`, none decoded yet, and what is wrong with the folders.

    The class is the top folder; folders inside it are flattened. An empty folder that is named
    like an image gets an entry too, since somebody may look for it.
    """
    blockers = _root_blockers(root)
    if blockers:
        return [], blockers
    entries: list[Entry] = []
    labels: dict[str, int] = {}
    for name in disk.walk(root):
        if name.kind in ("folder", "unreadable_folder") and is_hidden(name.path):
            continue
        if name.kind == "unreadable_folder":
            message = "the system refuses to list this folder; make it readable, or move it away"
            blockers.append(Blocker(shown(name.path) or str(root), "unreadable", message))
        elif name.kind == "folder":
            if "/" not in name.path:
                labels[name.path] = 0
            elif formats.has_image_name(name.path):
                entries.append(_ignored(name, "directory", "a folder named like an image"))
        else:
            entries.append(_entry(name))
            if entries[-1].outcome != "ignored" and "/" in name.path:
                labels[name.path.split("/")[0]] += 1
    set_litter_aside(entries)
    blockers += _loose_blockers(entries) + _folder_blockers(root, labels)
    return entries, blockers + label_blockers(shown(str(root)), labels)


def _root_blockers(root: Path) -> list[Blocker]:
    name = shown(str(root))
    try:
        mode = root.stat().st_mode
    except (FileNotFoundError, NotADirectoryError, ValueError):
        next_step = "make it with one sub-folder per class, or set ingest.path to the folder that has them"
        return [Blocker(name, "missing", f"there is no such folder; {next_step}")]
    except OSError as error:
        return [Blocker(name, "unreadable", f"{error.strerror}; make the folder readable, or give another")]
    if stat.S_ISDIR(mode):
        return []
    if root.suffix.lower() in _ARCHIVES:
        advice = f"unpack it into a folder, for example `mkdir data/raw/new` and `unzip {root.name} -d data/raw/new`"
        return [Blocker(name, "archive", f"this is an archive; {advice}, and give that folder")]
    return [Blocker(name, "not_a_folder", "this is a file; give the folder that holds one sub-folder per class")]


def _entry(name: PathFound) -> Entry:
    """One file, link or special file as far as it can be judged without decoding."""
    parts = name.path.split("/")
    if is_hidden(name.path):
        return _ignored(name, "hidden", "a hidden or system file")
    if name.kind in _IGNORED_KINDS:
        return _ignored(name, *_IGNORED_KINDS[name.kind])
    if name.kind == "file" and name.path == META:
        return _ignored(name, "meta", "read for splits and groups")
    entry = Entry(shown(name.path), shown(parts[0]) if len(parts) > 1 else "", name.location)
    if name.kind in _QUARANTINED_KINDS:
        entry.reject("quarantined", *_QUARANTINED_KINDS[name.kind])
    elif len(parts) == 1:
        _judge_loose(entry, name)
    else:
        if not disk.is_plain("/".join(parts[1:])):
            entry.fix("name_escaped", "the name holds bytes or characters that cannot be shown")
        if len(parts) > 2:
            entry.fix("flattened")
    return entry


def _judge_loose(entry: Entry, name: PathFound) -> None:
    """A file beside the class folders: notes and licences may be there, an image has no class."""
    is_image = formats.has_image_name(name.path)
    with contextlib.suppress(OSError), name.location.open("rb") as stream:
        is_image = is_image or formats.has_image_start(stream.read(64))
    if is_image:
        entry.reject("stop", "loose_files", "an image outside the class folders")
    else:
        entry.reject("ignored", "root_file", "not an image, and outside the class folders")


def _ignored(name: PathFound, code: str, detail: str) -> Entry:
    entry = Entry(shown(name.path))
    entry.reject("ignored", code, detail)
    return entry


def _loose_blockers(entries: list[Entry]) -> list[Blocker]:
    loose = [entry.path for entry in entries if entry.code == "loose_files"]
    if not loose:
        return []
    where = f"{len(loose)} images lie beside the class folders ({first_few(loose, 3)})"
    return [Blocker(loose[0], "loose_files", f"{where}; move each into the folder of its class")]


def _folder_blockers(root: Path, labels: dict[str, int]) -> list[Blocker]:
    """No class folders at all, or some without any file."""
    if not labels:
        message = "no class folders in it; put the images into one sub-folder per class"
        return [Blocker(shown(str(root)), "empty", message)]
    message = "no files in this class folder; add images or delete the folder"
    return [Blocker(shown(label), "empty_class", message) for label, count in labels.items() if count == 0]
