"""data/prepared/ as both stages of the comparison read it, and data/experiment/, which one hands to the other."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from augment.core.files import json_text, read_json, read_rows, sha256, write_bytes, write_json
from augment.data.checksums import check_files, write_checksums
from augment.data.imageset import ImageSet
from augment.data.rows.rowset import RowSet, holds_rows, load_side
from augment.evaluation.experiment.protocol import Splits
from augment.evaluation.samples.copies import CopyRow
from augment.evaluation.samples.membership import MembershipRow
from augment.evaluation.scores import Float32, SideScores, load_scores, save_scores
from augment.params import Evaluate
from augment.params.arms import Arm
from augment.project.sealed import write_sealed
from pipeline.common import ARM_SECONDS, EXPERIMENT, PREPARED, REPEAT_MINUTES

SCORES = EXPERIMENT / "scores.safetensors"
EXTERNAL = EXPERIMENT / "external"
FACTS = EXPERIMENT / "experiment.json"
ENVIRONMENT = EXPERIMENT / "environment.json"

NamedScores = Mapping[str, Sequence[Float32]]
RowType = TypeVar("RowType", CopyRow, MembershipRow)


@dataclass(frozen=True)
class Facts:
    """experiment.json: what a verdict tells of an experiment beside its scores.

    announced: the smallest gain that was expected to show, None for none
    arms: those that ran; base: the one that arms with made images build on, None for none
    failed: label -> repeats in which its GAN failed
    pinned: what the manifest in `train.base` says of its training, None where nothing is pinned
    backbone: the files of the user's own network -> their SHA-256, as they were; DVC does not watch them
    seen_size: (height, width) that backbones were shown, None where that is the working size
    """

    announced: float | None
    arms: tuple[Arm, ...]
    base: Arm | None
    failed: Mapping[str, int]
    pinned: Mapping[str, Any] | None
    backbone: Mapping[str, str]
    seen_size: Sequence[int] | None

    def write(self) -> None:
        write_json(FACTS, asdict(self))

    @staticmethod
    def read() -> "Facts":
        """Raises `DataError` when the file is missing or damaged."""
        keys = [field.name for field in fields(Facts)]
        values = read_json(FACTS, keys)
        return Facts(**{key: values[key] for key in keys})


def load_prepared(settings: Evaluate) -> tuple[Splits[Any], Any]:
    """The delivered split, of images or of rows, and what it left over where that is asked for."""
    kind = RowSet if holds_rows(PREPARED / "train") else ImageSet
    splits = Splits(*(kind.load(PREPARED / side) for side in ("train", "val", "test")))
    wanted = settings.protocol == "repeated" or settings.learning_curve == "on"
    return splits, kind.load(PREPARED / "pool") if wanted else splits.val.take([])


def begin_experiment() -> None:
    """Nothing of an earlier run stays, as under DVC."""
    shutil.rmtree(EXPERIMENT, ignore_errors=True)


def write_scores(
    scores: SideScores, by_size: NamedScores, second: NamedScores, external: ImageSet | RowSet | None
) -> None:
    """All scores in one file, and the external images that they are of.

    by_size: of the learning curve; second: of the second classifier.
    """
    parts = {"val": scores.val, "test": scores.test, "external": scores.external}
    save_scores(SCORES, {**parts, "learning_curve": by_size, "second_classifier": second})
    if external is not None:
        external.save(EXTERNAL)


def end_experiment() -> None:
    """The last file names all others with their hashes; external images have hashes of their own."""
    write_checksums(EXPERIMENT, sorted(path.name for path in EXPERIMENT.iterdir() if path.is_file()))


def check_written() -> None:
    """Raises `DataError` naming a file of data/experiment that is missing or another than the one that was written."""
    check_files(EXPERIMENT)


def read_scores() -> tuple[SideScores, NamedScores, NamedScores, ImageSet | RowSet | None]:
    """What `write_scores` wrote. Raises `DataError` where it is missing or damaged."""
    parts = load_scores(SCORES)
    scores = SideScores(parts.get("val", {}), parts.get("test", {}), parts.get("external", {}))
    external = load_side(EXTERNAL) if EXTERNAL.exists() else None
    return scores, parts.get("learning_curve", {}), parts.get("second_classifier", {}), external


def scores_digest() -> str:
    """SHA-256 of the scores: what was found beside them belongs to this experiment and no other."""
    return sha256(SCORES.read_bytes())


def write_times(seconds: Mapping[Arm, float], repeat_minutes: float) -> None:
    """To the work store, since outputs hold no times. seconds: of one processor, for all repeats of an arm;
    repeat_minutes: that a repeat more was expected to take."""
    write_sealed(ARM_SECONDS, scores_digest(), json_text(dict(seconds)).encode())
    write_sealed(REPEAT_MINUTES, scores_digest(), json_text(repeat_minutes).encode())


def copy_sample_tables(folder: Path) -> None:
    """They belong to the results, byte by byte, and so does where they were made."""
    for path in (*sorted(EXPERIMENT.glob("*.csv")), ENVIRONMENT):
        write_bytes(folder / path.name, path.read_bytes())


def read_typed(name: str, row_type: type[RowType]) -> list[RowType]:
    """The rows of data/experiment/<name>.csv as the frozen values that they were written from; None stands as empty.

    Raises `DataError` where the file is missing or damaged.
    """
    types = {field.name: field.type for field in fields(row_type)}
    rows = read_rows(EXPERIMENT / f"{name}.csv", list(types))
    return [row_type(**{key: _value(row[key], kind) for key, kind in types.items()}) for row in rows]


def _value(text: str, kind: Any) -> Any:
    if kind is str:
        return text
    if kind is int:
        return int(text)
    return float(text) if text else None
