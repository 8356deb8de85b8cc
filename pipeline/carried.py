"""Defects carried onto good images: what they are in this set, at the size that is judged, and how they look."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from augment.data.imageset import ImageSet
from augment.data.originals import known_originals, read_originals
from augment.data.sizes import Size, read_sizes
from augment.evaluation.experiment.settings import judged_size_of
from augment.params import Params
from augment.synthesis.transplant.transplant import Finding, Transplant, at_size, transplant_settings, transplants
from pipeline.common import PREPARED

MAX_CARRIED_PX = 512  # shorter side: larger ones of all lent images would fill the memory
SHOWN, ACROSS = 4, 8  # examples of a class in its picture, pictures in a row: two examples


def larger_set(train: ImageSet, params: Params, size: Size | None = None) -> ImageSet | None:
    """The training images at that size, from their originals; None where that is the working size."""
    working, native = read_sizes(PREPARED)
    chosen = size or judged_size_of(params, working, native)
    if chosen == working:
        return None
    names, channels = train.sources.tolist(), train.images.shape[1]
    images = read_originals(known_originals(PREPARED, params.ingest), names, chosen, channels)
    return ImageSet(images, train.labels, train.groups, train.sources)


def carried_again(
    train: ImageSet, kept: Mapping[str, Sequence[Mapping[str, str]]], size: Size, params: Params
) -> dict[str, Iterator[NDArray[np.uint8]]]:
    """Samples of data/synthetic once more, by label: at the delivered size, or at that which was judged where more than
    512 px would be. kept: their rows. Raises `DataError` for originals that are gone."""
    judged = larger_set(train, params)
    carrying, _ = transplants(train, judged, transplant_settings(params), params.seed)
    delivered = larger_set(train, params, size) if min(size) <= MAX_CARRIED_PX else None
    if delivered is not None and (judged is None or delivered.images.shape != judged.images.shape):
        carrying = {label: at_size(one, delivered) for label, one in carrying.items() if label in kept}
    return {label: _again(carrying[label], rows) for label, rows in kept.items()}


def _again(one: Transplant, rows: Sequence[Mapping[str, str]]) -> Iterator[NDArray[np.uint8]]:
    for row in rows:
        yield one.larger(one.draws(1, seed=int(row["seed"]), start=int(row["index"])))[0]


def finding_rows(findings: list[Finding], carrying: Mapping[str, Transplant]) -> list[dict[str, object]]:
    """Rows of transplants.csv."""
    return [
        {
            "label": one.label,
            "lender": one.lender,
            "translated": int(one.label in carrying),
            "way": one.way,
            "images": one.images,
            "usable": one.usable,
            "reason": one.reason,
        }
        for one in findings
    ]


def examples(images: NDArray[np.uint8], one: Transplant, seed: int) -> list[NDArray[np.uint8]]:
    """Pictures uint8 (C, H, W), in rows of four: a defective image, what was found on it, a good image, and the sample.

    images: of the class, as large as the lent ones.
    """
    draws = one.draws(SHOWN, seed=seed)
    at = {int(position): number for number, position in enumerate(one.positions)}
    lent = {int(position): number for number, position in enumerate(one.lenders)}
    made, shown = one.larger(draws), list[NDArray[np.uint8]]()
    for number, (source, lender) in enumerate(zip(draws.source.tolist(), draws.lender.tolist(), strict=True)):
        change = one.changes[at[source]].numpy()
        found = (127.5 + 127.5 * change).round().clip(0, 255).astype(np.uint8)
        shown += [images[source], found, one.lent[lent[lender]], made[number]]
    return shown
