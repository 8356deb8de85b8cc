"""The work of ingest on rows: a clean, grouped and split set, and an account of every row."""

from collections import Counter
from pathlib import Path

import numpy as np

from augment.core.errors import DataError
from augment.core.files import folder_name, slug, write_csv, write_json
from augment.core.progress import MAX_PROBLEM_LINES, limited
from augment.data.entries import SPLITS
from augment.data.prepare import MANIFEST, POOL, place
from augment.data.rows.findings import RowEntry, RowFindings, examine_rows, settle_rows
from augment.data.rows.rowset import RowSet
from augment.data.sources.disk import shown
from augment.data.split.groups import check_sides
from augment.data.split.split import split
from augment.params import Ingest


def prepare_rows(ingest: Ingest, seed: int, out: Path) -> RowFindings:
    """Write `out/{train,val,test,pool}`, `classes.json`, `groups.json` and `manifest.csv`, as `prepare` does of images.

    Raises `DataError` with everything that stops the run, and then writes nothing.
    """
    findings = looked_at(ingest)
    if findings.blockers:
        lines = limited([str(blocker) for blocker in findings.blockers], MAX_PROBLEM_LINES)
        raise DataError("\n".join([*lines, f"Run `augment check {shown(ingest.path)}` to see what was found."]))
    assign_row_splits(findings, ingest, seed)
    _write(findings, out)
    return findings


def looked_at(ingest: Ingest) -> RowFindings:
    """A table as it stands, with equal rows grouped and what stops a run named; not split."""
    findings = examine_rows(ingest)
    settle_rows(findings, ingest)
    return findings


def assign_row_splits(findings: RowFindings, ingest: Ingest, seed: int) -> None:
    """Set `split` and `index` of every usable row. Raises `DataError` as `split` does."""
    usable = [findings.entries[at] for at in findings.usable]
    declared = [entry.declared_split if ingest.split == "declared" else "" for entry in usable]
    chosen = split([e.label for e in usable], [e.group for e in usable], declared, ingest, seed).tolist()
    place(usable, chosen)


def row_set(findings: RowFindings, name: str) -> RowSet:
    """The rows of one split."""
    chosen = [at for at, entry in enumerate(findings.entries) if entry.split == name]
    entries = [findings.entries[at] for at in chosen]
    texts = ([getattr(entry, key) for entry in entries] for key in ("label", "group", "path"))
    return RowSet(findings.schema, findings.values[chosen], *(np.array(own, dtype=np.str_) for own in texts))


def _write(findings: RowFindings, out: Path) -> None:
    """Rows first, the manifest last: where it stands, the rest is whole."""
    sets = {name: row_set(findings, name) for name in (*SPLITS, POOL)}
    check_sides(sets)
    for name, rows in sets.items():
        rows.save(out / name)
    counts = Counter((entry.label, entry.split) for entry in findings.entries)
    classes = [{"label": label, "slug": slug(label), "folder": folder_name(label)}
               | {name: counts[label, name] for name in SPLITS} for label in findings.counts()]  # fmt: skip
    write_json(out / "classes.json", classes)
    write_json(out / "groups.json", _groups(findings, sets))
    write_json(out / "depth.json", {})  # what stages of images read of these is nothing to rows
    write_json(out / "sizes.json", {})
    write_csv(out / "manifest.csv", map(_row, findings.entries), MANIFEST)


def _groups(findings: RowFindings, sets: dict[str, RowSet]) -> dict[str, object]:
    """What was done against leaks, and which columns are left out."""
    codes = Counter(entry.code for entry in findings.entries)
    return {
        "rows": len(findings.usable),
        "declared": findings.declared,
        "groups": {name: len(set(sets[name].groups.tolist())) for name in SPLITS},
        "exact_duplicates": codes["dedup"],
        "label_conflicts": codes["label_conflict"],
        "left_out": [{"column": one.name, "code": one.code, "why": one.message} for one in findings.left_out],
    }


def _row(entry: RowEntry) -> dict[str, str | int]:
    fields = {name: getattr(entry, name) for name in MANIFEST if name != "sha256"}
    return fields | {"index": "" if entry.index is None else entry.index, "sha256": entry.digest}
