"""From a folder to clean entries: decode, bring to one shape, leave out copies, say what stops a run."""

import os
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from augment.core.files import sha256
from augment.core.progress import Progress, counted
from augment.data.clues.columns import unread_notes
from augment.data.clues.declared import declared_leaks
from augment.data.clues.giveaway import giveaway_notes
from augment.data.clues.shapes import shape_notes
from augment.data.clues.stems import find_stems
from augment.data.decoding import depth, pool
from augment.data.decoding.take import Shaped, Taken, Wanted, shape
from augment.data.entries import DEDUP, KEEP_FIRST, Blocker, Entry
from augment.data.findings import Findings, notes_of, set_blockers, size_text
from augment.data.near import grouping
from augment.data.near.grouping import NearDuplicates
from augment.data.sizes import auto_size
from augment.data.sources import folder, idx, images_csv, meta
from augment.data.sources.built_in import BUILT_IN, shape_texts
from augment.data.split import groups
from augment.params import Ingest


def examine(ingest: Ingest, scale: Mapping[int, int] | None = None) -> Findings:
    """Look at every image that `ingest` names. Writes nothing. Files are judged one by one and never raise; what ends a
    run is collected in `blockers`.

    scale: what became 255 in deep files of the set that these images are to be like (`depth.scale_of`).
    """
    if ingest.source in BUILT_IN:
        return _examine_built_in(ingest)
    entries, blockers, notes = find_entries(ingest)
    notes += groups.by_pattern(entries, ingest.group_pattern, blockers) if ingest.group_pattern else []
    size, chosen = _size_of(ingest, entries)
    wanted, notes = replace(_wanted(ingest, size), white=depth.known_whites(scale or {})), notes + chosen
    take_in(entries, wanted)
    notes += _one_scale(entries, wanted, scale)
    blockers += mark_duplicates(entries, ingest.conflicts)
    declared = sum(entry.usable and bool(entry.group) for entry in entries)
    stems = None if ingest.source == "idx" else find_stems(entries)  # before near duplicates get groups
    grouped = ingest.near_duplicates == "group"
    near, too_large = grouping.group_near_duplicates(entries) if grouped else (NearDuplicates(), [])
    sizes = Counter(entry.size for entry in entries if entry.usable and entry.size)
    blockers += too_large + set_blockers(ingest, entries, sizes)
    notes += unread_notes(Path(ingest.path), ingest.source, entries)
    notes += giveaway_notes(entries, stems.groups if stems else {}) + declared_leaks(entries, near)
    notes += near.notes(is_all=stems is None) + notes_of(entries) + shape_notes(entries, ingest.fit)
    channels, note = _unify_channels(entries, ingest.color)
    return Findings(entries, blockers, notes + note, channels, sizes, near, declared, stems)


def _examine_built_in(ingest: Ingest) -> Findings:
    """A built-in set as entries. Equal images stay, but share a group, so no split can separate them."""
    images, labels = BUILT_IN[ingest.source]()
    entries = []
    first: dict[str, str] = {}  # digest -> path of the first image that has it
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        entry = Entry(f"{ingest.source}/{number:04d}", label, sha256=sha256(image.tobytes()), channels=1)
        entry.pixels, entry.size = image.transpose(1, 2, 0), (image.shape[1], image.shape[2])
        entries.append(entry)
    size, notes = _size_of(ingest, entries)
    for entry in entries:
        _shape(entry, _wanted(ingest, size))
        entry.group = first.setdefault(entry.digest, entry.path)
    if ingest.source == "shapes":
        for entry, description, split in zip(entries, *shape_texts(), strict=True):
            entry.description, entry.declared_split = description, split
    notes += _put_split_aside(entries) if ingest.split == "drawn" else []
    channels, _ = _unify_channels(entries, ingest.color)
    return Findings(entries, [], notes, channels, Counter(entry.size for entry in entries if entry.size))


def find_entries(ingest: Ingest) -> tuple[list[Entry], list[Blocker], list[str]]:
    """Entries sorted by path, what stops a run, and notes; entries of IDX are decoded already."""
    root, notes = Path(ingest.path), list[str]()
    if ingest.source == "idx":
        entries, blockers = idx.read_idx(root, ingest.max_file_mb)
    elif ingest.source == "list":
        entries, blockers = images_csv.listing(root)
    else:
        entries, blockers, notes = folder.folder(root, ingest.class_folder)
    entries.sort(key=lambda entry: entry.path)
    if ingest.source == "folder":
        blockers += meta.apply(root, entries)
    for entry in entries:  # a Mac decomposes letters, which nobody can see or type
        entry.label = unicodedata.normalize("NFC", entry.label)
    return entries, blockers, notes + (_put_split_aside(entries) if ingest.split == "drawn" else [])


def _put_split_aside(entries: Sequence[Entry]) -> list[str]:
    """Forget the split that the set declares, so that one is drawn, and say so."""
    declared = [entry for entry in entries if entry.declared_split]
    for entry in declared:
        entry.declared_split = ""
    return [f"split: the set's own, of {len(declared)} files, is not used (ingest.split: drawn)"] if declared else []


def take_in(entries: Sequence[Entry], wanted: Wanted, told: bool = True) -> None:
    """Decode the files of the entries that are in use and have no pixels yet, and bring all to one shape.

    told: whether progress is said.
    """
    for entry in entries:
        if entry.pixels is not None:
            _shape(entry, wanted)
    waiting = [entry for entry in entries if entry.outcome in ("ok", "fixed") and entry.size is None]
    progress = Progress("images decoded", len(waiting), shown=told)
    for position, taken in pool.take_all(_files(waiting), wanted):
        _fill(waiting[position], taken, wanted)
        progress.advance()


def read_again(
    entries: Sequence[Entry], ingest: Ingest, size: tuple[int, int] | None, scale: Mapping[int, int]
) -> list[Entry]:
    """Entries as their files are now, at another size, None: as stored, which may exceed what GANs take. Images within
    other files keep what was read of them. scale: as in `examine`."""
    again = [
        replace(entry, outcome="ok", codes=[], detail="", pixels=None, size=None) if entry.location else entry
        for entry in entries
    ]
    wanted = replace(_wanted(ingest, size), any_size=True, white=depth.known_whites(scale))
    take_in(again, wanted, told=False)
    _one_scale(again, wanted, scale)
    return again


def _files(entries: Sequence[Entry]) -> list[tuple[str, str]]:
    here = str(Path.cwd())
    return [(os.path.join(here, entry.location or ""), entry.path) for entry in entries]  # noqa: PTH118  (much faster)


def _one_scale(entries: Sequence[Entry], wanted: Wanted, scale: Mapping[int, int] | None) -> list[str]:
    """Decode deep files anew where the set settles another white than their depth has, and say so."""
    deep = [(entry, entry.deep) for entry in entries if entry.readable and entry.deep is not None]
    settled = dict(wanted.white)  # and so decoded by that at once
    for top, own in depth.whites([file for _, file in deep]).items():
        white = depth.white_like(top, own, scale or {})
        free = [(entry, file) for entry, file in deep if file.top == top and not file.settled]
        again = [] if top in settled else [entry for entry, file in free if white != top or file.flat]
        for entry in again:
            entry.pixels, entry.size = None, None
        take_in(again, replace(wanted, white=((top, white),)))
    return depth.scale_notes([(entry.path, file) for entry, file in deep])


def _wanted(ingest: Ingest, size: tuple[int, int] | None) -> Wanted:
    limits = (ingest.max_file_mb, ingest.max_pixels, ingest.background)
    return Wanted(*limits, ingest.color == "grey", size, fit=ingest.fit)


def _size_of(ingest: Ingest, entries: Sequence[Entry]) -> tuple[tuple[int, int] | None, list[str]]:
    """What `ingest.size` comes to, None for as stored, and a note where these images settle it."""
    if ingest.size != "auto":
        return (ingest.size, ingest.size) if isinstance(ingest.size, int) else ingest.size, []
    known = [entry for entry in entries if entry.outcome in ("ok", "fixed")]
    sizes = Counter(entry.size for entry in known if entry.size)
    unread = _files([entry for entry in known if entry.size is None])
    headers = replace(_wanted(ingest, None), headers=True)
    sizes.update(taken.size for _, taken in pool.take_all(unread, headers) if not taken.code)
    if not sizes:
        return None, []
    classes = len({entry.label for entry in known})
    size = auto_size(sizes, classes)
    return size, [f"size: auto is {size_text(size)} for {counted(classes, 'class')} (ingest.size)"]


def _fill(entry: Entry, taken: Taken, wanted: Wanted) -> None:
    """What became of its file goes into an entry."""
    entry.sha256 = taken.sha256
    if taken.code:
        entry.reject("quarantined", taken.code, taken.detail)
        return
    for code in taken.fixes:
        if code not in entry.codes:  # else of the first time
            entry.fix(code)
    entry.size, entry.channels, entry.float_top = taken.size, taken.channels, taken.float_top
    entry.deep, entry.facts = taken.deep, taken.facts
    _note_shape(entry, taken, wanted)


def _shape(entry: Entry, wanted: Wanted) -> None:
    """Colour, size and digest of an image that is decoded already."""
    assert entry.pixels is not None
    _note_shape(entry, shape(entry.pixels, wanted), wanted)


def _note_shape(entry: Entry, shaped: Taken | Shaped, wanted: Wanted) -> None:
    if shaped.resized and wanted.size and "resized" not in entry.codes:
        (high, wide), (height, width) = entry.size or (0, 0), wanted.size
        how = {"stretch": "", "crop": ", cropped", "pad": ", padded"}[wanted.fit] * (high * width != wide * height)
        entry.fix("resized", f"from {size_text((high, wide))}{how}")
    entry.grey, entry.digest, entry.pixels = shaped.is_grey, shaped.digest, shaped.pixels


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
                other = kept.declared_split in ("test", "val") and kept.declared_split != entry.declared_split
                entry.fix(DEDUP, f"equal to {kept.path}" + f", which is declared {kept.declared_split}" * other)
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
