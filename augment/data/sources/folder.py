"""A folder with one sub-folder per class; and what kind of source a path is."""

import contextlib
import os
import stat
from collections.abc import Collection
from pathlib import Path
from typing import Literal

from augment.core.progress import first_few
from augment.data.decoding import formats
from augment.data.entries import Blocker, Entry
from augment.data.sources import augmented, disk
from augment.data.sources.disk import PathFound, is_hidden, shown
from augment.data.sources.idx import has_idx
from augment.data.sources.images_csv import LIST
from augment.data.sources.labels import label_blockers
from augment.data.sources.layout import ClassFolder, Folders, Layout, Place, read_layout
from augment.data.sources.litter import set_litter_aside, set_masks_aside
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
_FOLDERS = ("folder", "unreadable_folder")
_ARCHIVES = (".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".7z", ".rar")


def detect(path: Path) -> Literal["folder", "idx", "list"]:
    """What a path is: a table or a folder with images.csv, a folder with IDX files, or else a folder."""
    if (path / LIST).is_file() or (path.suffix.lower() == ".csv" and not path.is_dir()):
        return "list"
    return "idx" if has_idx(path) else "folder"


def folder(root: Path, class_folder: ClassFolder = "auto") -> tuple[list[Entry], list[Blocker], list[str]]:
    """One entry for every file below `root`, none decoded yet, what is wrong with the folders, and notes on them.

    Which part of a path names the class, and which a split, says `layout`; what lies deeper is flattened. An empty
    folder that is named like an image gets an entry too, since somebody may look for it.
    """
    blockers = _root_blockers(root)
    if blockers:
        return [], blockers, []
    found = [name for name in disk.walk(root) if not (name.kind in _FOLDERS and is_hidden(name.path))]
    layout = read_layout(found, class_folder)
    files = {tuple(name.path.split("/")): name for name in found if name.kind not in _FOLDERS}
    places = {parent: layout.place(parent) for parent in {folders[:-1] for folders in files}}
    entries = {folders: _entry(name, places[folders[:-1]]) for folders, name in files.items()}
    set_litter_aside(list(entries.values()))
    set_masks_aside(list(entries.values()))
    lost = _lost_classes(found, layout)
    for folders, blocker in lost.items():
        if folders in entries:
            entries[folders].reject("stop", blocker.code, blocker.message)
    parents = {folders[:-1] for folders, entry in entries.items() if entry.outcome != "ignored"}
    every = [*entries.values(), *(_ignored(name, "directory", "a folder named like an image") for name in _like(found))]
    blockers += [*lost.values(), *_loose_blockers(every)]
    if layout.problem:
        return every, [*blockers, Blocker(shown(str(root)), layout.code, layout.problem)], []
    empty = _empty_classes(found, layout, parents)
    labels = dict.fromkeys(filter(None, (layout.place(folders).label for folders in [*empty, *sorted(parents)])))
    blockers += _folder_blockers(root, labels, empty)
    bad, notes = augmented.apply(root.joinpath(*layout.start), "/".join(layout.start), every)
    notes = _layout_notes(layout, every) + notes
    return every, blockers + bad + label_blockers(shown(str(root)), labels), notes


def _like(found: list[PathFound]) -> list[PathFound]:
    """Folders below the root that are named like images."""
    return [name for name in found if name.kind == "folder" and "/" in name.path and formats.has_image_name(name.path)]


def _empty_classes(found: list[PathFound], layout: Layout, parents: Collection[Folders]) -> list[Folders]:
    """Folders that are a class by their place, and hold no used file at any depth."""
    held = {folders[:depth] for folders in parents for depth in range(1, len(folders) + 1)}
    folders = [tuple(name.path.split("/")) for name in found if name.kind == "folder"]
    return [path for path in folders if path not in held and layout.place(path).depth == len(path)]


def _layout_notes(layout: Layout, entries: list[Entry]) -> list[str]:
    masks = [entry.path for entry in entries if entry.code == "mask"]
    masked = f"{len(masks)} files such as {masks[0]} are masks or annotations and not read" if masks else ""
    seen = [*filter(None, (layout.note.removeprefix("layout: "), masked))]
    return ["layout: " + "; ".join(seen)] if seen else []


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
    advice = "give the folder that holds one sub-folder per class, or a table as .csv, .tsv, .parquet or .npz"
    return [Blocker(name, "not_a_folder", f"this is a file; {advice}")]


def _entry(name: PathFound, place: Place) -> Entry:
    """One file, link or special file as far as it can be judged without decoding. place: of its folder."""
    parts = name.path.split("/")
    if is_hidden(name.path):
        return _ignored(name, "hidden", "a hidden or system file")
    if name.kind in _IGNORED_KINDS:
        return _ignored(name, *_IGNORED_KINDS[name.kind])
    if name.kind == "file" and name.path == META:
        return _ignored(name, "meta", "read for splits and groups")
    entry = Entry(shown(name.path), shown(place.label), name.location, declared_split=place.split)
    if name.kind in _QUARANTINED_KINDS:
        entry.reject("quarantined", *_QUARANTINED_KINDS[name.kind])
    elif len(parts) == 1 or place.code == "root_file":
        _judge_loose(entry, name)
    elif place.code:
        entry.reject("ignored" if place.code == "mask" else "stop", place.code, place.detail)
    else:
        if not disk.is_plain("/".join(parts[1:])):
            entry.fix("name_escaped", "the name holds bytes or characters that cannot be shown")
        if len(parts) > place.depth + 1:
            entry.fix("flattened")
    return entry


def _judge_loose(entry: Entry, name: PathFound) -> None:
    """A file beside the class folders: notes and licences may be there, an image has no class."""
    is_image = formats.has_image_name(name.path)
    with contextlib.suppress(OSError), Path(name.location).open("rb") as stream:
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
    advice = "move each into the folder of its class, or list them in images.csv (path, label)"
    return [Blocker(loose[0], "loose_files", f"{where}; {advice}")]


def _lost_classes(found: list[PathFound], layout: Layout) -> dict[Folders, Blocker]:
    """Folders that cannot be listed, and what else stands in the place of a class and cannot be read: its images would
    be missing without a word."""
    lost = {}
    for name in found:
        folders = tuple(name.path.split("/"))
        if name.kind == "unreadable_folder":
            message = "the system refuses to list this folder; make it readable, mount it again, or move it away"
            lost[folders] = Blocker(shown(name.path) or name.location, "unreadable", message)
        elif name.kind != "folder" and (message := _stands_for_a_folder(name)) and layout.may_be_class(folders):
            lost[folders] = Blocker(shown(name.path), "empty_class", message)
    return lost


def _stands_for_a_folder(name: PathFound) -> str:
    """What to do about a link to a folder, or what cannot be looked at and has no suffix like a file; else nothing."""
    leads = name.kind == "link_folder" or (name.kind == "link_outside" and Path(name.location).is_dir())
    if (not leads and "." in name.path.split("/")[-1]) or is_hidden(name.path):
        return ""
    if leads:
        return "a link in the place of a class folder is not followed; copy the folder here, or delete the link"
    if name.kind == "link_broken":
        return "a link to nothing in the place of a class folder; copy in what it led to, or delete it"
    if name.kind == "file" and not os.path.lexists(name.location):
        return "the system refuses to say what this is; mount it again, copy it in, or move it away"
    return ""


def _folder_blockers(root: Path, labels: Collection[str], empty: Collection[Folders]) -> list[Blocker]:
    """No class folders at all, or some without any file."""
    if not labels:
        message = "no class folders in it; put the images into one sub-folder per class"
        return [Blocker(shown(str(root)), "empty", message)]
    message = "no files in this class folder; add images, or delete the folder if it is not a mount that is missing"
    return [Blocker(shown("/".join(folders)), "empty_class", message) for folders in empty]
