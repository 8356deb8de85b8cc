"""`augment check`: what an image folder, IDX files or a list hold and what would stop a run, changing nothing."""

import json
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augment.data.disk import dvc_hazards, shown
from augment.data.entries import OUTCOMES, Stop
from augment.data.listing import LIST
from augment.errors import DataError

if TYPE_CHECKING:
    from augment.data.cleaning import Findings
    from augment.params import Params

_FILES_NAMED = 20


def run(path: Path, params: "Params", as_json: bool) -> int:
    """Print the report on `path`; 1 when something would stop a run, else 0."""
    findings = inspect(path, params)
    hazards = hazard_lines(path)
    if as_json:
        print(json.dumps(as_dict(findings), indent=2, sort_keys=True))
        for line in hazards:
            print(line, file=sys.stderr)
    else:
        print("\n".join(as_text(path, findings, hazards)))
    return 1 if findings.stops else 0


def check_folder(path: Path, params: "Params") -> dict[str, Any]:
    """The report on `path` as `{"files": [...], "classes": {...}, "counts": {...}, "near_duplicates": {...}}`."""
    return as_dict(inspect(path, params))


def inspect(path: Path, params: "Params") -> "Findings":
    """Everything about the images of a folder, IDX files or list, under the settings of `params` meant for them.

    Source, size, colour, groups and split belong to one set: they count only when `ingest` names this one.
    """
    from augment.data import prepare, sources  # noqa: PLC0415  (numpy and Pillow, not for `augment --help`)

    on_disk = params.ingest.source in ("folder", "idx", "list")
    own = on_disk and any(_same(one, params.ingest.path) for one in (path, path / LIST))
    general = {"source": params.ingest.source if own else sources.detect(path), "path": str(path)}
    unsettled = {} if own else {"size": None, "color": "auto", "group_pattern": None}
    ingest = params.ingest.model_copy(update=general | unsettled)
    findings = prepare.examine(ingest)
    if own and not findings.stops:
        try:
            prepare.assign_splits(findings.entries, ingest, params.seed)
        except DataError as error:
            findings.stops.extend(Stop(shown(str(path)), "no_split", line) for line in str(error).splitlines())
    return findings


def hazard_lines(path: Path) -> list[str]:
    """Warnings about names that end `dvc repro` before the pipeline starts."""
    return [
        f"warning: `dvc repro` cannot pass {name}: {reason}; remove or rename it" for name, reason in dvc_hazards(path)
    ]


def as_dict(findings: "Findings") -> dict[str, Any]:
    """The machine-readable report; folders that stop a run stand among the files."""
    files = [{"path": e.path, "outcome": str(e.outcome), "code": e.code} for e in findings.entries]
    stopped = {entry.path for entry in findings.entries if entry.outcome == "stop"}
    files += [
        {"path": stop.path, "outcome": "stop", "code": stop.code} for stop in findings.stops if stop.path not in stopped
    ]
    counts = Counter(item["outcome"] for item in files)
    return {
        "files": files,
        "classes": findings.counts(),
        "counts": {name: counts[name] for name in OUTCOMES},
        "near_duplicates": findings.near.summary(),
    }


def as_text(path: Path, findings: "Findings", hazards: list[str]) -> list[str]:
    """The report for people: a summary, what to do first, then the files left out."""
    lines = [shown(str(path)), ""]
    lines += [f"  {name:<12}{number:>8}" for name, number in as_dict(findings)["counts"].items()]
    if findings.sizes:
        most = ", ".join(f"{h}x{w} ({n})" for (h, w), n in findings.sizes.most_common(3))
        lines += ["", f"  height x width: {most}{', ...' if len(findings.sizes) > 3 else ''}"]
        lines += [f"  channels: {'grey' if findings.channels == 1 else 'RGB'}"]
    classes = findings.counts()
    if classes:
        width = max(map(len, classes))
        lines += ["", "usable images of each class"] + [f"  {k:<{width}} {n:>7}" for k, n in classes.items()]
    if findings.stops:
        lines += ["", "a run would stop"] + [f"  {stop.path}: {stop.code}: {stop.message}" for stop in findings.stops]
    lines += [""] * bool(findings.notes or hazards) + [f"note: {note}" for note in findings.notes] + hazards
    for outcome, heading in (("quarantined", "left out"), ("fixed", "used, but changed")):
        lines += _by_code(findings, outcome, heading)
    return lines


def _by_code(findings: "Findings", outcome: str, heading: str) -> list[str]:
    """Paths under each code; only those left out are named one by one."""
    groups: dict[str, list[str]] = defaultdict(list)
    for entry in findings.entries:
        if entry.outcome == outcome:
            groups[entry.code].append(f"    {entry.path}: {entry.detail}")
    lines = ["", heading] if groups else []
    for code, paths in sorted(groups.items()):
        lines.append(f"  {code} ({len(paths)})")
        if outcome == "quarantined":
            more = [f"    ... and {len(paths) - _FILES_NAMED} more"] if len(paths) > _FILES_NAMED else []
            lines += paths[:_FILES_NAMED] + more
    return lines


def _same(one: Path, other: str) -> bool:
    try:
        return one.resolve() == Path(other).resolve()
    except (OSError, RuntimeError):
        return False
