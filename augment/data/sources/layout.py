"""How a folder of images is laid out: which part of a path names the class, and which the split.

Read are the habits of ImageFolder, Keras, Ultralytics and MVTec, and what `assemble` writes. What could be read in two
ways is not read at all: a person says which, by `ingest.class_folder`.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from posixpath import splitext
from typing import Literal, NamedTuple

from augment.core.progress import first_few
from augment.data.decoding.formats import has_image_name
from augment.data.sources.disk import PathFound, is_hidden, shown
from augment.data.sources.folder_names import FOLD, IMAGES, is_mask, split_of, splits_among

Folders = tuple[str, ...]
"""The folders of a file from the root downwards, or a folder itself."""

ClassFolder = Literal["auto", "top", "last"]

_BY_TABLE = "or list the images in images.csv (path, label, split)"
_SORT = f"put the images into one folder per class, {_BY_TABLE}"
_ASK = "set ingest.class_folder: top (the first folder names the class) or last (the one that holds the image does)"
_TOP = "if all are classes, set ingest.class_folder: top"


class Place(NamedTuple):
    """What a file's folders say: its class, its split or "", and how many folders say so; `code` and `detail` where its
    place is no image's: of a mask, outside of the classes, or in folders that cannot be read."""

    label: str = ""
    split: str = ""
    depth: int = 0
    code: str = ""
    detail: str = ""


_OUTSIDE = Place(code="root_file", detail="outside of the class folders")
_MASK = Place(code="mask", detail="in a folder of masks or annotations")


@dataclass(frozen=True)
class Layout:
    """start: folders above classes and splits; splits: folder named like a split -> the split, and how deep the classes
    stand in and below it; below: whether split folders stand within the classes; last: whether the folder that holds an
    image is its class; note: what was seen, for people; code and problem: why the folders cannot be read"""

    start: Folders = ()
    splits: dict[str, tuple[str, int]] = field(default_factory=dict)
    below: bool = False
    last: bool = False
    note: str = ""
    code: str = ""
    problem: str = ""

    def place(self, folders: Folders) -> Place:
        """What a file in these folders is, or a folder: a class folder has as many folders as its place is deep."""
        if self.problem:
            return Place(code=self.code, detail=self.problem)
        if self.last and folders:
            return Place(folders[-1], next(filter(None, map(split_of, folders[:-1])), ""), len(folders))
        above = len(self.start)
        rest = folders[above:]
        outside = _MASK if any(map(is_mask, folders)) else _OUTSIDE
        if folders[:above] != self.start or not rest or (self.splits and rest[0] not in self.splits):
            return outside
        split, depth = self.splits.get(rest[0], ("", 1))
        if any(map(is_mask, (*rest[1 : depth - 1], *rest[depth:]))):
            return _MASK
        if len(rest) < depth:
            return outside
        label = rest[depth - 1]
        if self.below and (side := next(filter(split_of, rest[1:]), "")):
            split, depth = split_of(side), rest.index(side, 1) + 1
        return Place(label, split, above + depth)

    def may_be_class(self, folders: Folders) -> bool:
        """Whether a folder of this name would be a class, or a split."""
        is_open = not self.place(folders[:-1]).depth or (self.below and split_of(folders[-1]) != "")
        return is_open and not self.problem


def read_layout(found: Sequence[PathFound], choice: ClassFolder) -> Layout:
    """The layout of a folder, from all names in it.

    choice: `top` takes the first folder of every path as its class, `last` the one that holds the file.
    """
    if choice == "top":
        return Layout()
    if choice == "last":
        return Layout(last=True, note="layout: the last folder of every path names the class, whatever stands above it")
    seen = [name for name in found if name.path and not is_hidden(name.path)]
    files = [name.path for name in seen if "/" in name.path and name.kind not in ("folder", "unreadable_folder")]
    images = [path for path in files if has_image_name(path)] or files
    paths = {tuple(path.split("/")[:-1]) for path in images}
    folders = {tuple(name.path.split("/")) for name in seen if name.kind != "file"}
    start = _start(paths, folders)
    inner = {path[len(start) :] for path in paths if path[: len(start)] == start and len(path) > len(start)}
    plain = {tuple(name.path.split("/")) for name in seen if name.kind == "folder"}
    beside = {folder[-1] for folder in plain if folder[:-1] == start}
    splits = splits_among(sorted({path[0] for path in inner}))
    layout = _above(start, inner, beside, splits) if splits else _plain(start, inner, beside)
    return _as_boxes(layout, files, images)


def _start(paths: Collection[Folders], folders: Collection[Folders]) -> Folders:
    """The folders that stand above all classes and splits: those that hold everything, and one level of images."""
    start: Folders = ()
    while True:
        depth = len(start)
        tops = {path[depth] for path in paths if len(path) > depth and path[:depth] == start}
        beside = {folder[depth] for folder in folders if len(folder) > depth and folder[:depth] == start}
        level = {top for top in tops if not is_mask(top)}
        if len(level) != 1 or any(map(split_of, beside)):
            return start
        (top,) = level
        is_whole = top.lower() in IMAGES or len(beside | tops) == 1
        if not is_whole or (*start, top) in paths:  # where images stand in it, it is a class itself
            return start
        start = (*start, top)


def _above(start: Folders, inner: Collection[Folders], beside: Collection[str], splits: dict[str, str]) -> Layout:
    """Split folders that hold class folders. beside: the names of all folders that stand where they do."""
    if others := sorted({path[0] for path in inner if path[0] not in splits and not is_mask(path[0])}):
        what = f"{_names(splits)}: named like a split, and beside stands what is not: {_names(others)}"
        return _problem("split_folders", what, f"move away what is no part of the set; {_TOP}")
    if bare := sorted(name for name in beside if split_of(name) and name not in splits):
        what = f"{_names(bare)}: named like a split and without images that can be read"
        return _problem("split_folders", what, f"put its class folders in, or delete it, {_BY_TABLE}")
    depths = {top: _class_depth(top, [path for path in inner if path[0] == top]) for top in splits}
    if loose := sorted({path[0] for path in inner if len(path) < depths.get(path[0], 0)}):
        what = f"{_names(loose)}: named like a split and hold images without class folders"
        return _problem("split_folders", what, f"put one folder per class into it, or move it away; {_TOP}")
    used = [path[depths[path[0]] - 1 :] for path in inner if path[0] in splits]
    if problem := _mixed_up(used):
        return problem
    classes = _names(sorted({path[0] for path in used}))
    is_split = len(set(splits.values())) > 1
    note = f"layout: split folders above the classes: {_names(splits)} hold {classes}"
    note = note if is_split else f"layout: the classes {classes} stand in {_names(splits)} alone, so a split is drawn"
    note += _merged(used)
    return Layout(start, {top: (split * is_split, depths[top]) for top, split in splits.items()}, note=note)


def _class_depth(top: str, paths: Sequence[Folders]) -> int:
    """How deep the classes of a split folder stand: below it, a level of images, or its own name once more."""
    depth = 1
    while True:
        names = {path[depth] for path in paths if len(path) > depth and not is_mask(path[depth])}
        level = names.pop().casefold() if len(names) == 1 else ""
        if level not in IMAGES and level != top.casefold():
            return depth + 1
        depth += 1


def _plain(start: Folders, inner: Collection[Folders], beside: Collection[str]) -> Layout:
    """Class folders, which may hold split folders. beside: the names of all folders that stand where they do."""
    tops = sorted({path[0] for path in inner})
    levels = [top for top in tops if top.lower() in IMAGES]
    if levels and (any(map(is_mask, beside)) or (len(tops) > 1 and any(path[1:] for path in inner))):
        what = f"{_names(levels)}: a level of images beside {_names(sorted({*beside} - {*levels}))}"
        return _problem("no_classes", what, f"{_SORT}; {_TOP}")
    if len(tops) > 1 and all(map(FOLD.fullmatch, tops)):
        return _problem("split_folders", f"{_names(tops)}: named like parts of a set, not classes", f"{_SORT}; {_TOP}")
    paths = [path[:1] + tuple(name for name in path[1:] if name.lower() not in IMAGES) for path in inner]
    split = sorted({path[0] for path in paths if any(map(split_of, path[1:2]))})
    unsplit = sorted({path[0] for path in paths if not any(split_of(n) or is_mask(n) for n in path[1:2])})
    if split and unsplit:
        what = f"split folders stand within {_names(split)}, and images of {_names(unsplit)} in none"
        return _problem("split_folders", what, f"put all of them into split folders or none, {_BY_TABLE}")
    if problem := _mixed_up([path[:1] + path[1 + bool(split) :] for path in paths]):
        return problem
    note = f"layout: the class folders {_names(tops)} stand in {shown('/'.join(start))}" if start else ""
    if split:
        sides = _names(sorted({path[1] for path in paths if any(map(split_of, path[1:2]))}))
        note = f"layout: split folders within the classes: {_names(tops)} hold {sides}"
        return Layout(start, below=True, note=note)
    return Layout(start, note=note + _merged(paths, "; " if note else "layout: "))


def _merged(paths: Collection[Folders], joint: str = "; ") -> str:
    """A note on folders within a class, which might be classes themselves."""
    within: dict[str, set[str]] = defaultdict(set)
    for path in paths:
        within[path[0]] |= {name for name in path[1:2] if not is_mask(name)}
    label, names = max(within.items(), key=lambda item: len(item[1]), default=("", set()))
    if len(names) < 2:
        return ""
    what = f"{joint}all folders within {shown(label)} are one class ({_names(sorted(names))})"
    return f"{what}; if they are the classes, set ingest.class_folder: last"


def _mixed_up(paths: Collection[Folders]) -> Layout | None:
    """Whether the folders within classes could be the classes, or splits. paths: from the class on."""
    holders: dict[str, set[str]] = defaultdict(set)  # of a name, regardless of case
    for path in paths:
        for name in path:
            if name is path[0] or not (name.lower() in IMAGES or is_mask(name)):
                holders[name.casefold()].add(path[0])
    if splits := sorted(filter(split_of, holders)):
        what = f"{_names(splits)}: named like a split, deep within {_names(sorted(holders[splits[0]]))}"
        return _problem("split_folders", what, f"put splits right above or right below the classes, {_BY_TABLE}")
    within = {name.casefold() for path in paths for name in path[1:]}
    shared = sorted(name for name, of in holders.items() if len(of) > 1 and name in within)
    if not shared:
        return None
    what = f"{_names(sorted(holders[shared[0]]))} share the folder names {_names(shared)}"
    return _problem("shared_folders", f"{what}, so either may be classes", _ASK)


def _as_boxes(layout: Layout, files: Sequence[str], images: Sequence[str]) -> Layout:
    """The same problem, told as what it is where each image has a file of boxes."""
    if layout.code not in ("no_classes", "split_folders"):
        return layout
    stems = {splitext(path.split("/")[-1])[0] for path in images}
    texts = [path for path in files if path.endswith((".txt", ".xml")) and any(map(is_mask, path.split("/")[:-1]))]
    boxes = [path for path in texts if splitext(path.split("/")[-1])[0] in stems]
    if not boxes:
        return layout
    what = f"{len(boxes)} files such as {shown(boxes[0])} tell of boxes in images, not of a class for each image"
    return _problem("boxes", what, f"cut the boxes out into one folder per class, {_BY_TABLE}")


def _problem(code: str, what: str, advice: str) -> Layout:
    return Layout(code=code, problem=f"{what}; {advice}")


def _names(names: Collection[str]) -> str:
    return first_few([shown(name) for name in names], 5)
