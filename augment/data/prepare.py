"""The work of ingest: a clean, grouped and split image set, and an account of every file."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from augment.core.errors import DataError
from augment.core.files import folder_name, slug, write_csv, write_json
from augment.core.progress import MAX_PROBLEM_LINES, limited
from augment.data.cleaning import examine
from augment.data.clues.stems import stem_notes, stem_summary
from augment.data.decoding.depth import scale_of
from augment.data.descriptions.assigning import describe
from augment.data.descriptions.kept import save_descriptions
from augment.data.entries import DEDUP, SPLITS, Entry
from augment.data.findings import Findings
from augment.data.imageset import ImageSet
from augment.data.sizes import native_size
from augment.data.sources.disk import shown
from augment.data.split.groups import check_sides
from augment.data.split.split import split
from augment.params import Ingest

POOL = "pool"  # what the split left over: training images of repeated evaluations, and nothing else
MANIFEST = ("path", "label", "outcome", "code", "detail", "split", "index", "group", "sha256")


def prepare(ingest: Ingest, seed: int, out: Path) -> Findings:
    """Write `out/{train,val,test,pool}`, `classes.json`, `groups.json`, `depth.json`, `sizes.json` and `manifest.csv`.

    Equal inputs give equal bytes. Raises `DataError` with everything that stops the run, and then writes nothing; and
    when what was written has a group or an image on two sides.
    """
    findings = examine(ingest)
    describe(findings, Path(ingest.descriptions))
    if findings.blockers:
        lines = limited([str(blocker) for blocker in findings.blockers], MAX_PROBLEM_LINES)
        command = f"Run `augment check {shown(ingest.path)}` to see what became of every file."
        raise DataError("\n".join([*lines, command]))
    assign_splits(findings, ingest, seed)
    _write(findings, out)
    return findings


def assign_splits(findings: Findings, ingest: Ingest, seed: int) -> None:
    """Set `group`, `split` and `index` of every usable entry, and note what the split tears apart. Raises `DataError`
    as `split` does. What is in no split goes to the pool, but for images whose group has others in a split."""
    usable = findings.usable
    for entry in usable:
        entry.group = entry.group or entry.path  # an image on its own is a group of its own
    labels, groups, declared = ([getattr(e, key) for e in usable] for key in ("label", "group", "declared_split"))
    chosen = split(labels, groups, declared, ingest, seed).tolist()
    place(usable, chosen)
    findings.notes[:0] = stem_notes(findings.stems, usable)


class Placed(Protocol):
    """An image or a row that is to be part of a split."""

    group: str
    split: str
    index: int | None


def place(usable: Sequence[Placed], chosen: Sequence[str]) -> None:
    """Set `split` and `index` of each; chosen: its split, empty for what the split left over: the pool's, where its
    group has no other in a split."""
    used = {entry.group for entry, name in zip(usable, chosen, strict=True) if name}
    numbers: Counter[str] = Counter()
    for entry, name in zip(usable, chosen, strict=True):
        entry.split = name or ("" if entry.group in used else POOL)
        if entry.split:
            entry.index = numbers[entry.split]
            numbers[entry.split] += 1


def _write(findings: Findings, out: Path) -> None:
    """Images first, the manifest last: where it stands, the rest is whole."""
    for name in (*SPLITS, POOL):
        of_split = [entry for entry in findings.usable if entry.split == name]
        image_set(of_split, findings.shape).save(out / name)
        if any(entry.description for entry in findings.usable):
            save_descriptions(out / name, [entry.description for entry in of_split])
    write_json(out / "classes.json", _classes(findings.usable))
    write_json(out / "groups.json", _groups(findings))
    write_json(out / "depth.json", {"white": scale_of(entry.deep for entry in findings.usable)})
    working = findings.shape[1:]
    write_json(out / "sizes.json", {"working": working, "native": native_size(findings.sizes, working)})
    check_sides({name: ImageSet.load(out / name) for name in (*SPLITS, POOL)})
    write_csv(out / "manifest.csv", map(_row, findings.entries), MANIFEST)


def image_set(entries: Sequence[Entry], shape: tuple[int, ...]) -> ImageSet:
    """Decoded entries, all of one shape (C, H, W), as a set."""
    images = np.zeros((len(entries), *shape), dtype=np.uint8)
    for position, entry in enumerate(entries):
        assert entry.pixels is not None
        images[position] = entry.pixels.transpose(2, 0, 1)  # one stored channel fills all of them
    texts = ([getattr(entry, name) for entry in entries] for name in ("label", "group", "path"))
    return ImageSet(images, *(np.array(values, dtype=np.str_) for values in texts))


def _classes(entries: Sequence[Entry]) -> list[dict[str, str | int]]:
    counts = Counter((entry.label, entry.split) for entry in entries)
    return [
        {"label": label, "slug": slug(label), "folder": folder_name(label)}
        | {name: counts[label, name] for name in SPLITS}
        for label in sorted({entry.label for entry in entries})
    ]


def _groups(findings: Findings) -> dict[str, object]:
    """What was done against leaks: groups on each side, copies left out, near duplicates kept together, names."""
    codes = Counter(code for entry in findings.entries for code in entry.codes)
    side = {entry.path: entry.split for entry in findings.usable if entry.split}
    torn = sum(len({side[path] for path in pair if path in side}) > 1 for pair in findings.near.apart)
    return {
        "images": len(findings.usable),
        "declared": findings.declared,
        "groups": {name: len({e.group for e in findings.usable if e.split == name}) for name in SPLITS},
        "exact_duplicates": codes[DEDUP],
        "label_conflicts": codes["label_conflict"],
        "near_duplicates": findings.near.summary() | {"two_sides": torn},
        "stems": stem_summary(findings.stems, findings.usable),
    }


def _row(entry: Entry) -> dict[str, str | int]:
    return {name: getattr(entry, name) for name in MANIFEST} | {"index": "" if entry.index is None else entry.index}
