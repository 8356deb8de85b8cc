"""What tables know of the images and nothing uses: a split, or what images have in common.

A column is named where it would do something: one that names sides, or gives several images one value and does not
merely say the class. Each note ends with the one line that would use it.
"""

import os
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from augment.core.progress import counted
from augment.data.clues.tables import is_table, naming_column, readable, tables_in
from augment.data.entries import Entry
from augment.data.sources import images_csv, meta
from augment.data.sources.disk import Rejected, shown
from augment.data.sources.labels import as_seen
from augment.data.sources.tabular import paths
from augment.data.sources.tabular.tables import Table, columns_named

_BEINGS = (
    "patient subject person participant donor case animal mouse individual volunteer specimen family owner user"
    " author writer speaker identity group grp study series session visit exam accession"
)
_THINGS = (
    "part piece item object sample plate well slide block lot batch charge wafer panel board serial workpiece product"
    " video clip movie scene sequence track burst stack tile source original parent"
)
_PLACES = (
    "site scanner device camera sensor machine line operator hospital center centre clinic institution location place"
    " station plant field plot date day shift run flight experiment"
)
_GROUPS = f"{_BEINGS} {_THINGS} {_PLACES}".split()  # what is likeliest to make two images one thing comes first
_SPLITS = ("split", "set", "fold", "subset", "partition", "phase", "usage", "stage")
_SPLIT_VALUE = re.compile(
    r"(?i)(public|private|hold)?[ _-]?(train(ing)?|val(id|idation)?|dev|test(ing)?|eval(uation)?|out)[ _-]?(set)?\d*"
    r"|(fold|set|part)?[ _-]?\d{1,2}(\.0)?|true|false|yes|no"
)
_MAX_FOLDS = 20


@dataclass(frozen=True)
class Unread:
    """A table by name, its column of paths, and its columns of use: name -> image -> value; without rows, empty."""

    name: str
    naming: str
    splits: dict[str, dict[str, str]]
    groups: dict[str, dict[str, str]]


def unread_notes(root: Path, source: str, entries: Sequence[Entry]) -> list[str]:
    """A note for every table that knows more of usable images than is used, and for groups that differ in nothing.

    root: the folder, or the table that lists the images. source: as `ingest.source`.
    """
    images = {entry.path: entry for entry in entries if entry.usable}
    if source == "idx" or not images:
        return []
    file, table = _read_already(root, source, entries)
    folder = root if root.is_dir() else root.parent
    if source == "folder":
        passed_over = [
            entry for entry in entries if not entry.usable and entry.code not in ("hidden", "sidecar", "mask")
        ]
        there = [(entry.path, entry.location) for entry in passed_over if is_table(entry.path)]
        beside = [(path, Path(location)) for path, location in there if location]
        above = tables_in(Path(os.path.abspath(folder)).parent)  # noqa: PTH100  (links stay)
        beside += [(f"../{name}", place) for name, place in above]
    else:
        beside = tables_in(folder)
    beside.sort(key=lambda item: item[0].count("/"))  # the nearest first
    tables = [(file.name, table)] if table else []
    tables += [(name, other) for name, other in readable(beside) if folder / name != file]
    known = paths.by_ending(images) if tables else {}
    found = [_unread(name, other, known, images) for name, other in tables]
    notes = [_note(unread, images, file.name, table) for unread in found if unread]
    return notes + _twin_notes(images) + (_folder_notes(images, file.name) if source == "list" else [])


def _read_already(root: Path, source: str, entries: Sequence[Entry]) -> tuple[Path, Table | None]:
    """The table that is read, or that would be."""
    table_entry = meta.table_of(entries) if source == "folder" else None
    file = root if root.is_file() else root / (images_csv.LIST if source == "list" else meta.META)
    try:
        if source == "list":
            return file, images_csv.read(file)
        if table_entry is not None and table_entry.code == "meta":
            return root / table_entry.path, meta.read(root / table_entry.path)
    except (Rejected, ValueError):  # which stops the run
        return file, None
    return file, None


def _unread(name: str, table: Table, known: Mapping[str, str], images: Mapping[str, Entry]) -> Unread | None:
    """What a table knows that is not used, where it is something."""
    columns = {column: _kind(column) for column in table.columns}
    if not any(columns.values()):
        return None
    naming, rows = naming_column(table, known)
    values = {
        column: {image: text for at, image in rows.items() if (text := table.rows[at].text(column))}
        for column, kind in columns.items()
        if kind and column != naming
    }
    if table.rows or not name.lower().endswith(".parquet"):
        splits = {name: cells for name, cells in values.items() if columns[name] == "split" and _splits(cells, images)}
        groups = {name: cells for name, cells in values.items() if columns[name] == "group" and _groups(cells, images)}
    else:
        splits = {name: cells for name, cells in values.items() if columns[name] == "split"}
        groups = {name: cells for name, cells in values.items() if columns[name] == "group"}
    groups = dict(sorted(groups.items(), key=lambda item: _rank(item[0])))
    return Unread(name, naming, splits, groups) if splits or groups else None


def _words(column: str) -> list[str]:
    """The words of a column's name, and the name as one word, without what only says that it is a name."""
    words = re.findall("[a-z]+", column)
    return [re.sub("(ids?|no|nr|num|number|code|name|key|uid)$", "", word) or word for word in ["".join(words), *words]]


def _rank(column: str) -> int:
    """The place of a column among the names of groups, the likeliest first; their number for another."""
    words = {form for word in _words(column) for form in (word, word.removesuffix("s"))} | set(_words(column))
    return next((at for at, name in enumerate(_GROUPS) if name in words), len(_GROUPS))


def _kind(column: str) -> str:
    if set(_words(column)) & set(_SPLITS) or re.fullmatch("(is|in)?_?(train|test|val)(ing)?_?(set)?", column):
        return "split"
    return "group" if _rank(column) < len(_GROUPS) else ""


def _splits(values: Mapping[str, str], images: Mapping[str, Entry]) -> bool:
    """Whether the values are names of sides, where nobody declared any."""
    distinct = set(values.values())
    if any(entry.declared_split for entry in images.values()) or not 1 < len(distinct) <= _MAX_FOLDS:
        return False
    return all(_SPLIT_VALUE.fullmatch(value) for value in distinct)


def _groups(values: Mapping[str, str], images: Mapping[str, Entry]) -> bool:
    """Whether some images share a value, which does not merely say their class or repeat their group."""
    members, of_class = defaultdict[str, list[str]](list), defaultdict[str, set[str]](set)
    for image, value in values.items():
        members[value].append(image)
        of_class[images[image].label].add(value)
    if len(members) < 2 or all(len(several) == 1 for several in of_class.values()):
        return False
    together = ({images[image].group or image for image in shared} for shared in members.values())
    return any(len(groups) > 1 for groups in together)


def _note(unread: Unread, images: Mapping[str, Entry], read: str, table: Table | None) -> str:
    """What is not used, and the one line that would use it.

    read: name of the table that is read, or would be were it there; table: its content, where it is.
    """
    columns = [*list(unread.splits)[:1], *unread.groups]
    named = columns_named(columns)
    group = next(iter(unread.groups), "")
    pairs = [(column, name) for column, name in ((next(iter(unread.splits), ""), "split"), (group, "group")) if column]
    wanted = " and ".join(f"`{shown(column)}` to `{name}`" for column, name in pairs)
    if table and unread.name == read:
        taken = [name for _, name in pairs if name in table.columns]
        advice = f"put what it says into `{taken[0]}`" if taken else f"rename the column {wanted}"
        what = f"{named} of {read} {'is' if len(columns) == 1 else 'are'} not read"
    else:
        naming = f"`{shown(unread.naming)}` to `path`, " if unread.naming and not table else ""
        advice = f"copy {naming}{wanted} of {read}, a row for each image"
        what = f"{shown(unread.name)} is not read, and has {named}"
    return f"unread_column: {what}{_shared(unread, group, images)}; to use {_it(columns)}, {advice}"


def _it(columns: Sequence[str]) -> str:
    return "it" if len(columns) == 1 else "them"


def _shared(unread: Unread, group: str, images: Mapping[str, Entry]) -> str:
    """How many images have something in common, and whether that is torn."""
    values = unread.groups.get(group, {})
    if not values:
        return ""
    sides = defaultdict(set)
    for image, value in values.items():
        sides[value].add(images[image].declared_split or "train")
    told = f"; {len(values)} images have {counted(len(sides), f'`{shown(group)}` value')}"
    torn = sum(len(several) > 1 for several in sides.values())
    declared = any(entry.declared_split for entry in images.values())
    if declared:
        return f"{told}, of which {torn} lie on two sides of the declared split" if torn else told
    return f"{told}, and one may lie in train and in test"


def _twin_notes(images: Mapping[str, Entry]) -> list[str]:
    """Groups whose names differ in what nobody sees, or in the form of a number."""
    alike = defaultdict(set)
    for entry in images.values():
        if entry.group:
            alike[re.sub(r"^0+(?=\d)|(?<=\d)\.0+$", "", as_seen(entry.group))].add(entry.group)
    twins = [sorted(names) for _, names in sorted(alike.items()) if len(names) > 1]
    if not twins:
        return []
    names = " and ".join(map(ascii, twins[0][:2]))
    what = f"group_twins: {counted(len(twins), 'group')} written in several ways, for example {names}"
    return [f"{what}; images of one may lie on two sides; write each in one way"]


def _folder_notes(images: Mapping[str, Entry], read: str) -> list[str]:
    """Images that lie in a folder with the name of another class than the table says."""
    labels = {entry.label for entry in images.values()}
    folders = {path: path.split("/")[-2] for path in images if path.count("/")}
    agree = sum(folders.get(path) == entry.label for path, entry in images.items())
    other = [path for path, folder in folders.items() if folder in labels and folder != images[path].label]
    if not other or len(other) > agree:
        return []
    first = f"{shown(other[0])} is {images[other[0]].label!r} in {shown(read)}"
    return [f"folder_label: {counted(len(other), 'image')} in the folder of another class ({first}); the table counts"]
