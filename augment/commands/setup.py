"""`augment init`: look at images and write the settings for them into params.yaml."""

import os
import shlex
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from augment import params
from augment.commands import check
from augment.commands.params_file import edited
from augment.core.errors import AugmentError, DataError
from augment.core.files import write_text
from augment.core.progress import MAX_PROBLEM_LINES, limited
from augment.data.cleaning import examine
from augment.data.clues.shapes import suggested_fit
from augment.data.clues.stems import quoted
from augment.data.entries import Blocker
from augment.data.findings import Findings
from augment.data.sizes import SIDES, Size, suggested_size
from augment.data.sources import folder
from augment.data.sources.disk import is_plain, shown
from augment.data.sources.images_csv import LIST
from augment.params import Ingest, Params
from augment.params.messages import as_yaml

OF_TABLES: dict[str, Any] = {"label_column": None, "group_column": None, "split_column": None, "columns": {}}
_CHOSEN = ("ingest.class_folder", "ingest.split")  # of a new path they are what they are by default
_SETTLED = {"mixed_sizes", "size_range"}
_SMALL_PX = 32  # images of one size without a longer side are kept as they are

ChooseSize = Callable[[Findings], tuple[Size, str]]
"""Images that are split -> working size, and why; it may raise `AugmentError`."""


def usual_size(findings: Findings) -> tuple[Size, str]:
    """The largest that a GAN learns on a processor, without a clock."""
    return suggested_size(findings.sizes, SIDES[0]), ""


@dataclass(frozen=True)
class Settled:
    """What a set needs: the images as a run will see them, split; dotted keys -> values; lines on both for people."""

    findings: Findings
    settings: dict[str, Any]
    lines: list[str]


def run(
    path: Path,
    params_path: Path = Path("params.yaml"),
    forecast: check.Forecast = lambda *_: [],
    choose_size: ChooseSize = usual_size,
) -> int:
    """Settle `ingest` in params.yaml for `path`, print what was found and set; returns 0.

    forecast: what a run will take and can show. Raises as `settle` does; params.yaml is then unchanged.
    """
    settled = settle(path, params_path, params.load(params_path), choose_size)
    write_text(params_path, edited(params_path, settled.settings))
    print("\n".join(settled.lines), flush=True)
    print("\n".join(["", *forecast(settled.findings), "", "Next: `dvc repro`"]))
    return 0


def settle(path: Path, params_path: Path, before: Params, choose_size: ChooseSize = usual_size) -> Settled:
    """Look at images and find the settings for them; writes nothing.

    path: a folder with one sub-folder per class, a folder with IDX files, or a list of images.
    before: what else is set; choose_size: the working size, by what a run takes.
    Raises `DataError` when the set holds something that would stop a run and that no setting settles, or that DVC
    cannot pass.
    """
    source = folder.detect(path)
    if source == "list" and path.is_dir():
        path /= LIST  # DVC then watches the table alone, not all that lies beside it
    stored = stored_path(path, params_path)
    params.check({"ingest": {"path": stored}}, str(params_path))  # before a long look at it
    own = before.ingest.group_pattern if (before.ingest.source, before.ingest.path) == (source, stored) else None
    general = {"source": source, "path": str(path), "size": None, "color": "auto", "group_pattern": own}
    fresh = OF_TABLES | ({"class_folder": "auto", "split": "declared"} if before.ingest.path != stored else {})
    ingest = before.ingest.model_copy(update=general | fresh | {"train_per_class": None})
    findings, blockers = _seen(ingest, before)
    size, reasons = _working_size(findings, ingest, before, choose_size)
    settings = _settings(stored, source, findings, size, reasons)
    settings |= {key: value for key, value in fresh.items() if getattr(before.ingest, key) != value}
    pattern, refused = own, None
    if size or findings.stems:  # again, as a run will see them
        form = {"size": size, "fit": settings.get("fit", ingest.fit)}
        pattern, findings, blockers, refused = _as_grouped(findings, ingest.model_copy(update=form), before)
    if pattern != before.ingest.group_pattern:
        settings["group_pattern"] = pattern
    _refuse(path, blockers + check.hazard_blockers(path, findings))
    lines = _summary(path, params_path, findings, settings, reasons, refused)
    return Settled(findings, {f"ingest.{key}": value for key, value in settings.items()}, lines)


def _seen(ingest: Ingest, before: Params) -> tuple[Findings, list[Blocker]]:
    """The images under these settings, split where they can be, and what no setting of theirs settles."""
    findings = examine(ingest)
    blockers = [blocker for blocker in findings.blockers if blocker.code not in _SETTLED]
    if not blockers and not (findings.blockers and ingest.size is None):
        blockers = check.split_blockers(findings, ingest, before) + check.override_blockers(findings, before)
    return findings, blockers


def _as_grouped(
    findings: Findings, ingest: Ingest, before: Params
) -> tuple[str | None, Findings, list[Blocker], Blocker | None]:
    """The groups that names tell of, or those before where they leave too few for a split: `group_pattern`, what is
    seen with it, and what refused the other."""
    own, refused = ingest.group_pattern, None
    for pattern in dict.fromkeys((findings.stems.pattern if findings.stems else own, own)):
        findings, blockers = _seen(ingest.model_copy(update={"group_pattern": pattern}), before)
        if not blockers:
            break
        refused = refused or blockers[0]
    return pattern, findings, blockers, refused


def _refuse(path: Path, blockers: list[Blocker]) -> None:
    lines = [str(blocker) for blocker in blockers]
    if not is_plain(str(path)):
        lines.append(f"{shown(str(path))}: the path is not plain UTF-8; rename the folder")
    if lines:
        command = f"Nothing was written. `augment check {shlex.quote(shown(str(path)))}` shows every file."
        chosen = (
            "Where you choose a setting of `ingest` that is named here, write it and `ingest.path` into params.yaml, "
        )
        named = [chosen + "and run this again."] * any(name in line for line in lines for name in _CHOSEN)
        raise DataError("\n".join([*limited(lines, MAX_PROBLEM_LINES), *named, command]))


def _working_size(
    findings: Findings, ingest: Ingest, before: Params, choose: ChooseSize
) -> tuple[Size | None, list[str]]:
    """None where images have one small size, which they keep; and why."""
    mixed = any(blocker.code in _SETTLED for blocker in findings.blockers)
    if not findings.sizes or not (mixed or max(map(max, findings.sizes)) > _SMALL_PX):
        return None, []
    size, reasons = suggested_size(findings.sizes, SIDES[0]), []
    others = [blocker for blocker in findings.blockers if blocker.code not in _SETTLED]
    if not others and (findings.is_split or not check.split_blockers(findings, ingest, before)):
        with suppress(AugmentError):  # what no size mends is told when the settings are written
            size, why = choose(findings)
            reasons = [why] * bool(why)
    return (size if mixed or size not in findings.sizes else None), reasons


def _settings(path: str, source: str, findings: Findings, size: Size | None, reasons: list[str]) -> dict[str, Any]:
    """The keys of `ingest` that depend on the images; a reason for the fit is added to the others."""
    settings = {
        "source": source,
        "path": path,
        "size": list(size) if size else None,
        "color": "grey" if findings.channels == 1 else "rgb",
        "train_per_class": None,
    }
    if size:
        settings["fit"], reason = suggested_fit(findings.sizes, size)
        reasons.append(f"ingest.fit: {settings['fit']}: {reason}")
    return settings


def stored_path(path: Path, params_path: Path) -> str:
    """Relative to params.yaml, where DVC and the stages start from; absolute outside its folder."""
    absolute = Path(os.path.abspath(path))  # noqa: PTH100  (resolve() would leave through links)
    project = Path(os.path.abspath(params_path)).parent  # noqa: PTH100  (the same)
    return (absolute.relative_to(project) if absolute.is_relative_to(project) else absolute).as_posix()


def _summary(
    path: Path,
    params_path: Path,
    findings: Findings,
    settings: dict[str, Any],
    reasons: Sequence[str],
    refused: Blocker | None,
) -> list[str]:
    counts = findings.counts()
    codes = Counter(entry.code for entry in findings.entries if entry.outcome == "quarantined")
    usable = f"{sum(counts.values())} usable images"
    lines = [f"{shown(str(path))}: {usable}, {len(counts)} classes, {codes.total()} files left out"]
    if codes:
        why = ", ".join(f"{number} {code}" for code, number in codes.most_common())
        lines.append(f"  left out: {why} (`augment check {shlex.quote(shown(str(path)))}` names them)")
    lines += [f"  {shown(label)}: {number}" for label, number in counts.items()]
    lines += [f"note: {note}" for note in findings.notes]
    lines += [f"set in {params_path}:"]
    for key, value in settings.items():
        lines.append(f"  ingest.{key}: {quoted(value) if key == 'group_pattern' and value else as_yaml(value)}")
    if settings["size"]:
        lines.append(
            "  (the images have several sizes or large ones: all become this size; edit ingest.size to change it)"
        )
    lines += [f"  ({reason})" for reason in reasons]
    if settings.get("group_pattern"):
        groups, together = findings.grouped()
        lines.append(
            f"  (names tell of {groups} groups among {together} images, which no split divides now; "
            "if each image shows a thing of its own, write `group_pattern: null`)"
        )
    elif refused:
        lines.append(f"  (no groups by name: with them a run would stop: {refused.message})")
    return lines
