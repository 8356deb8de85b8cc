"""Images from elsewhere (another camera, another site): every arm is tested on them, and nothing is decided by them."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from augment.core.errors import DataError
from augment.core.progress import MAX_PROBLEM_LINES, limited
from augment.data.cleaning import examine
from augment.data.decoding.depth import white_like
from augment.data.entries import Entry
from augment.data.imageset import ImageSet
from augment.data.prepare import image_set
from augment.data.sources.disk import is_bare, shown
from augment.data.split.labelled import LabelledSet
from augment.data.split.split import nearest
from augment.params import Ingest

TOLERATED_CODES = ("one_class", "no_group")  # one class is enough to be tested on, and images may be their own groups


def read_external(
    folder: Path,
    ingest: Ingest,
    classes: Sequence[str],
    shape: tuple[int, ...],
    scale: Callable[[], Mapping[int, int]] = dict,
) -> ImageSet | None:
    """The usable images of a folder of class folders, brought to `shape`; None where nothing but a README is in it.

    shape: (C, H, W); scale: asked for where deep files are found: what becomes 255 in those of the set. What `ingest`
    says of groups, background, near duplicates and limits holds here too; where its pattern finds no group at all,
    every image is its own. Raises `DataError` for a folder that is not there, for what else would stop ingest, for a
    class that is not among `classes`, and for images brighter than the white of the set.
    """
    if not folder.is_dir():
        raise DataError(f"evaluate.external: there is no folder {shown(str(folder))}; make it, or name another")
    if is_bare(folder):
        return None
    channels, height, width = shape
    form = {"size": (height, width), "color": "grey" if channels == 1 else "rgb"}
    tolerant = {"source": "folder", "path": str(folder), "conflicts": "drop", "min_per_class": 1}
    findings = examine(ingest.model_copy(update=form | tolerant))
    if any(entry.deep for entry in findings.usable):
        white = scale()
        findings = examine(ingest.model_copy(update=form | tolerant), white)
        _require_within(findings.usable, white)
    problems = [str(blocker) for blocker in findings.blockers if blocker.code not in TOLERATED_CODES]
    problems += [
        f"class {shown(label)!r} is not among those that are trained; rename its folder, or take it away: "
        f"{nearest(label, classes)}"
        for label in findings.counts()
        if label not in classes
    ]
    if problems:
        where = f"evaluate.external: {shown(str(folder))}"
        raise DataError("\n".join(f"{where}: {line}" for line in limited(problems, MAX_PROBLEM_LINES)))
    for entry in findings.usable:
        entry.group = entry.group or entry.path
    return image_set(findings.usable, shape)


def _require_within(images: Sequence[Entry], scale: Mapping[int, int]) -> None:
    """Raises `DataError` where an image is brighter than the white of the set."""
    for entry in images:
        if entry.deep and not entry.deep.settled and scale:
            white = white_like(entry.deep.top, entry.deep.top, scale)
            if entry.deep.peak > white:
                raise DataError(
                    f"evaluate.external: {shown(entry.path)} has values up to {entry.deep.peak}, and in the set that "
                    f"is trained on {white} is white; save both on one scale"
                )


def check_apart(external: LabelledSet, seen: Sequence[LabelledSet]) -> None:
    """Raises `DataError` when an external image equals one of those that repeats train on or hold out as val."""
    known = {digest: source for side in seen for digest, source in zip(side.digests(), side.sources, strict=True)}
    for digest, source in zip(external.digests(), external.sources, strict=True):
        if digest in known:
            raise DataError(
                f"evaluate.external: {shown(str(source))} equals the training image {shown(known[digest])}, "
                "so it is not from elsewhere. Take such images out."
            )
