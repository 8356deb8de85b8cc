"""Defects carried onto good images: what they are in this set, at the size that is judged, and how they look."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from augment.data.imageset import ImageSet
from augment.data.originals import known_originals, read_originals
from augment.data.sizes import Size, read_sizes
from augment.evaluation.experiment.settings import judged_size_of
from augment.params import Params
from augment.synthesis.transplant.transplant import Finding, Transplant, transplant_settings, transplants
from pipeline.common import PREPARED

SHOWN = 4  # examples of a class in its picture


def carried_defects(train: ImageSet, params: Params, size: Size | None = None) -> tuple[dict[str, Transplant], list[Finding]]:
    """Of each class that can be translated, and what was found of each that was asked for; nothing is read where none
    can be. size: (H, W) of the lent images, None for the judged size. Raises `DataError` for originals that are gone.
    """
    settings = transplant_settings(params)
    if not settings.may_apply(train):
        return {}, []
    return transplants(train, larger_set(train, params, size), settings, params.seed)


def larger_set(train: ImageSet, params: Params, size: Size | None = None) -> ImageSet | None:
    """The training images at that size, from their originals; None where that is the working size."""
    working, native = read_sizes(PREPARED)
    chosen = size or judged_size_of(params, working, native)
    if chosen == working:
        return None
    images = read_originals(known_originals(PREPARED, params.ingest), train.sources.tolist(), chosen, train.images.shape[1])
    return ImageSet(images, train.labels, train.groups, train.sources)


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
