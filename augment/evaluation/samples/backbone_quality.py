"""Made images at the size that they are used at, held against real ones in a backbone's features: KID, and copies.

The filter looks at the working size with classifiers of its own, so it has chosen nothing by this space.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from augment.core.seeds import derive_seed, numpy_rng
from augment.data.imageset import ImageSet
from augment.evaluation.arms.seen import Look, see_made
from augment.evaluation.samples.copies import CopyRow, copy_rate
from augment.evaluation.samples.made_and_real import Features, SeenClass, most_of_class, some
from augment.evaluation.samples.quality import EmbeddedImages, Row, quality_row, space_rows

SPACE = "backbone"
HeldOut = tuple[Features, NDArray[np.str_]]  # of test images of a class: features (n, D), groups (n,)


def backbone_rows(test: ImageSet, seen: Sequence[SeenClass], look: Look, seed: int) -> list[Row]:
    """Rows of quality.csv, of the classes that have samples; none where no class has. seen: with its samples."""
    sampled = [one for one in seen if one.made_of.kind == "samples"]
    labels = [one.made_of.label for one in sampled]
    held = {label: _held_out(test, label, look, seed, most_of_class(len(test.classes))) for label in labels}
    scale = _usual([one.real for one in sampled])
    embedded = EmbeddedImages(
        {one.made_of.label: one.real / scale for one in sampled},
        {label: features / scale for label, (features, _) in held.items()},
        {one.made_of.label: one.made[: len(one.real)] / scale for one in sampled},
    )
    return [*space_rows(SPACE, [embedded], labels, labels), *_copy_rows(sampled, held, seed)] if sampled else []


def _held_out(test: ImageSet, label: str, look: Look, seed: int, most: int) -> HeldOut:
    """Of test images of the class, at most so many."""
    own = test.of_class(label)
    own = own.take(some(len(own), most, derive_seed(seed, "held out", label)).tolist())
    return see_made(look.shown(own.images), look, 0, augmented=False)[0], own.groups


def _usual(features: Sequence[Features]) -> float:
    """Root mean square: KID's kernel asks for numbers of about 1."""
    values = np.concatenate([np.zeros(0, np.float64), *(part.ravel() for part in features)])
    return float(np.sqrt((values**2).mean())) if values.any() else 1.0


def _copy_rows(sampled: Sequence[SeenClass], held: dict[str, HeldOut], seed: int) -> Iterator[Row]:
    """How many made images lie as near to a training image as held-out images hardly ever do."""
    rows: list[CopyRow] = copy_rate(
        {one.made_of.label: one.made for one in sampled},
        {one.made_of.label: one.real for one in sampled},
        {label: features for label, (features, _) in held.items()},
        {label: groups for label, (_, groups) in held.items()},
        numpy_rng(seed, "copies", SPACE),
    )
    for row in rows:
        yield quality_row(
            row.label, SPACE, "near_copy", row.synthetic_rate, row.control_rate, row.synthetic, row.control, row.note
        )
