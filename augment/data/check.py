"""`augment check`: what an image folder, IDX files or a list hold and what would stop a run, changing nothing."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from augment.core.errors import DataError
from augment.data.entries import OUTCOMES, Blocker, Entry
from augment.data.sources.disk import dvc_hazards, shown
from augment.data.sources.images_csv import LIST

if TYPE_CHECKING:
    from augment.data.cleaning import Findings
    from augment.params import Ingest, Params

Forecast = Callable[[tuple[int, int, int], Mapping[str, int]], list[str]]
"""(C, H, W) and the images of each class -> lines on what a run will take."""

Preflight = Callable[[tuple[int, int, int], Sequence[Entry], "Params"], list[Blocker]]
"""(C, H, W), the images of the set, split, and the settings -> what a later stage could not begin with."""

ON_DISK = ("folder", "idx", "list")
_MAX_FILES_NAMED = 20


def run(
    path: Path | None,
    params: "Params",
    as_json: bool,
    obstacles: Iterable[tuple[str, str]] = (),
    preflight: Preflight = lambda shape, images, params: [],
    forecast: Forecast = lambda shape, counts: [],
) -> int:
    """Print the report on `path`; 1 when something would stop a run, else 0.

    path: None for what `ingest` names, a built-in set included. obstacles: (code, message) of what else would stop it.
    preflight: what `experiment` could not begin with, asked of the set that `ingest` names.
    forecast: what a run will take, for the text about a set that nothing stops.
    """
    findings = inspect(path, params)
    is_own_set = is_own(path, params)
    obstacle_blockers = [
        Blocker("params.yaml", code, message) for code, message in obstacles if is_own_set or code == "missing_key"
    ]
    findings.blockers.extend(obstacle_blockers)
    if is_own_set and not findings.blockers:
        findings.blockers.extend(preflight(image_shape(findings), findings.usable, params))
    if as_json:
        print(json.dumps(as_dict(findings), indent=2, sort_keys=True))
    else:
        title = params.ingest.path if params.ingest.source in ON_DISK else f"{params.ingest.source} (built in)"
        print("\n".join(as_text(shown(str(path or title)), findings)), flush=True)
        lines = [] if findings.blockers else forecast(image_shape(findings), findings.counts())
        print("\n".join(["", *lines]) if lines else "", end="\n" if lines else "")
    return 1 if findings.blockers else 0


def check_folder(path: Path, params: "Params") -> dict[str, Any]:
    """The report on `path` as `{"files": [...], "classes": {...}, "counts": {...}, "near_duplicates": {...}}`."""
    return as_dict(inspect(path, params))


def inspect(path: Path | None, params: "Params") -> "Findings":
    """Everything about the images of a folder, IDX files or list, under the settings of `params` meant for them.

    Source, size, colour, groups, split and overrides belong to one set: they count only when `ingest` names this one.
    """
    from augment.data import prepare  # noqa: PLC0415  (numpy and Pillow, not for `augment --help`)
    from augment.data.sources import folder as sources  # noqa: PLC0415  (numpy and Pillow, not for `augment --help`)

    ingest, is_own_set = params.ingest, is_own(path, params)
    if path is not None:
        general = {"source": ingest.source if is_own_set else sources.detect(path), "path": str(path)}
        unsettled = {} if is_own_set else {"size": None, "color": "auto", "group_pattern": None}
        ingest = ingest.model_copy(update=general | unsettled)
    findings = prepare.examine(ingest)
    if is_own_set and not findings.blockers:
        findings.blockers.extend(split_blockers(findings, ingest, params))
        findings.blockers.extend(override_blockers(findings, params))
    watched = Path(ingest.path) / LIST if ingest.source == "list" and not is_own_set else Path(ingest.path)
    findings.blockers.extend(hazard_blockers(watched, findings))
    for watched_too in (params.train.base, params.evaluate.external) if is_own_set else ():
        findings.blockers.extend(hazard_blockers(Path(watched_too), findings))
    return findings


def image_shape(findings: "Findings") -> tuple[int, int, int]:
    """(C, H, W) of the images of a set that nothing stops."""
    height, width = next(entry.pixels.shape[:2] for entry in findings.usable if entry.pixels is not None)
    return findings.channels, height, width


def is_own(path: Path | None, params: "Params") -> bool:
    """Whether `ingest` names this set: None stands for what it names."""
    if path is None:
        return True
    return params.ingest.source in ON_DISK and any(_same(one, params.ingest.path) for one in (path, path / LIST))


def split_blockers(findings: "Findings", ingest: "Ingest", params: "Params") -> list[Blocker]:
    """What makes the set impossible to split, or to repeat where that is asked for; else its entries are split."""
    from augment.data import prepare  # noqa: PLC0415  (numpy and Pillow, as above)
    from augment.data.split import pool  # noqa: PLC0415  (numpy and Pillow, as above)

    try:
        prepare.assign_splits(findings.entries, ingest, params.seed)
    except DataError as error:
        return [Blocker(shown(ingest.path), "no_split", line) for line in str(error).splitlines()]
    try:
        if params.evaluate.protocol == "repeated":
            pool.check_split(findings.usable, params.evaluate.repeats)
    except DataError as error:
        return [Blocker("params.yaml", "no_repeats", str(error))]
    return []


def override_blockers(findings: "Findings", params: "Params") -> list[Blocker]:
    """Settings of single classes that are not there."""
    from augment.data.split.split import nearest  # noqa: PLC0415  (numpy)

    classes = findings.counts()
    return [
        Blocker(
            "params.yaml", "unknown_class", f"train.overrides: there is no class {label!r}; {nearest(label, classes)}"
        )
        for label in params.train.overrides
        if label not in classes
    ]


def hazard_blockers(folder: Path, findings: "Findings") -> list[Blocker]:
    """Names in a folder that end `dvc repro` before the pipeline starts; their files are marked as such too."""
    blockers = []
    for name, reason in dvc_hazards(folder):
        message = f"`dvc repro` cannot pass {name}: {reason}; remove or rename it"
        for entry in findings.entries:
            if entry.path == name:
                entry.reject("stop", "dvc_cannot_pass", message)
        blockers.append(Blocker(name, "dvc_cannot_pass", message))
    return blockers


def as_dict(findings: "Findings") -> dict[str, Any]:
    """The machine-readable report; folders that stop a run stand among the files."""
    files = [{"path": e.path, "outcome": str(e.outcome), "code": e.code} for e in findings.entries]
    stopped = {entry.path for entry in findings.entries if entry.outcome == "stop"}
    files += [
        {"path": blocker.path, "outcome": "stop", "code": blocker.code}
        for blocker in findings.blockers
        if blocker.path not in stopped
    ]
    counts = Counter(item["outcome"] for item in files)
    return {
        "files": files,
        "classes": findings.counts(),
        "counts": {name: counts[name] for name in OUTCOMES},
        "near_duplicates": findings.near.summary(),
    }


def as_text(title: str, findings: "Findings") -> list[str]:
    """The report for people: a summary, what to do first, then the files left out."""
    lines = [title, ""]
    lines += [f"  {name:<12}{number:>8}" for name, number in as_dict(findings)["counts"].items()]
    if findings.sizes:
        most = ", ".join(f"{h}x{w} ({n})" for (h, w), n in findings.sizes.most_common(3))
        lines += ["", f"  height x width: {most}{', ...' if len(findings.sizes) > 3 else ''}"]
        lines += [f"  channels: {'grey' if findings.channels == 1 else 'RGB'}"]
    classes = findings.counts()
    if classes:
        width = max(map(len, classes))
        lines += ["", "usable images of each class"] + [f"  {k:<{width}} {n:>7}" for k, n in classes.items()]
    if findings.blockers:
        lines += ["", "a run would stop"] + [
            f"  {blocker.path}: {blocker.code}: {blocker.message}" for blocker in findings.blockers
        ]
    lines += [""] * bool(findings.notes) + [f"note: {note}" for note in findings.notes]
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
            more = [f"    ... and {len(paths) - _MAX_FILES_NAMED} more"] if len(paths) > _MAX_FILES_NAMED else []
            lines += paths[:_MAX_FILES_NAMED] + more
    return lines


def _same(one: Path, other: str) -> bool:
    try:
        return one.resolve() == Path(other).resolve()
    except (OSError, RuntimeError):
        return False
