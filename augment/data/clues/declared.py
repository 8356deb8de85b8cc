"""Declared test images that were trained on: the person's own split leaks, whatever is done about it here."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from augment.data.entries import Entry
from augment.data.near.grouping import NearDuplicates
from augment.data.sources.disk import shown

_OUTSIDE = {"test": ("val", "train", ""), "val": ("train", "")}  # a copy in test is told of as test's


def declared_leaks(entries: Sequence[Entry], near: NearDuplicates) -> list[str]:
    """A note for declared test, and one for declared val, where images have equals or near duplicates on another
    declared side. entries: cleaned; `near`: what was found among them."""
    of_digest: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.digest:
            of_digest[entry.digest].append(entry)
    of_path = {entry.path: entry for entry in entries}
    alike = [[of_path[path] for path in paths] for paths in (*near.clusters, *near.apart)]
    notes = []
    for side, outside in _OUTSIDE.items():
        equal = _copied(of_digest.values(), side, outside)
        nearly = {path: copy for path, copy in _copied(alike, side, outside).items() if path not in equal}
        if equal or nearly:
            held = sum(entry.declared_split == side and bool(entry.digest) for entry in entries)
            notes.append(_note(side, held, equal, nearly))
    return notes


def _copied(families: Iterable[Sequence[Entry]], side: str, outside: Sequence[str]) -> dict[str, str]:
    """Path of an image declared `side` -> path of one of its family that is declared, or left, outside."""
    copied: dict[str, str] = {}
    for family in families:
        others = [entry.path for entry in family if entry.declared_split in outside]
        copied |= {entry.path: min(others) for entry in family if others and entry.declared_split == side}
    return copied


def _note(side: str, held: int, equal: Mapping[str, str], nearly: Mapping[str, str]) -> str:
    image, copy = min((equal or nearly).items())
    kinds = [f"{len(copies)} {word}" for word, copies in (("equal", equal), ("nearly equal", nearly)) if copies]
    return (
        f"declared_leak: {len(equal) + len(nearly)} of {held} images declared {side} have a copy outside of {side} "
        f"({' and '.join(kinds)}; {shown(image)} and {shown(copy)}): the declared split leaks, and so do figures "
        f"measured on it elsewhere. Here copies outside of {side} are left out; correct the split where it is declared"
    )
