"""Transplants of several training sets, of each as a unit of work."""

from collections.abc import Mapping, Sequence

from augment.core.engine import Engine
from augment.data.imageset import ImageSet
from augment.gan.translate.translator import Translator
from augment.synthesis.transplant.settings import TransplantSettings
from augment.synthesis.transplant.transplant import Transplant, transplants

Unit = tuple[ImageSet, ImageSet | None, TransplantSettings, int, Mapping[str, Translator]]


def transplants_of_repeats(
    sets: Sequence[ImageSet],
    larger: Sequence[ImageSet] | None,
    settings: TransplantSettings,
    seeds: Sequence[int],
    translators: Sequence[Mapping[str, Translator]],
    engine: Engine,
) -> list[dict[str, Transplant]]:
    """As `transplants`, of each set and seed; nothing where no set has a class to lend."""
    if not any(map(settings.may_apply, sets)):
        return [{} for _ in seeds]
    shown: Sequence[ImageSet | None] = larger or [None] * len(sets)
    every = zip(sets, shown, seeds, translators, strict=True)
    units = [(train, of_seed, settings, seed, learnt) for train, of_seed, seed, learnt in every]
    return engine.gather(_transplants_of, units)


def _transplants_of(unit: Unit) -> dict[str, Transplant]:
    return transplants(*unit)[0]
