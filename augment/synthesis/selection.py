"""From candidates to chosen samples: drop near copies of training images, then what is off its class."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment.core.engine import Engine
from augment.core.progress import Progress
from augment.data.imageset import CHANCE_BELOW_PX, ImageSet
from augment.gan.generators import GeneratorSet
from augment.measure.features import pixels
from augment.measure.metrics import nearest
from augment.params import Generate
from augment.synthesis.filter import ClassFilter
from augment.synthesis.judged import copy_distance
from augment.synthesis.picks import NO_PICKS, NumberPicks
from augment.synthesis.samplers import Mixture, Sampler, samplers_of_repeats
from augment.synthesis.transplant.carrying import Translated, joined_draws
from augment.synthesis.transplant.settings import NO_TRANSPLANT, TransplantSettings
from augment.synthesis.transplant.transplant import Transplant

ROUND_CANDIDATES = 600  # candidates: with 200 wanted and 3 for each that is all of them


@dataclass(frozen=True)
class ClassCandidates:
    """All candidates of one class with what was found about each (arrays of length N).

    images uint8 (N, C, H, W), made from `seed`; source: which training image of the class latent transfer varied, -1
    for samples of the class's own generator; probability: of the own class by the filter; other_class: the filter
    prefers another class;
    nearest_train, nearest_distance: the closest training image of the class (RMS pixel difference in [0, 1]); reason:
    "", near_copy, off_class, rejected (by a person) or surplus, and kept where it is "".
    """

    label: str
    seed: int
    images: NDArray[np.uint8]
    source: NDArray[np.int64]
    probability: NDArray[np.float64]
    threshold: float
    other_class: NDArray[np.bool_]
    nearest_train: NDArray[np.int64]
    nearest_distance: NDArray[np.float64]
    copy_threshold: float
    reason: NDArray[np.str_]
    translated: Translated | None = None  # how they are made where defects are carried

    @property
    def kept(self) -> NDArray[np.uint8]:
        chosen: NDArray[np.uint8] = self.images[self.reason == ""]
        return chosen

    @property
    def transferred(self) -> NDArray[np.bool_]:
        """Made by latent transfer."""
        return self.source >= 0

    @property
    def kept_translated(self) -> Translated | None:
        """How the kept ones are made."""
        return None if self.translated is None else self.translated.take(self.reason == "")

    @property
    def accepted(self) -> NDArray[np.bool_]:
        """Passed every filter, whether or not they were still needed."""
        return np.isin(self.reason, ["", "surplus"])


@dataclass(frozen=True)
class ClassChoice:
    """One class of one repeat: a unit of work. `position` is the class's in the filter's scores."""

    label: str
    sampler: Sampler
    train_images: NDArray[np.uint8]  # the class's training images
    class_filter: ClassFilter
    position: int
    wanted: int
    candidates: int
    seed: int
    picks: NumberPicks = NO_PICKS  # a person's word on some of them


def choose_samples(
    sets: Sequence[ImageSet],
    generators: Sequence[GeneratorSet],
    filters: Sequence[ClassFilter],
    seeds: Sequence[int],
    *,
    wanted: int,
    oversample: int,
    transfer_share: float,
    engine: Engine,
    picks: Mapping[str, NumberPicks] | None = None,
    larger: Sequence[ImageSet] | None = None,
    settings: TransplantSettings = NO_TRANSPLANT,
    finish: Callable[[ClassCandidates], ClassCandidates] = lambda found: found,
) -> list[dict[str, ClassCandidates]]:
    """Make up to `wanted * oversample` candidates of each class and keep the first `wanted` that pass.

    They are made in rounds of `ROUND_CANDIDATES`, and no more of these than are needed.

    sets (the training images), generators, filters and the result have one entry for each seed. transfer_share: of a
    minority class's candidates, those made by latent transfer, where there is a shared generator. picks: label -> what
    a person kept and rejected: a kept one comes first and passes the class filter, not the guard against near copies.
    larger: the sets as large as they are judged, whose defects are carried where `settings` and the images allow it.
    finish: what becomes of a class's candidates, here and as soon as they are there, such as their images in files.
    """
    of_repeats = samplers_of_repeats(sets, larger, generators, seeds, transfer_share, settings, engine)
    units = zip(sets, of_repeats, filters, seeds, strict=True)
    how_many = (wanted, wanted * oversample)
    choices = [_choices(train, of_seed, judge, how_many, seed, picks) for train, of_seed, judge, seed in units]
    every = [choice for of_seed in choices for choice in of_seed]
    chosen = iter(_choose_all(every, engine, finish))
    return [{choice.label: next(chosen) for choice in of_seed} for of_seed in choices]


def _choices(
    train: ImageSet,
    samplers: Mapping[str, Sampler],
    class_filter: ClassFilter,
    how_many: tuple[int, int],
    seed: int,
    picks: Mapping[str, NumberPicks] | None,
) -> list[ClassChoice]:
    """Of one seed; how_many: samples of each class that are wanted, and candidates at most."""
    return [
        ClassChoice(
            label, sampler, train.of_class(label).images, class_filter, train.classes.index(label), *how_many, seed,
            (picks or {}).get(label, NO_PICKS),
        )
        for label, sampler in samplers.items()
    ]  # fmt: skip


def _choose_all(
    choices: Sequence[ClassChoice], engine: Engine, finish: Callable[[ClassCandidates], ClassCandidates]
) -> list[ClassCandidates]:
    """Those of all choices in their order, each finished as soon as it is there."""
    chosen, progress = dict[int, ClassCandidates](), Progress("samples of classes", len(choices))
    for position, found in engine.map(choose_class, choices):
        chosen[position] = finish(found)
        progress.advance()
    return [chosen[position] for position in range(len(choices))]


def samples_per_class(settings: Generate, train: ImageSet) -> int:
    """How many samples of each class are wanted; with 2000 a classifier of ten classes sees each once or twice."""
    return settings.samples_of_each(len(train.classes), *train.images.shape[1:])


def expected_candidates(wanted: int, oversample: int, accept: float) -> int:
    """How many candidates of a class are to be expected where as many pass as real images do, a share of `accept`."""
    return min(wanted * oversample, ROUND_CANDIDATES * math.ceil(wanted / accept / ROUND_CANDIDATES))


def copy_threshold(images: NDArray[np.uint8]) -> float:
    """`copy_distance` of training images."""
    return copy_distance(pixels(images)) if len(images) else 0.0


def are_copies(distances: NDArray[np.float64], limit: float, side: int) -> NDArray[np.bool_]:
    """Which samples are near copies, by their distances from the nearest training image, bool (N,); side: the shorter
    one of the images, pixels. At a limit of 0 an exact copy still is one, unless images are so small that they meet
    by chance."""
    return distances <= limit if side >= CHANCE_BELOW_PX else distances < limit


def choose_class(choice: ClassChoice) -> ClassCandidates:
    """Sample one class in rounds, judge every candidate, and stop when enough have passed."""
    limit, rounds, passed = copy_threshold(choice.train_images), list[ClassCandidates](), 0
    for start in range(0, choice.candidates, ROUND_CANDIDATES):
        rounds.append(_judged(choice, start, min(ROUND_CANDIDATES, choice.candidates - start), limit))
        passed += int((rounds[-1].reason == "").sum())
        if passed >= choice.wanted and start + ROUND_CANDIDATES >= choice.picks.end:
            break
    candidates = _join_rounds(rounds)
    reason = candidates.reason.copy()
    reason[choice.picks.surplus(reason, choice.wanted)] = "surplus"
    return replace(candidates, reason=reason)


def _judged(choice: ClassChoice, start: int, count: int, limit: float) -> ClassCandidates:
    """The candidates `start` to `start + count - 1`; limit: the distance of a copy."""
    images = choice.sampler.sample(count, seed=choice.seed, start=start).numpy()
    source = np.full(len(images), -1, dtype=np.int64)
    translated = None
    if isinstance(choice.sampler, Transplant):
        translated = choice.sampler.translated(choice.sampler.draws(count, seed=choice.seed, start=start))
    if isinstance(choice.sampler, Mixture):
        source = choice.sampler.sources(count, seed=choice.seed, start=start)
    scores, thresholds = choice.class_filter.scores(images), choice.class_filter.thresholds
    probability, threshold = scores[:, choice.position], float(thresholds[choice.position])
    nearest_train, distance = nearest(pixels(images), pixels(choice.train_images))
    copies = are_copies(distance, limit, min(images.shape[2:]))
    reason = np.where(copies, "near_copy", np.where(probability < threshold, "off_class", ""))
    return ClassCandidates(
        label=choice.label,
        seed=choice.seed,
        images=images,
        source=source,
        probability=probability,
        threshold=threshold,
        other_class=scores.argmax(axis=1) != choice.position,
        nearest_train=nearest_train,
        nearest_distance=distance.astype(np.float64),
        copy_threshold=limit,
        reason=choice.picks.overrule(reason.astype("<U9"), start),
        translated=translated,
    )


def _join_rounds(rounds: Sequence[ClassCandidates]) -> ClassCandidates:
    """The candidates of all rounds in order: their arrays in one, the rest as it is in each."""
    parts = {name: [getattr(round_, name) for round_ in rounds] for name in vars(rounds[0])}
    arrays: Any = {name: np.concatenate(part) for name, part in parts.items() if isinstance(part[0], np.ndarray)}
    drawn = [round_.translated for round_ in rounds if round_.translated is not None]
    draws = joined_draws([one.draws for one in drawn]) if drawn else None
    return replace(rounds[0], **arrays, translated=replace(drawn[0], draws=draws) if draws else None)
