"""Exact duplicates: images with equal decoded pixels, whatever their files' bytes are."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Literal

from augment.data.entries import DEDUP, Blocker, Entry

# Of equal images the one in test stays: a verdict must rest on all the test images declared.
KEEP_FIRST = {"test": 0, "val": 1, "train": 2, "": 3}


def mark(entries: Sequence[Entry], conflicts: Literal["drop", "stop"]) -> list[Blocker]:
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
