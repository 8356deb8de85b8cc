"""From a folder to clean entries: decode, bring to one shape, leave out copies, say what stops a run."""

import unicodedata
import warnings
from collections import Counter, defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

from augment.core.files import sha256
from augment.data.decoding import decode
from augment.data.entries import DEDUP, KEEP_FIRST, Blocker, Entry
from augment.data.findings import Findings, notes_of, set_blockers, size_text
from augment.data.near import grouping
from augment.data.near.grouping import NearDuplicates
from augment.data.sources import disk, folder, idx, images_csv, meta
from augment.data.sources.built_in import digits, slanted
from augment.data.sources.disk import Rejected
from augment.data.split import groups
from augment.params import Ingest

_THREADS = 4  # Pillow works without Python's lock; each holds one whole image


def examine(ingest: Ingest) -> Findings:
    """Look at every image that `ingest` names. Writes nothing. Files are judged one by one and never raise; what ends a
    run is collected in `blockers`."""
    if ingest.source in ("digits", "slanted"):
        return _examine_built_in(ingest)
    entries, blockers = _find_entries(ingest)
    notes = groups.by_pattern(entries, ingest.group_pattern, blockers) if ingest.group_pattern else []
    with warnings.catch_warnings(), ThreadPoolExecutor(_THREADS) as threads:  # that of `decode` counts in one thread
        warnings.simplefilter("ignore")
        for _ in threads.map(partial(_take_in, ingest=ingest), entries):
            pass
    blockers += mark_duplicates(entries, ingest.conflicts)
    declared = sum(entry.usable and bool(entry.group) for entry in entries)
    grouped = ingest.near_duplicates == "group"
    near, too_large = grouping.group_near_duplicates(entries) if grouped else (NearDuplicates(), [])
    sizes = Counter(entry.size for entry in entries if entry.usable and entry.size)
    blockers += too_large + set_blockers(ingest, entries, sizes)
    notes += near.notes() + notes_of(entries)
    channels, note = _unify_channels(entries, ingest.color)
    return Findings(entries, blockers, notes + note, channels, sizes, near, declared)


def _examine_built_in(ingest: Ingest) -> Findings:
    """A built-in set as entries. Equal images stay, but share a group, so no split can separate them."""
    images, labels = digits() if ingest.source == "digits" else slanted()
    entries = []
    first: dict[str, str] = {}  # digest -> path of the first image that has it
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        entry = Entry(f"{ingest.source}/{number:04d}", label, sha256=sha256(image.tobytes()), channels=1)
        entry.pixels, entry.size = image.transpose(1, 2, 0), (image.shape[1], image.shape[2])
        _shape(entry, ingest)
        entry.group = first.setdefault(entry.digest, entry.path)
        entries.append(entry)
    channels, _ = _unify_channels(entries, ingest.color)
    return Findings(entries, [], [], channels, Counter(entry.size for entry in entries if entry.size))


def _find_entries(ingest: Ingest) -> tuple[list[Entry], list[Blocker]]:
    """Entries sorted by path; those of IDX are decoded already."""
    root = Path(ingest.path)
    if ingest.source == "idx":
        entries, blockers = idx.read_idx(root, ingest.max_file_mb)
    else:
        entries, blockers = images_csv.listing(root) if ingest.source == "list" else folder.folder(root)
    entries.sort(key=lambda entry: entry.path)
    if ingest.source == "folder":
        blockers += meta.apply(root, entries)
    for entry in entries:  # a Mac decomposes letters, which nobody can see or type
        entry.label = unicodedata.normalize("NFC", entry.label)
    return entries, blockers


def _take_in(entry: Entry, ingest: Ingest) -> None:
    """Everything that concerns one file alone."""
    if entry.outcome in ("ok", "fixed") and entry.pixels is None:
        _read(entry, ingest)
    if entry.pixels is not None:
        _shape(entry, ingest)


def _read(entry: Entry, ingest: Ingest) -> None:
    """Decode one file into its entry, or quarantine it."""
    try:
        if entry.location is None:
            raise Rejected("unreadable", "nothing to read")
        content = disk.read_regular(entry.location, ingest.max_file_mb * 1024 * 1024)
        entry.sha256 = sha256(content)
        decoded = decode.decode(content, entry.path, background=ingest.background, max_pixels=ingest.max_pixels)
    except Rejected as rejected:
        entry.reject("quarantined", rejected.code, rejected.detail)
        return
    for code in decoded.fixes:
        entry.fix(code)
    entry.pixels, entry.channels, entry.float_top = decoded.pixels, decoded.channels, decoded.float_top
    entry.size = (decoded.pixels.shape[0], decoded.pixels.shape[1])


def _shape(entry: Entry, ingest: Ingest) -> None:
    """Colour and size of one image, and the digest by which copies are found."""
    assert entry.pixels is not None
    pixels = decode.to_grey(entry.pixels) if ingest.color == "grey" else entry.pixels
    if ingest.size is not None:
        height, width = (ingest.size, ingest.size) if isinstance(ingest.size, int) else ingest.size
        if pixels.shape[:2] != (height, width):
            entry.fix("resized", f"from {size_text(entry.size or (0, 0))}")
            pixels = decode.collapse(decode.resize(pixels, height, width))
    entry.grey = pixels.shape[2] == 1
    entry.digest = sha256(repr(pixels.shape).encode() + np.ascontiguousarray(pixels).tobytes())
    # Without ingest.size an image this large ends the run anyway: keep its size, not its pixels.
    entry.pixels = pixels if max(pixels.shape) <= decode.MAX_SIDE_PX else None


def _unify_channels(entries: Sequence[Entry], color: Literal["auto", "grey", "rgb"]) -> tuple[int, list[str]]:
    """The channels of the set, 1 when every image is grey or is to be, and a note; files that differ are fixed."""
    usable = [entry for entry in entries if entry.usable]
    grey = color == "grey" or (color == "auto" and all(entry.grey for entry in usable))
    channels, code, word = (1, "to_grey", "grey") if grey else (3, "to_rgb", "RGB")
    for entry in usable:
        if entry.channels != channels and code not in entry.codes:
            entry.fix(code)
    stored = Counter(entry.channels for entry in usable)
    mixed = f"mixed_modes: {stored[1]} grey and {stored[3]} colour files; all become {word}"
    return channels, [mixed] if len(stored) > 1 else []


def mark_duplicates(entries: Sequence[Entry], conflicts: Literal["drop", "stop"]) -> list[Blocker]:
    """Mark images with equal pixels, whatever their files' bytes are, so that at most one of them stays usable.

    Under one label, one copy stays (the one declared test, then val, then the first by path) and
    the others are fixed as `dedup`. Under two labels nobody knows which is right: every copy is
    quarantined as `label_conflict`, or ends the run with `conflicts="stop"`.
    """
    copies: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.readable:
            copies[entry.digest].append(entry)
    blockers = []
    for equal in copies.values():
        if len({entry.label for entry in equal}) > 1:
            blockers += _conflict(equal, conflicts)
        elif len(equal) > 1:
            kept, *others = sorted(equal, key=lambda entry: (KEEP_FIRST[entry.declared_split], entry.path))
            for entry in others:
                entry.fix(DEDUP, f"equal to {kept.path}")
                entry.pixels = None
    return blockers


def _conflict(equal: Sequence[Entry], conflicts: Literal["drop", "stop"]) -> list[Blocker]:
    first = min(equal, key=lambda entry: entry.path)
    blockers = []
    for entry in equal:
        other = first if entry.label != first.label else next(copy for copy in equal if copy.label != first.label)
        detail = f"equal to {other.path}, which has another label"
        entry.reject("stop" if conflicts == "stop" else "quarantined", "label_conflict", detail)
        if conflicts == "stop" and entry is not first:
            advice = "delete the wrong copy, or set ingest.conflicts: drop to leave out all copies"
            blockers.append(Blocker(entry.path, "label_conflict", f"{entry.path} {detail}; {advice}"))
    return blockers
