"""Translators of a set, learnt from its plain transplants: one for each class that is to have it, of one start."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from augment.core.engine import Engine
from augment.core.errors import TrainingError
from augment.data.imageset import ImageSet
from augment.gan.training.run import GanSettings
from augment.gan.translate.lessons import Lessons
from augment.gan.translate.network import TranslatorNetwork
from augment.gan.translate.training import TranslatorResult, class_translator, shared_start
from augment.gan.translate.translator import Translator
from augment.synthesis.transplant.transplant import Transplant

PLAIN_SAMPLES = 512  # of a class, that its translator learns from


@dataclass(frozen=True)
class Learnt:
    """By label. failed: why a class has no translator, and its defects are carried as they are; ended: why its play
    against a discriminator ended early; diversity: as `TranslatorResult` has it."""

    translators: dict[str, Translator]
    failed: dict[str, str]
    ended: dict[str, str]
    diversity: dict[str, float]


def learn(
    made: Mapping[str, Transplant], train: ImageSet, settings: Mapping[str, GanSettings], seed: int, engine: Engine
) -> Learnt:
    """made: what is carried in the classes that are to have a translator; settings: of each class's GAN."""
    learnt = Learnt({}, {}, {}, {})
    if not made:
        return learnt
    every = [lessons_of(one, train.of_class(label).images, seed) for label, one in made.items()]
    of_classes = [settings[label] for label in made]
    (start,) = engine.gather(_start, [(every, of_classes[0], seed)])
    units = [(lessons, start, of_class, seed) for lessons, of_class in zip(every, of_classes, strict=True)]
    for label, result in zip(made, engine.gather(_of_class, units, "translators"), strict=True):
        if isinstance(result, str):
            learnt.failed[label] = result
            continue
        learnt.translators[label] = Translator(label, result.network)
        learnt.ended[label], learnt.diversity[label] = result.ended, result.diversity
    return learnt


def lessons_of(one: Transplant, images: NDArray[np.uint8], seed: int) -> Lessons:
    """images: of the class, uint8 (n, C, H, W)."""
    drawn = one.draws(PLAIN_SAMPLES, seed=seed)
    which, lender = _at(one.positions, drawn.source), _at(one.lenders, drawn.lender)
    return Lessons(one.label, images, one.lent, one.changes, one.masks, which, lender, drawn.place)


def _start(unit: tuple[list[Lessons], GanSettings, int]) -> TranslatorNetwork:
    return shared_start(*unit)


def _of_class(unit: tuple[Lessons, TranslatorNetwork, GanSettings, int]) -> TranslatorResult | str:
    """The translator of a class, or why there is none."""
    try:
        return class_translator(*unit)
    except TrainingError as error:
        return str(error)


def _at(positions: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each of `wanted` stands among `positions`, which hold it."""
    order = positions.argsort()
    found: NDArray[np.int64] = order[np.searchsorted(positions, wanted, sorter=order)]
    return found
