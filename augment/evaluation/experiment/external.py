"""Images from elsewhere (another camera, another site): every arm is tested on them, and nothing is decided by them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from augment.core.errors import DataError
from augment.data import cleaning
from augment.data.imageset import ImageSet
from augment.data.prepare import image_set
from augment.data.sources.disk import is_bare, shown
from augment.data.split.split import nearest
from augment.evaluation.experiment.protocol import Protocol, Replicate, Splits
from augment.evaluation.statistics.metric_table import MetricTable
from augment.params import Ingest
from augment.params.arms import BASELINE_ARM, Arm, ArmKind

EXTERNAL_COLUMNS = (
    "arm", "kind", "figure", "images", "groups", "mean", "low", "high", "gain", "gain_low", "gain_high",
    "internal_mean", "internal_low", "internal_high",
)  # fmt: skip
TOLERATED_CODES = ("one_class", "no_group")  # one class is enough to be tested on, and images may be their own groups
_MAX_PROBLEM_LINES = 20


def read_external(folder: Path, ingest: Ingest, classes: Sequence[str], shape: tuple[int, ...]) -> ImageSet | None:
    """The usable images of a folder of class folders, brought to `shape`; None where nothing but a README is in it.

    shape: (C, H, W). What `ingest` says of groups, background, near duplicates and limits holds here too; where its
    pattern finds no group at all, every image is its own. Raises `DataError` for a folder that is not there, for what
    else would stop ingest, and for a class that is not among `classes`.
    """
    if not folder.is_dir():
        raise DataError(f"evaluate.external: there is no folder {shown(str(folder))}; make it, or name another")
    if is_bare(folder):
        return None
    channels, height, width = shape
    findings = cleaning.examine(
        folder,
        group_pattern=ingest.group_pattern,
        size=(height, width),
        color="grey" if channels == 1 else "rgb",
        background=ingest.background,
        conflicts="drop",
        near_duplicates=ingest.near_duplicates,
        min_per_class=1,
        max_file_mb=ingest.max_file_mb,
        max_pixels=ingest.max_pixels,
    )
    blockers = [blocker for blocker in findings.blockers if blocker.code not in TOLERATED_CODES]
    problems = [f"{blocker.path}: {blocker.code}: {blocker.message}" for blocker in blockers]
    problems += [
        f"class {shown(label)!r} is not among those that are trained; rename its folder, or take it away: "
        f"{nearest(label, classes)}"
        for label in findings.counts()
        if label not in classes
    ]
    if problems:
        more = [f"... and {len(problems) - _MAX_PROBLEM_LINES} more"] if len(problems) > _MAX_PROBLEM_LINES else []
        raise DataError(
            "\n".join(
                f"evaluate.external: {shown(str(folder))}: {line}" for line in problems[:_MAX_PROBLEM_LINES] + more
            )
        )
    for entry in findings.usable:
        entry.group = entry.group or entry.path
    return image_set(findings.usable, channels, (height, width))


def check_apart(external: ImageSet, seen: Sequence[ImageSet]) -> None:
    """Raises `DataError` when an external image equals one of those that repeats train on or hold out as val."""
    known = {image.tobytes(): source for side in seen for image, source in zip(side.images, side.sources, strict=True)}
    for image, source in zip(external.images, external.sources, strict=True):
        if image.tobytes() in known:
            raise DataError(
                f"evaluate.external: {shown(str(source))} equals the training image {shown(known[image.tobytes()])}, "
                "so it is not from elsewhere. Remove such images from the folder."
            )


def external_protocol(protocol: Protocol, external: ImageSet) -> Protocol:
    """The same repeats with the external images as their test."""
    swapped = {id(splits): Splits(splits.train, splits.val, external) for splits in protocol.unique_splits}
    return replace(
        protocol,
        replicates=[Replicate(replicate.seed, swapped[id(replicate.splits)]) for replicate in protocol.replicates],
    )


def external_rows(
    table: MetricTable, external: ImageSet, internal: Sequence[Mapping[str, Any]], kinds: Mapping[Arm, ArmKind]
) -> list[dict[str, Any]]:
    """The rows of external.csv: every arm with its interval and its gain over `none`, beside its row of arms.csv."""
    beside = {row["arm"]: row for row in internal}
    groups = len(np.unique(external.groups))
    rows = []
    for arm, kind in kinds.items():
        estimate, gain = table.estimate(arm), table.estimate(arm, BASELINE_ARM)
        low, high = estimate.interval(0.95, minimum=0.0)
        gain_low, gain_high = (0.0, 0.0) if arm == BASELINE_ARM else gain.interval(0.95)
        row = {
            "arm": arm, "kind": kind, "figure": table.name, "images": len(external), "groups": groups,
            "mean": estimate.mean, "low": low, "high": high, "gain": gain.mean,
            "gain_low": gain_low, "gain_high": gain_high,
        }  # fmt: skip
        rows.append(row | {f"internal_{key}": beside[arm][key] for key in ("mean", "low", "high")})
    return rows
