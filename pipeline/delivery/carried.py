"""Samples whose defects are carried onto other images, made again from originals."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from augment.data.imageset import ImageSet
from augment.data.sizes import Size
from augment.gan.bundle import kept_generators
from augment.gan.translate.translator import CHUNK
from augment.params import Params
from augment.synthesis.transplant.carrying import Translated, joined_draws
from augment.synthesis.transplant.settings import transplant_settings
from augment.synthesis.transplant.transplant import Transplant, changes_at, transplants
from pipeline.common import MODELS
from pipeline.delivery.files import NOTHING_LENT, DeliveredFile, Lent
from pipeline.delivery.making import as_files
from pipeline.delivery.size import Delivery

UInt8 = NDArray[np.uint8]
Rows = Sequence[Mapping[str, str]]


def carrying_of(train: ImageSet, labels: Sequence[str], params: Params) -> dict[str, Transplant]:
    """How samples of these classes were made."""
    if not labels:
        return {}
    settings, translators = transplant_settings(params), kept_generators(MODELS).translators
    carrying, _ = transplants(train, None, settings, params.seed, translators)
    return {label: carrying[label] for label in labels}


def lent_for(carrying: Mapping[str, Transplant], train: ImageSet, size: Size) -> Lent:
    """The originals that these samples are made of: those that defects are carried onto, and those that have them."""
    if not carrying:
        return NOTHING_LENT
    of = [one.lenders for one in carrying.values()]
    of += [
        np.flatnonzero(train.labels == label)[one.positions]
        for label, one in carrying.items()
        if one.translator is None
    ]
    images = np.zeros((*train.images.shape[:2], *size), dtype=np.uint8)
    return Lent(frozenset(np.concatenate(of).tolist()), images)


def carried_files(
    carrying: Mapping[str, Transplant], train: ImageSet, lent: Lent, rows: Mapping[str, Rows], delivery: Delivery
) -> Iterator[DeliveredFile]:
    """The samples at the size of what is lent, in any order; rows: of data/synthetic/manifest.csv, by label."""
    if not carrying:
        return
    larger = ImageSet(lent.images, train.labels, train.groups, train.sources)
    for label, one in carrying.items():
        for part, contents in delivery.engine.stream(as_files, _again(one, larger, rows[label])):
            for position, content in enumerate(contents, part * CHUNK):
                yield DeliveredFile("synthetic", label, position, content)


def _again(one: Transplant, larger: ImageSet, rows: Rows) -> Iterator[UInt8]:
    """`CHUNK` of the samples at a time."""
    changes = changes_at(one, larger) if one.translator is None else one.changes
    for at in range(0, len(rows), CHUNK):
        part = [(int(row["seed"]), int(row["index"])) for row in rows[at : at + CHUNK]]
        drawn = joined_draws([one.draws(1, seed=seed, start=start) for seed, start in part])
        yield Translated(changes, one.positions, drawn, one.translator).onto(larger.images[drawn.lender])
