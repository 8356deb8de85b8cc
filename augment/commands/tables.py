"""`augment init`, `check` and `run` of a table or of vectors: what they hold, and the settings for them."""

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from augment import params
from augment.commands import setup
from augment.commands.params_file import edited
from augment.core.errors import DataError
from augment.core.files import write_text
from augment.core.progress import MAX_PROBLEM_LINES, counted, limited
from augment.core.yaml_text import parse_yaml
from augment.data.entries import Blocker
from augment.data.rows.findings import RowFindings
from augment.data.rows.looking import kinds_text
from augment.data.rows.of_images import image_notes
from augment.data.rows.prepare import assign_row_splits, looked_at
from augment.data.rows.wording import in_rows
from augment.data.sources.disk import is_plain, shown
from augment.data.sources.tabular.tables import decoded, filled_records
from augment.evaluation.rows.forecast import RowWork, row_outlook, row_work
from augment.evaluation.rows.preflight import row_blockers
from augment.params import Ingest, Params

TABLES, VECTORS = (".csv", ".tsv", ".parquet", ".pq"), (".npz",)
IMAGE_COLUMNS = {"path", "filename", "file", "filepath", "file_path", "image", "image_path", "img", "img_path"}
HEAD_BYTES = 100_000  # of a file, within which its first line ends


def form_of(path: Path, label: str | None = None) -> str | None:
    """`table` or `vectors` for a file that holds rows; None for images, of which images.csv lists some, unless a column
    is named as the class."""
    suffix = path.suffix.lower()
    if path.is_dir() or (suffix not in (*TABLES, *VECTORS) and label is None):
        return None
    if suffix in VECTORS:
        return "vectors"
    if suffix in (".csv", ".tsv") and path.is_file() and label is None:
        try:
            with path.open("rb") as stream:
                head = stream.read(HEAD_BYTES)
            text = decoded(head[: head.rfind(b"\n") + 1] or head)[0]
            header = next(filled_records(text)[1], (0, []))[1]
        except (OSError, ValueError):
            return "table"  # whose reading says what is wrong
        if IMAGE_COLUMNS & {name.strip().lower() for name in header}:
            return None
    return "table"


def is_of_rows(path: Path | None, settings: Params, label: str | None = None) -> bool:
    """Whether a command is about rows; path: None for what `ingest` names; label: a column that is the class."""
    if path is None:
        return settings.ingest.of_rows
    return (settings.ingest.of_rows and _same(path, settings)) or form_of(path, label) is not None


def check_rows(
    path: Path | None,
    settings: Params,
    as_json: bool,
    label: str | None = None,
    obstacles: Iterable[tuple[str, str]] = (),
) -> int:
    """Print what a table holds, what a run of it takes and can show; 1 when something would stop a run, else 0.

    obstacles: (code, message) of what else would stop it.
    """
    whole = settings.model_copy(update={"ingest": _ingest_of(path, settings, label)})
    findings, is_named = split_findings(whole.ingest, settings.seed), path is None or _same(path, settings)
    unfit = [] if findings.blockers else row_blockers(findings, whole)
    if is_named:  # of another file the settings say nothing yet
        findings.blockers.extend([Blocker("params.yaml", *each) for each in obstacles] + unfit)
        findings.notes.extend(image_notes(whole))
    if as_json:
        print(json.dumps(as_dict(findings), indent=2, sort_keys=True))
        return 1 if findings.blockers else 0
    print("\n".join(as_text(shown(whole.ingest.path), findings)), flush=True)
    if not findings.blockers and not unfit:
        print("\n".join(["", *row_outlook(row_work(findings, whole))]))
    return 1 if findings.blockers else 0


def _ingest_of(path: Path | None, settings: Params, label: str | None) -> Ingest:
    """The settings for it: label, groups and columns belong to the table that `ingest` names; label: asked for now."""
    asked = {"label_column": label} if label else {}
    if path is None or (settings.ingest.of_rows and _same(path, settings)):
        return settings.ingest.model_copy(update=asked)
    fresh = {"source": form_of(path, label), "path": str(path), "train_per_class": None, "group_pattern": None}
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


@dataclass(frozen=True)
class SettledTable:
    """What a table needs. text: of params.yaml with it; params: the same, as they were looked at; findings: the rows,
    split; lines: on all that for people."""

    text: str
    params: Params
    findings: RowFindings
    lines: list[str]

    def work(self) -> RowWork:
        """What a run of it is, timed."""
        return row_work(self.findings, self.params)


def init_rows(path: Path, params_path: Path, label: str | None = None) -> None:
    """Write `ingest` of params.yaml for a table, print what was found, what a run takes and can show.

    Raises as `settle_table` does; nothing is written then.
    """
    settled = settle_table(path, params_path, label)
    write_text(params_path, settled.text)
    print("\n".join(settled.lines), flush=True)
    print("\n".join(["", *row_outlook(settled.work())]))


def settle_table(
    path: Path, params_path: Path, label: str | None = None, changes: Mapping[str, Any] | None = None
) -> SettledTable:
    """Look at a table, or vectors, and find the settings for it; writes nothing.

    changes: dotted keys -> values that are asked for besides. Raises `ParamsError` for such as do not fit, and
    `DataError` where something would stop a run.
    """
    before, stored, asked = params.load(params_path), setup.stored_path(path, params_path), dict(changes or {})
    ingest = _ingest_of(path, before, label).model_copy(update={"train_per_class": None})
    chosen = params.check(parse_yaml(edited(params_path, _settings_for(stored, before.ingest, ingest) | asked)))
    whole = chosen.model_copy(update={"ingest": chosen.ingest.model_copy(update={"path": str(path)})})
    findings = split_findings(whole.ingest, whole.seed)
    if not is_plain(str(path)):
        findings.blockers.append(Blocker(shown(str(path)), "path", "the path is not plain UTF-8; rename the file"))
    if not findings.blockers:
        findings.blockers.extend(row_blockers(findings, whole))
    if findings.blockers:
        lines = limited([str(blocker) for blocker in findings.blockers], MAX_PROBLEM_LINES)
        raise DataError("\n".join([*lines, f"Nothing was written. `augment check {shown(str(path))}` shows more."]))
    findings.notes.extend(image_notes(whole))
    if whole.ingest.source == "table":
        ingest = ingest.model_copy(update={"label_column": findings.schema.label})
    settings = _settings_for(stored, before.ingest, ingest) | asked
    lines = as_text(shown(str(path)), findings)
    lines += ["", f"set in {params_path}:", *(f"  {key}: {value}" for key, value in settings.items())]
    return SettledTable(edited(params_path, settings), whole, findings, lines)


def _settings_for(stored: str, before: Ingest, ingest: Ingest) -> dict[str, Any]:
    """Dotted keys -> values, for params.yaml: those that differ from what stands there, as they were looked at with."""
    settings: dict[str, Any] = {"ingest.source": ingest.source, "ingest.path": stored, "ingest.train_per_class": None}
    changed = [key for key in (*setup.OF_TABLES, "group_pattern") if getattr(ingest, key) != getattr(before, key)]
    return settings | {f"ingest.{key}": getattr(ingest, key) for key in changed}
