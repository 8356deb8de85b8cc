"""`augment check`: what an image folder, IDX files or a list hold and what would stop a run, changing nothing."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from augment.core.errors import DataError
from augment.core.progress import first_few, limited
from augment.data import prepare
from augment.data.cleaning import examine
from augment.data.descriptions.assigning import describe
from augment.data.entries import OUTCOMES, Blocker, Entry
from augment.data.findings import Findings, size_text
from augment.data.sources import folder
from augment.data.sources.disk import dvc_hazards, shown
from augment.data.sources.images_csv import LIST
from augment.data.split import pool
from augment.data.split.split import nearest
from augment.params import Ingest, Params

Forecast = Callable[[Findings], list[str]]
"""Images that are split and that nothing stops -> lines on what a run will take and can show."""

Preflight = Callable[[tuple[int, int, int], Sequence[Entry], Params], list[Blocker]]
"""(C, H, W), the images of the set, split, and the settings -> what a later stage could not begin with."""

ON_DISK = ("folder", "idx", "list")
_MAX_FILES_NAMED = 20


def run(
    path: Path | None,
    params: Params,
    as_json: bool,
    obstacles: Iterable[tuple[str, str]] = (),
    preflight: Preflight = lambda *_: [],
    forecast: Forecast = lambda *_: [],
) -> int:
    """Print the report on `path`; 1 when something would stop a run, else 0.

    path: None for what `ingest` names, a built-in set included. obstacles: (code, message) of what else would stop it.
    preflight: what `experiment` could not begin with, asked of the set that `ingest` names.
    forecast: what a run will take and can show, for the text about a set that nothing stops.
    """
    findings = inspect(path, params)
    configured = is_configured(path, params)
    blocking = [obstacle for obstacle in obstacles if configured or obstacle[0] == "missing_key"]
    findings.blockers.extend(Blocker("params.yaml", code, message) for code, message in blocking)
    if configured and not findings.blockers and findings.is_split:
        findings.blockers.extend(preflight(findings.shape, findings.usable, params))
    if as_json:
        print(json.dumps(as_dict(findings), indent=2, sort_keys=True))
    else:
        title = params.ingest.path if params.ingest.source in ON_DISK else f"{params.ingest.source} (built in)"
        print("\n".join(as_text(shown(str(path or title)), findings)), flush=True)
        if not findings.blockers and findings.is_split and (lines := forecast(findings)):
            print("\n".join(["", *lines]))
    return 1 if findings.blockers else 0


def inspect(path: Path | None, params: Params) -> Findings:
    """Everything about the images of a folder, IDX files or list, under the settings of `params` meant for them.

    Source, size, colour, groups, split and overrides belong to one set: they count only when `ingest` names this one.
    """
    ingest, configured = params.ingest, is_configured(path, params)
    if path is not None:
        general = {"source": ingest.source if configured else folder.detect(path), "path": str(path)}
        unsettled = {} if configured else dict.fromkeys(("size", "group_pattern", "train_per_class"))
        unsettled |= {} if configured else {"color": "auto", "class_folder": "auto", "split": "declared"}
        ingest = ingest.model_copy(update=general | unsettled)
    findings = examine(ingest)
    if configured:
        describe(findings, Path(ingest.descriptions))
    if configured and not findings.blockers:
        findings.blockers.extend(split_blockers(findings, ingest, params) + override_blockers(findings, params))
    elif not findings.blockers:
        unsplit = split_blockers(findings, ingest, params)  # so that it is told what a run of it would take
        if any(entry.declared_split for entry in findings.usable):  # else another setting may fit it
            findings.blockers.extend(unsplit)
    watched = [Path(ingest.path) / LIST if ingest.source == "list" and not configured else Path(ingest.path)]
    if configured:
        further = (ingest.descriptions, params.train.base, params.generate.selection, params.evaluate.external)
        watched += map(Path, further)
    for place in watched:
        findings.blockers.extend(hazard_blockers(place, findings))
    return findings


def is_configured(path: Path | None, params: Params) -> bool:
    """Whether `ingest` names this set: None stands for what it names."""
    if path is None:
        return True
    return params.ingest.source in ON_DISK and any(_same(place, params.ingest.path) for place in (path, path / LIST))


def split_blockers(findings: Findings, ingest: Ingest, params: Params) -> list[Blocker]:
    """What makes the set impossible to split, or to repeat where that is asked for; else its entries are split."""
    try:
        prepare.assign_splits(findings, ingest, params.seed)
    except DataError as error:
        return [Blocker(shown(ingest.path), "no_split", line) for line in str(error).splitlines()]
    try:
        if params.evaluate.protocol == "repeated":
            pool.check_split(findings.usable, params.evaluate.repeats)
    except DataError as error:
        return [Blocker("params.yaml", "no_repeats", str(error))]
    return []


def override_blockers(findings: Findings, params: Params) -> list[Blocker]:
    there, sources = findings.counts(), params.generate.sources
    named = {"train.overrides": [*params.train.overrides]}
    named["generate.sources"] = [] if isinstance(sources, str) else [*sources]
    return [
        Blocker("params.yaml", "unknown_class", f"{key}: there is no class {label!r}; {nearest(label, there)}")
        for key, labels in named.items()
        for label in labels
        if label not in there
    ]


def hazard_blockers(folder: Path, findings: Findings) -> list[Blocker]:
    """Names in a folder that end `dvc repro` before the pipeline starts; their files are marked as such too."""
    blockers = []
    for name, reason in dvc_hazards(folder):
        message = f"`dvc repro` cannot pass {name}: {reason}; remove or rename it"
        for entry in findings.entries:
            if entry.path == name:
                entry.reject("stop", "dvc_cannot_pass", message)
        blockers.append(Blocker(name, "dvc_cannot_pass", message))
    return blockers


def as_dict(findings: Findings) -> dict[str, Any]:
    """The report as `{"files": [...], "classes": {...}, "counts": {...}, "near_duplicates": {...}}`. Folders that stop
    a run stand among the files."""
    files = [{"path": entry.path, "outcome": str(entry.outcome), "code": entry.code} for entry in findings.entries]
    stopped = {entry.path for entry in findings.entries if entry.outcome == "stop"}
    stops = [blocker for blocker in findings.blockers if blocker.path not in stopped]
    files += [{"path": blocker.path, "outcome": "stop", "code": blocker.code} for blocker in stops]
    counts = Counter(item["outcome"] for item in files)
    return {
        "files": files,
        "classes": findings.counts(),
        "counts": {name: counts[name] for name in OUTCOMES},
        "near_duplicates": findings.near.summary(),
    }


def as_text(title: str, findings: Findings) -> list[str]:
    """The report for people: a summary, what to do first, then the files left out."""
    lines = [title, ""]
    lines += [f"  {name:<12}{number:>8}" for name, number in as_dict(findings)["counts"].items()]
    if findings.sizes:
        sizes = [f"{size_text(size)} ({number})" for size, number in findings.sizes.most_common()]
        lines += ["", f"  height x width: {first_few(sizes, 3)}"]
        lines += [f"  channels: {'grey' if findings.channels == 1 else 'RGB'}"]
    classes = findings.counts()
    if classes:
        width = max(map(len, classes))
        lines += ["", "usable images of each class"] + [f"  {k:<{width}} {n:>7}" for k, n in classes.items()]
    if findings.blockers:
        lines += ["", "a run would stop"] + [f"  {blocker}" for blocker in findings.blockers]
    lines += [""] * bool(findings.notes) + [f"note: {note}" for note in findings.notes]
    for outcome, heading in (("quarantined", "left out"), ("fixed", "used, but changed")):
        lines += _by_code(findings, outcome, heading)
    return lines


def _by_code(findings: Findings, outcome: str, heading: str) -> list[str]:
    """Paths under each code; only those left out are named one by one."""
    groups: dict[str, list[str]] = defaultdict(list)
    for entry in findings.entries:
        if entry.outcome == outcome:
            groups[entry.code].append(f"    {entry.path}: {entry.detail}")
    lines = ["", heading] if groups else []
    for code, paths in sorted(groups.items()):
        lines.append(f"  {code} ({len(paths)})")
        if outcome == "quarantined":
            lines += limited(paths, _MAX_FILES_NAMED, "    ... and {} more")
    return lines


def _same(path: Path, other: str) -> bool:
    try:
        return path.resolve() == Path(other).resolve()
    except (OSError, RuntimeError):
        return False
