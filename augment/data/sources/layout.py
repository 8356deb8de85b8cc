"""How a folder of images is laid out: which part of a path names the class, and which the split.

Read are the habits of ImageFolder, Keras, Ultralytics and MVTec, and what `assemble` writes. What could be read in two
ways is not read at all: a person says which, by `ingest.class_folder`.
"""

import re
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Literal

from augment.core.progress import first_few
from augment.data.entries import Blocker
from augment.data.sources.disk import shown

Folders = tuple[str, ...]
"""The folders of a file, from the root downwards."""

ClassFolder = Literal["auto", "top", "last"]

_SPLITS = {"train": r"train(ing)?", "val": r"val(id(ation)?)?|dev", "test": r"test(ing)?"}
_SPLIT = {
    name: re.compile(rf"(seg[ _-])?({words})([ _-]?(set|split|data|images))?", re.I) for name, words in _SPLITS.items()
}
_IMAGES = frozenset({"images", "image", "img", "imgs", "jpegimages", "pictures", "photos", "data", "dataset"})
_NO_IMAGES = frozenset(
    {"ground_truth", "groundtruth", "gt", "mask", "masks", "labels", "annotations", "segmentationclass",
     "segmentationobject", "imagesets"}
)  # fmt: skip
_ASK = "set ingest.class_folder: top (the first folder names the class) or last (the one that holds the image does)"


@dataclass(frozen=True)
class Place:
    """What the folders of a file say: its class, its split or "", and whether it is a mask or note of another file."""

    label: str
    split: str = ""
    is_image: bool = True


@dataclass(frozen=True)
class Layout:
    """start: folders above classes and splits; form: where the class stands, and whether a split stands above it or
    below it; beside: top folders that hold masks or boxes of the images; note: what was seen, for people, empty for
    plain class folders; problem: (code, message), why the folders cannot be read."""

    start: int = 0
    form: Literal["classes", "last", "above", "below"] = "classes"
    beside: Collection[str] = ()
    note: str = ""
    problem: tuple[str, str] | None = None

    def place(self, folders: Folders) -> Place:
        """Where a file with these folders belongs; label "" for one outside of every class folder."""
        if folders[:1] and folders[0] in self.beside:
            return Place("", is_image=False)
        rest = folders[self.start :]
        if self.problem or not rest:
            return Place("")
        if self.form == "last":
            return Place(rest[-1], next(filter(None, map(split_of, rest[:-1])), ""))
        split = ""
        if self.form == "above":
            split, rest = split_of(rest[0]), _inner(rest)
        elif self.form == "below":
            split = next(filter(None, map(split_of, rest[1:])), "")
        return Place(rest[0] if rest else "", split, not _holds_no_images(rest[1:]))

    def blockers(self, root: str) -> list[Blocker]:
        """What stops a run, if anything does."""
        return [Blocker(root, *self.problem)] if self.problem else []


def split_of(name: str) -> str:
    """train, val or test where a folder is named like one of them, else empty."""
    return next((split for split, pattern in _SPLIT.items() if pattern.fullmatch(name)), "")


def read_layout(files: Collection[Folders], choice: ClassFolder) -> Layout:
    """The layout of a folder whose image files stand in these folders, each named once.

    choice: `top` takes the first folder of every path as its class, `last` the one that holds the file.
    """
    paths = sorted({folders for folders in files if folders})
    if choice == "top":
        return Layout()
    if choice == "last":
        return _by_last(paths)
    beside = _beside({path[0] for path in paths})
    paths = [path for path in paths if path[0] not in beside]
    start = _wrappers(paths)
    inner = [path[start:] for path in paths]
    tops = sorted({path[0] for path in inner})
    splits = [top for top in tops if split_of(top)]
    if problem := _mixed(tops, splits) or _shared(inner, tops, splits) or _flat(inner, tops, splits, beside):
        return Layout(problem=problem)
    found = _above(start, inner, splits) if splits else _below(start, inner, tops)
    left_out = f"; {_names(beside)} hold masks or boxes, which are left out" if beside else ""
    return replace(found, beside=beside, note=found.note + left_out if found.note else left_out.removeprefix("; "))


def _by_last(paths: Collection[Folders]) -> Layout:
    merged = sorted({part for path in paths for part in path[:-1] if not split_of(part)})
    also = f"; the folders above it are not told apart ({first_few(list(map(shown, merged)), 3)})" if merged else ""
    return Layout(form="last", note=f"layout: the last folder of every path names the class{also}")


def _above(start: int, inner: Collection[Folders], splits: list[str]) -> Layout:
    classes = sorted({_inner(path)[0] for path in inner})
    note = f"layout: {_names(splits)} are the set's own split of the classes {_names(classes)}"
    return Layout(start, "above", note=note)


def _below(start: int, inner: Collection[Folders], tops: list[str]) -> Layout:
    with_splits = sorted({path[0] for path in inner if any(map(split_of, path[1:]))})
    if not with_splits:
        above = "" if not start else f"layout: the class folders {_names(tops)} stand below another folder"
        return Layout(start, note=above)
    without = sorted({path[0] for path in inner if not any(map(split_of, path[1:]))})
    if without:
        what = f"{_names(with_splits)} hold split folders such as train and test, and images of {_names(without)}"
        return Layout(problem=("split_folders", f"{what} stand outside of such; put all into split folders, or none"))
    return Layout(
        start, "below", note=f"layout: split folders within the classes {_names(tops)} are the set's own split"
    )


def _beside(tops: set[str]) -> list[str]:
    """Top folders of masks or boxes, where the others are splits or a folder of images."""
    masks = sorted(top for top in tops if _holds_no_images((top,)))
    return masks if tops - {*masks} and all(split_of(top) or top.lower() in _IMAGES for top in tops - {*masks}) else []


def _flat(inner: Collection[Folders], tops: list[str], splits: list[str], beside: list[str]) -> tuple[str, str] | None:
    """Images stand where class folders should."""
    flat = (
        sorted({path[0] for path in inner if not _inner(path)}) if splits else tops if beside and len(tops) == 1 else []
    )
    if not flat:
        return None
    boxes = f" ({_names(beside)} beside them are masks or boxes, which say no class)" if beside else ""
    advice = "put one folder per class into each, or list the images in images.csv (path, label, split)"
    return (
        "split_folders" if splits else "no_classes",
        f"{_names(flat)} hold images without class folders{boxes}; {advice}",
    )


def _mixed(tops: list[str], splits: list[str]) -> tuple[str, str] | None:
    """Some of the folders are named like splits and some are not."""
    others = [top for top in tops if top not in splits]
    if not splits or not others:
        return None
    what = f"{_names(splits)} are named like splits and stand beside {_names(others)}"
    advice = f"move one kind elsewhere; if all are classes, {_ASK.split(' or last', maxsplit=1)[0]}"
    return "split_folders", f"{what}; {advice}"


def _shared(inner: Collection[Folders], tops: list[str], splits: list[str]) -> tuple[str, str] | None:
    """Several top folders hold folders of one name, so that either level may name the classes."""
    if splits:
        return None
    holders: dict[str, set[str]] = defaultdict(set)
    for path in inner:
        for part in path[1:2]:
            if not (split_of(part) or part.lower() in _IMAGES or _holds_no_images((part,))):
                holders[part].add(path[0])
    common = sorted(name for name, of in holders.items() if len(of) > 1)
    if not common:
        return None
    return "shared_folders", f"{_names(tops)} all hold folders such as {_names(common)}: which are the classes? {_ASK}"


def _wrappers(paths: Collection[Folders]) -> int:
    """How many folders stand above all that tells images apart."""
    start = 0
    while paths and len({path[: start + 1] for path in paths}) == 1:
        name = next(iter(paths))[start : start + 1]
        if not name or not (name[0].lower() in _IMAGES and all(len(path) > start + 1 for path in paths)):
            break
        start += 1
    return start


def _inner(path: Folders) -> Folders:
    """What stands below the split: without a level of images, or the split's name once more."""
    rest = path[1:]
    while rest and (rest[0].lower() in _IMAGES or split_of(rest[0]) == split_of(path[0])):
        rest = rest[1:]
    return rest


def _holds_no_images(folders: Folders) -> bool:
    return any(name.lower() in _NO_IMAGES for name in folders)


def _names(names: Collection[str]) -> str:
    return first_few([shown(name) for name in names], 5)
