"""`augment init`, `check` and `run` of a table or of vectors: what they hold, and the settings for them."""

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

from augment import params
from augment.commands import setup
from augment.commands.params_file import edited
from augment.core.errors import DataError
from augment.core.files import write_text
from augment.core.progress import MAX_PROBLEM_LINES, counted, limited
from augment.data.entries import Blocker
from augment.data.rows.findings import RowFindings
from augment.data.rows.looking import kinds_text
from augment.data.rows.prepare import assign_row_splits, looked_at
from augment.data.rows.wording import in_rows
from augment.data.sources.disk import is_plain, shown
from augment.data.sources.tabular.tables import decoded, records, separator_of
from augment.params import Ingest, Params

TABLES, VECTORS = (".csv", ".tsv", ".parquet", ".pq"), (".npz",)
IMAGE_COLUMNS = {"path", "filename", "file", "filepath", "file_path", "image", "image_path", "img", "img_path"}
HEAD_BYTES = 100_000  # of a file, within which its first line ends


def form_of(path: Path) -> str | None:
    """`table` or `vectors` for a file that holds rows; None for images, of which images.csv lists some."""
    suffix = path.suffix.lower()
    if path.is_dir() or suffix not in (*TABLES, *VECTORS):
        return None
    if suffix in VECTORS:
        return "vectors"
    if suffix in (".csv", ".tsv") and path.is_file():
        try:
            with path.open("rb") as stream:
                head = stream.read(HEAD_BYTES)
            text = decoded(head[: head.rfind(b"\n") + 1] or head)[0]
            header = next(records(text, separator_of(text, set())), (0, []))[1]
        except (OSError, ValueError):
            return "table"  # whose reading says what is wrong
        if IMAGE_COLUMNS & {name.strip().lower() for name in header}:
            return None
    return "table"


def is_of_rows(path: Path | None, settings: Params) -> bool:
    """Whether a command is about rows; path: None for what `ingest` names."""
    if path is None:
        return settings.ingest.of_rows
    return (settings.ingest.of_rows and _same(path, settings)) or form_of(path) is not None


def check_rows(path: Path | None, settings: Params, as_json: bool, label: str | None = None) -> int:
    """Print what a table holds; 1 when something would stop a run, else 0."""
    ingest = _ingest_of(path, settings, label)
    findings = split_findings(ingest, settings.seed)
    if as_json:
        print(json.dumps(as_dict(findings), indent=2, sort_keys=True))
    else:
        print("\n".join(as_text(shown(ingest.path), findings)), flush=True)
    return 1 if findings.blockers else 0


def _ingest_of(path: Path | None, settings: Params, label: str | None) -> Ingest:
    """The settings for it: label, groups and columns belong to the table that `ingest` names; label: asked for now."""
    asked = {"label_column": label} if label else {}
    if path is None or (settings.ingest.of_rows and _same(path, settings)):
        return settings.ingest.model_copy(update=asked)
    fresh = {"source": form_of(path), "path": str(path), "train_per_class": None, "group_pattern": None}
    return settings.ingest.model_copy(update=fresh | setup.OF_TABLES | asked)


def _same(path: Path, settings: Params) -> bool:
    return os.path.abspath(path) == os.path.abspath(settings.ingest.path)  # noqa: PTH100  (not through links)


def split_findings(ingest: Ingest, seed: int) -> RowFindings:
    """A table, looked at and split where nothing stops it; else the blockers say what does. Raises `DataError` where it
    cannot be read."""
    findings = looked_at(ingest)
    if not findings.blockers:
        try:
            assign_row_splits(findings, ingest, seed)
        except DataError as error:
            lines = in_rows(str(error)).splitlines()
            findings.blockers.extend(Blocker(shown(ingest.path), "no_split", line) for line in lines)
    return findings


def as_dict(findings: RowFindings) -> dict[str, Any]:
    """The report for programs."""
    columns = [{"name": one.name, "kind": one.kind, "levels": len(one.levels)} for one in findings.schema.columns]
    left_out = [{"name": one.name, "code": one.code, "why": one.message} for one in findings.left_out]
    return {
        "label": findings.schema.label,
        "columns": columns,
        "left_out": left_out,
        "classes": findings.counts(),
        "rows": len(findings.entries),
        "splits": dict(Counter(entry.split for entry in findings.entries if entry.split)),
        "stop": [{"path": one.path, "code": one.code, "message": one.message} for one in findings.blockers],
        "notes": findings.notes,
    }


def as_text(title: str, findings: RowFindings) -> list[str]:
    """The report for people."""
    schema, counts = findings.schema, findings.counts()
    lines = [f"{title}: {counted(len(findings.entries), 'row')}, class in column {shown(schema.label)!r}", ""]
    lines += [f"  {line}" for line in kinds_text(schema.columns)]
    width = max(map(len, counts), default=0)
    lines += ["", "usable rows of each class"] + [f"  {label:<{width}} {number:>7}" for label, number in counts.items()]
    splits = Counter(entry.split for entry in findings.entries if entry.split)
    groups = len({entry.group for entry in findings.entries if entry.usable})
    if splits:
        sides = ", ".join(f"{number} {name}" for name, number in splits.items())
        lines += ["", f"split: {sides}; {counted(groups, 'group')} in all"]
    if findings.blockers:
        lines += ["", "a run would stop"]
        lines += limited([f"  {blocker}" for blocker in findings.blockers], MAX_PROBLEM_LINES)
    lines += [""] * bool(findings.notes) + [f"note: {note}" for note in findings.notes]
    set_aside = Counter(entry.code for entry in findings.entries if entry.outcome == "quarantined")
    return lines + [f"left out: {number} rows, {code}" for code, number in set_aside.items()]


def init_rows(path: Path, params_path: Path, label: str | None = None) -> None:
    """Write `ingest` of params.yaml for a table, print what was found.

    Raises `DataError` where something would stop a run; nothing is written then.
    """
    before = params.load(params_path)
    stored = setup.stored_path(path, params_path)
    ingest = _ingest_of(path, before, label).model_copy(update={"train_per_class": None})
    findings = split_findings(ingest, before.seed)
    if not is_plain(str(path)):
        findings.blockers.append(Blocker(shown(str(path)), "path", "the path is not plain UTF-8; rename the file"))
    if findings.blockers:
        lines = limited([str(blocker) for blocker in findings.blockers], MAX_PROBLEM_LINES)
        raise DataError("\n".join([*lines, f"Nothing was written. `augment check {shown(str(path))}` shows more."]))
    settings = settings_for(stored, before.ingest, ingest, findings)
    write_text(params_path, edited(params_path, settings))
    print("\n".join(as_text(shown(str(path)), findings)))
    print("\n".join(["", f"set in {params_path}:", *(f"  {key}: {value}" for key, value in settings.items())]))


def settings_for(stored: str, before: Ingest, ingest: Ingest, findings: RowFindings) -> dict[str, Any]:
    """Dotted keys -> values, for params.yaml: those that differ from what stands there, as they were looked at with."""
    settings: dict[str, Any] = {"ingest.source": ingest.source, "ingest.path": stored, "ingest.train_per_class": None}
    if ingest.source == "table":
        ingest = ingest.model_copy(update={"label_column": findings.schema.label})
    changed = [key for key in (*setup.OF_TABLES, "group_pattern") if getattr(ingest, key) != getattr(before, key)]
    return settings | {f"ingest.{key}": getattr(ingest, key) for key in changed}
