"""What data/augmented/train holds, for the first look: how much, and a few real images beside made ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from augment.core.files import Rows
from augment.data.delivered import read_manifest, read_recipe
from augment.data.imageset import UInt8
from augment.synthesis.training_code.augmented import AugmentedDataset

SHOWN = 6  # of each kind
MADE_NAME = "synthetic-"  # what `assemble` calls samples; real images that were treated as samples have another name


@dataclass(frozen=True)
class Look:
    """A real and a made image of one class, uint8 (C, H, W), each of its own size; made: None for none."""

    label: str
    real: UInt8
    made: UInt8 | None


@dataclass(frozen=True)
class Delivered:
    """real, made: images of data/augmented/train, those that were treated as samples are among the made ones

    looks: at most `SHOWN`; made images that are not delivered stand there where none are
    """

    real: int
    made: int
    looks: Sequence[Look]


def read_delivered(folder: Path, kept: Mapping[str, UInt8]) -> Delivered:
    """folder: data/augmented; kept: label -> samples of data/synthetic (N, C, H, W), shown where none are delivered.

    The first of each class, class by class, and not picked. Raises `DataError` where the folder is missing or damaged.
    """
    train = [row for row in read_manifest(folder) if row["split"] == "train"]
    real, made = ([row for row in train if row["synthetic"] == kind] for kind in "01")
    classes = read_recipe(folder).classes
    of_real, of_made = (
        by_class(rows, classes) for rows in (real, [row for row in made if f"/{MADE_NAME}" in f"/{row['path']}"])
    )
    counts = {label: len(of_made.get(label, [])) if of_made else len(kept[label]) for label in of_real}
    turns = first_turns({label: min(count, len(of_real[label])) for label, count in counts.items()}, SHOWN)
    if not turns:
        turns = first_turns({label: len(rows) for label, rows in of_real.items()}, SHOWN)
    reals = read_images(folder, [of_real[label][turn] for label, turn in turns])
    mades: Sequence[UInt8 | None]
    if of_made:
        mades = read_images(folder, [of_made[label][turn] for label, turn in turns])
    else:
        mades = [kept[label][turn] if turn < len(kept[label]) else None for label, turn in turns]
    labels = [label for label, _ in turns]
    return Delivered(len(real), len(made), [Look(*each) for each in zip(labels, reals, mades, strict=True)])


def first_turns(counts: Mapping[str, int], wanted: int) -> list[tuple[str, int]]:
    """Class by class, each class's first image, then its second, and so on: (label, number within the class)."""
    turns = [(label, turn) for turn in range(wanted) for label, count in counts.items() if turn < count]
    return turns[:wanted]


def by_class(rows: Rows, classes: Sequence[str]) -> dict[str, Rows]:
    """The rows of each class that has any, in the order of `classes`."""
    found = {label: [row for row in rows if row["label"] == label] for label in classes}
    return {label: of_class for label, of_class in found.items() if of_class}


def read_images(folder: Path, rows: Rows) -> list[UInt8]:
    """As whoever trains on them reads them."""
    if not rows:
        return []
    images = AugmentedDataset(folder, [{**row, "weight": "1"} for row in rows], read_recipe(folder), None, None, None)
    return [images[position][0].numpy() for position in range(len(images))]
