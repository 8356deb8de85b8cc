"""Translators of a set, learnt from its plain transplants: one for each class that is to have it, of one start."""

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from augment.data.imageset import ImageSet
from augment.gan.backend import Backend, home_of
from augment.gan.per_class import ClassTraining
from augment.gan.translate.lessons import Lessons
from augment.gan.translate.placing import centred, centres
from augment.gan.translate.store import Learnt, TranslatorJob, stored_start, stored_translator
from augment.gan.translate.translator import Translator
from augment.synthesis.transplant.settings import TransplantSettings
from augment.synthesis.transplant.transplant import Transplant, transplants

PLAIN_SAMPLES = 512  # of a class, that its translator learns from


def learn_translators(
    sets: Sequence[ImageSet],
    training: ClassTraining,
    settings: TransplantSettings,
    seeds: Sequence[int],
    drawn: Sequence[Collection[str]],
    backend: Backend,
) -> list[dict[str, Learnt]]:
    """Of each training set and seed (which all differ), by label, those of the classes that are to have one and of
    whose generators it is to be a part, `drawn`; each a unit of work."""
    if not settings.learns:
        return [{} for _ in seeds]
    engine, (folder, files) = backend.engine, home_of(backend)
    units = [(train, settings, seed, own) for train, seed, own in zip(sets, seeds, drawn, strict=True)]
    every = dict(zip(seeds, engine.gather(_lessons, units), strict=True))
    able = {seed: of_seed for seed, of_seed in every.items() if of_seed}

    def job(lessons: Lessons, seed: int) -> TranslatorJob:
        return TranslatorJob(training.classes[lessons.label], seed, folder, files)

    first = [(of_seed, job(of_seed[0], seed)) for seed, of_seed in able.items()]
    starts = dict(zip(able, engine.gather(stored_start, first, "starts of translators" if first else ""), strict=True))
    classes = [(one, starts[seed], job(one, seed)) for seed, of_seed in able.items() for one in of_seed]
    results = iter(engine.gather(stored_translator, classes, "translators" if classes else ""))
    return [{one.label: next(results) for one in every[seed]} for seed in seeds]


def translators_of(learnt: dict[str, Learnt]) -> dict[str, Translator]:
    """Of the classes that learnt one."""
    return {label: Translator(label, one.network) for label, one in learnt.items() if one.network is not None}


def lessons_of(one: Transplant, images: NDArray[np.uint8], seed: int) -> Lessons:
    """images: of the class, uint8 (n, C, H, W)."""
    drawn, middle = one.draws(PLAIN_SAMPLES, seed=seed), centres(one.masks)
    which, lender = _at(one.positions, drawn.source), _at(one.lenders, drawn.lender)
    changes, masks = (centred(values, middle) for values in (one.changes, one.masks))
    return Lessons(one.label, images, one.lent, changes, masks, which, lender, one.centred_places(drawn))


def _lessons(unit: tuple[ImageSet, TransplantSettings, int, Collection[str]]) -> list[Lessons]:
    train, settings, seed, drawn = unit
    made, _ = transplants(train, None, settings, seed)
    return [
        lessons_of(one, train.of_class(label).images, seed)
        for label, one in made.items()
        if settings.source_of(label) == "learned" and label in drawn
    ]


def _at(positions: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each of `wanted` stands among `positions`, which hold it."""
    order = positions.argsort()
    found: NDArray[np.int64] = order[np.searchsorted(positions, wanted, sorter=order)]
    return found
