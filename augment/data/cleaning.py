"""From a folder to clean entries: decode, bring to one shape, leave out copies, say what stops a run."""

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from augment.core.files import sha256
from augment.data.decoding import decode
from augment.data.entries import DEDUP, KEEP_FIRST, Blocker, Entry
from augment.data.findings import (
    Findings,
    count_blockers,
    float_blockers,
    hidden_notes,
    imbalance_note,
    levels_note,
    size_blockers,
    size_text,
)
from augment.data.near import clusters
from augment.data.near.clusters import NearDuplicates
from augment.data.sources import folder as sources
from augment.data.sources import idx, images_csv, meta
from augment.data.sources.built_in import digits, slanted
from augment.data.sources.disk import Rejected
from augment.data.split import groups

Size = int | tuple[int, int] | None
Color = Literal["auto", "grey", "rgb"]
Source = Literal["folder", "idx", "list"]


def examine(
    root: Path,
    *,
    source: Source = "folder",
    group_pattern: str | None = None,
    size: Size,
    color: Color,
    background: int,
    conflicts: Literal["drop", "stop"],
    near_duplicates: Literal["group", "off"],
    min_per_class: int,
    max_file_mb: int,
    max_pixels: int,
) -> Findings:
    """Look at every image of `root`; the values are those of `ingest` in params.yaml. Writes nothing.

    Files are judged one by one and never raise; what ends a run is collected in `blockers`.
    """
    entries, blockers = _find_entries(root, source, max_file_mb)
    pattern_notes = groups.by_pattern(entries, group_pattern, blockers) if group_pattern else []
    for entry in entries:
        if entry.outcome in ("ok", "fixed"):
            if entry.pixels is None:
                _read(entry, background, max_file_mb, max_pixels)
            if entry.pixels is not None:
                _shape(entry, size, color)
    blockers += mark_duplicates(entries, conflicts)
    declared = sum(entry.usable and bool(entry.group) for entry in entries)
    near, too_large = clusters.group_near_duplicates(entries) if near_duplicates == "group" else (NearDuplicates(), [])
    blockers += too_large
    blockers += count_blockers(entries, min_per_class)
    blockers += float_blockers(root, entries)
    sizes = Counter(entry.size for entry in entries if entry.usable and entry.size)
    if size is None:
        blockers += size_blockers(root, sizes)
    notes = pattern_notes + near.notes() + imbalance_note(entries) + levels_note(entries) + hidden_notes(entries)
    channels, note = unify_channels(entries, color)
    return Findings(entries, blockers, notes + note, channels, sizes, near, declared)


def examine_built_in(name: Literal["digits", "slanted"], size: Size, color: Color) -> Findings:
    """A built-in set as entries. Equal images stay, but share a group, so no split can separate them."""
    pixels, labels = digits() if name == "digits" else slanted()
    entries = []
    first: dict[str, str] = {}  # digest -> path of the first image that has it
    for number, (image, label) in enumerate(zip(pixels, labels, strict=True)):
        entry = Entry(f"{name}/{number:04d}", label, sha256=sha256(image.tobytes()), channels=1)
        entry.pixels, entry.size = image.transpose(1, 2, 0), (image.shape[1], image.shape[2])
        _shape(entry, size, color)
        entry.group = first.setdefault(entry.digest, entry.path)
        entries.append(entry)
    sizes = Counter(entry.size for entry in entries if entry.size)
    channels, _ = unify_channels(entries, color)
    return Findings(entries, [], [], channels, sizes)


def unify_channels(entries: Sequence[Entry], color: Color) -> tuple[int, list[str]]:
    """The channels of the set, 1 when every image is grey or is to be; files that differ are fixed."""
    usable = [entry for entry in entries if entry.usable]
    stored = Counter(entry.channels for entry in usable)
    grey = color == "grey" or (color == "auto" and all(entry.grey for entry in usable))
    channels = 1 if grey else 3
    for entry in usable:
        code = "to_grey" if grey else "to_rgb"
        if entry.channels != channels and code not in entry.codes:
            entry.fix(code)
    if len(stored) < 2:
        return channels, []
    return channels, [
        f"mixed_modes: {stored[1]} grey and {stored[3]} colour files; all become {'grey' if grey else 'RGB'}"
    ]


def _find_entries(root: Path, source: Source, max_file_mb: int) -> tuple[list[Entry], list[Blocker]]:
    """Entries sorted by path; those of IDX are decoded already."""
    match source:
        case "folder":
            entries, blockers = sources.folder(root)
        case "idx":
            entries, blockers = idx.read_idx(root, max_file_mb)
        case "list":
            entries, blockers = images_csv.listing(root)
    entries.sort(key=lambda entry: entry.path)
    if source == "folder":
        blockers += meta.apply(root, entries)
    for entry in entries:  # a Mac decomposes letters, which nobody can see or type
        entry.label = unicodedata.normalize("NFC", entry.label)
    return entries, blockers


def _read(entry: Entry, background: int, max_file_mb: int, max_pixels: int) -> None:
    """Decode one file into its entry, or quarantine it."""
    try:
        content = sources.read_entry(entry, max_file_mb)
        entry.sha256 = sha256(content)
        decoded = decode.decode(content, entry.path, background=background, max_pixels=max_pixels)
    except Rejected as rejected:
        entry.reject("quarantined", rejected.code, rejected.detail)
        return
    for code in decoded.fixes:
        entry.fix(code)
    entry.pixels, entry.channels, entry.float_top = decoded.pixels, decoded.channels, decoded.float_top
    entry.size = (decoded.pixels.shape[0], decoded.pixels.shape[1])


def _shape(entry: Entry, size: Size, color: Color) -> None:
    """Colour and size of one image, and the digest by which copies are found."""
    assert entry.pixels is not None
    pixels = decode.to_grey(entry.pixels) if color == "grey" else entry.pixels
    if size is not None:
        height, width = (size, size) if isinstance(size, int) else size
        if pixels.shape[:2] != (height, width):
            entry.fix("resized", f"from {size_text(entry.size or (0, 0))}")
            pixels = decode.collapse(decode.resize(pixels, height, width))
    entry.grey = pixels.shape[2] == 1
    entry.digest = sha256(repr(pixels.shape).encode() + np.ascontiguousarray(pixels).tobytes())
    # Without ingest.size an image this large ends the run anyway: keep its size, not its pixels.
    entry.pixels = pixels if max(pixels.shape) <= decode.MAX_SIDE_PX else None


def mark_duplicates(entries: Sequence[Entry], conflicts: Literal["drop", "stop"]) -> list[Blocker]:
    """Mark equal images so that at most one copy of each stays usable.

    Under one label, one copy stays (the one declared test, then val, then the first by path) and
    the others are fixed as `dedup`. Under two labels nobody knows which is right: every copy is
    quarantined as `label_conflict`, or ends the run with `conflicts="stop"`.
    """
    copies: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.readable:
            copies[entry.digest].append(entry)
    blockers = []
    for same in (same for same in copies.values() if len(same) > 1):
        if len({entry.label for entry in same}) > 1:
            blockers += _conflict(same, conflicts)
        else:
            kept, *others = sorted(same, key=lambda entry: (KEEP_FIRST[entry.declared_split], entry.path))
            for entry in others:
                entry.fix(DEDUP, f"equal to {kept.path}")
                entry.pixels = None
    return blockers


def _conflict(same: Sequence[Entry], conflicts: Literal["drop", "stop"]) -> list[Blocker]:
    """One image under several labels."""
    one = min(same, key=lambda entry: entry.path)
    blockers = []
    for entry in same:
        other = one if entry.label != one.label else next(entry for entry in same if entry.label != one.label)
        detail = f"equal to {other.path}, which has another label"
        entry.reject("stop" if conflicts == "stop" else "quarantined", "label_conflict", detail)
        if conflicts == "stop" and entry is not one:
            advice = "delete the wrong copy, or set ingest.conflicts: drop to leave out all copies"
            blockers.append(Blocker(entry.path, "label_conflict", f"{entry.path} {detail}; {advice}"))
    return blockers
