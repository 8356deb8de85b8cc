"""A folder with one sub-folder per class; and what kind of source a path is."""

import contextlib
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


def folder(root: Path, class_folder: ClassFolder = "auto") -> tuple[list[Entry], list[Blocker], list[str]]:
    """One entry for every file below `root`, none decoded yet, what is wrong with the folders, and notes on them.

    Which part of a path names the class, and which a split, says `layout`; what lies deeper is flattened. An empty
    folder that is named like an image gets an entry too, since somebody may look for it.
    """
    blockers = _root_blockers(root)
    if blockers:
        return [], blockers, []
    found = [name for name in disk.walk(root) if not (name.kind.endswith("folder") and is_hidden(name.path))]
    entries = {name.path: _entry(name) for name in found if name.kind not in ("folder", "unreadable_folder")}
    set_litter_aside(list(entries.values()))
    used = {path: _folders(path) for path, entry in entries.items() if entry.outcome != "ignored" and "/" in path}
    layout = read_layout(set(used.values()), class_folder)
    labels = dict.fromkeys((place.label for place in map(layout.place, _empty(found, used)) if place.label), 0)
    places = {folders: layout.place(folders) for folders in dict.fromkeys(used.values())}
    for path, folders in used.items():
        _put(entries[path], folders, layout, places[folders], labels)
    blockers += layout.blockers(shown(str(root))) + _missing_classes(root, found, layout)
    every = [*entries.values(), *(_ignored(name, "directory", "a folder named like an image") for name in _like(found))]
    blockers += _loose_blockers(every) + ([] if layout.problem else _folder_blockers(root, labels))
    bad, notes = augmented.apply(root, every)
    notes = [layout.note, *notes] if layout.note else notes
    return every, blockers + bad + label_blockers(shown(str(root)), labels), notes


def _folders(path: str) -> Folders:
    return tuple(path.split("/")[:-1])


def _like(found: list[PathFound]) -> list[PathFound]:
    """Folders below the root that are named like images."""
    return [name for name in found if name.kind == "folder" and "/" in name.path and formats.has_image_name(name.path)]


def _empty(found: list[PathFound], used: Collection[str]) -> list[Folders]:
    """Folders without any folder or used file in them."""
    parents = {path.rpartition("/")[0] for path in used}
    parents |= {name.path.rpartition("/")[0] for name in found if name.kind == "folder"}
    return [tuple(name.path.split("/")) for name in found if name.kind == "folder" and name.path not in parents]


def _put(entry: Entry, folders: Folders, layout: Layout, place: Place, labels: dict[str, int]) -> None:
    """Class and split of a file by the place of its folders."""
    if not place.is_image:
        entry.reject("ignored", "mask", "a mask or label of another image")
        return
    entry.label, entry.declared_split = shown(place.label), place.split
    if place.label:
        labels[place.label] = labels.get(place.label, 0) + 1
    if layout.form == "classes" and len(folders) > layout.start + 1 and entry.outcome in ("ok", "fixed"):
        entry.fix("flattened")


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
    entry = Entry(shown(name.path), location=name.location)
    if name.kind in _QUARANTINED_KINDS:
        entry.reject("quarantined", *_QUARANTINED_KINDS[name.kind])
    elif len(parts) == 1:
        _judge_loose(entry, name)
    elif not disk.is_plain("/".join(parts[1:])):
        entry.fix("name_escaped", "the name holds bytes or characters that cannot be shown")
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


def _missing_classes(root: Path, found: list[PathFound], layout: Layout) -> list[Blocker]:
    """Folders that cannot be listed, and links in the place of class folders: classes that would be missing."""
    blockers = []
    for name in found:
        if name.kind == "unreadable_folder":
            message = "the system refuses to list this folder; make it readable, or move it away"
            blockers.append(Blocker(shown(name.path) or str(root), "unreadable", message))
        elif name.kind in ("link_folder", "link_outside", "link_broken") and _stands_for_a_class(name, layout):
            message = "a link in the place of a class folder is not followed; copy the folder here, or delete the link"
            blockers.append(Blocker(shown(name.path), "empty_class", message))
    return blockers


def _stands_for_a_class(link: PathFound, layout: Layout) -> bool:
    """A link to a folder, or to what is not there and is no image's name, where class folders stand."""
    is_folder = link.kind == "link_folder" or (link.kind == "link_outside" and link.location.is_dir())
    if not is_folder and (link.kind != "link_broken" or formats.has_image_name(link.path) or "." in link.path):
        return False
    folders = tuple(link.path.split("/"))
    return (layout.place(folders).label != "" and layout.place(folders[:-1]).label == "") or len(folders) == 1


def _folder_blockers(root: Path, labels: dict[str, int]) -> list[Blocker]:
    """No class folders at all, or some without any file."""
    if not labels:
        message = "no class folders in it; put the images into one sub-folder per class"
        return [Blocker(shown(str(root)), "empty", message)]
    message = "no files in this class folder; add images, or delete the folder if it is not a mount that is missing"
    return [Blocker(shown(label), "empty_class", message) for label, count in labels.items() if count == 0]
