"""Run the experiment: every repeat with GANs, filter and samples of its own, every arm on each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from augment.core.engine import Engine
from augment.data.imageset import ImageSet
from augment.evaluation.arms.baselines import baseline_images
from augment.evaluation.arms.draws import (
    Images,
    Origins,
    Samples,
    delivered_images,
    edits_alone,
    identical_arms,
    is_matched,
)
from augment.evaluation.experiment.learning_curve import CurvePoint
from augment.evaluation.experiment.protocol import Protocol, Replicate, Splits
from augment.evaluation.experiment.running import run_arms
from augment.evaluation.experiment.settings import ExperimentSettings
from augment.evaluation.scores import Float32, SideScores
from augment.gan.backend import Backend
from augment.gan.generators import GeneratorSet
from augment.gan.per_class import generators_from, train_repeats
from augment.gan.settings import training_for
from augment.params import Params
from augment.params.arms import DELIVERED_ARM, MADE_PER_CLASS, ROW_OF, STANDALONE_ARMS, UNTRANSLATED_ARM, Arm
from augment.synthesis.filter import fit_filters
from augment.synthesis.selection import ClassCandidates, choose_samples
from augment.synthesis.transplant.carrying import Translated
from augment.synthesis.transplant.learning import learn_translators, translators_of
from augment.synthesis.transplant.settings import transplant_settings


@dataclass(frozen=True)
class ExperimentResult:
    """candidates and samples: one mapping and one set of made images per repeat; scores: of every arm and repeat."""

    candidates: list[dict[str, ClassCandidates]]
    samples: list[Samples]
    scores: SideScores


def run_standalone_arms(
    replicates: Sequence[Replicate], settings: ExperimentSettings, engine: Engine, external: ImageSet | None = None
) -> SideScores:
    """Score the arms that draw real images and build on no other arm."""
    arms = [arm for arm in settings.arms if arm in STANDALONE_ARMS]
    no_samples = [Samples()] * len(replicates)
    identical = identical_arms(arms, [one.splits.train for one in replicates], no_samples, settings.base)
    trained = [arm for arm in arms if arm not in identical]
    return _with_identical(run_arms(replicates, trained, no_samples, settings, engine, external), identical)


def run_experiment(
    replicates: Sequence[Replicate],
    generators: Sequence[GeneratorSet],
    settings: ExperimentSettings,
    engine: Engine,
    external: ImageSet | None = None,
    standalone: SideScores | None = None,
) -> ExperimentResult:
    """Train and score every arm on every repeat; `generators` holds one set for each.

    external: images that all of them are scored on too; standalone: what `run_standalone_arms` found, whose arms are
    not trained again. The arm `as_delivered` waits for the selection.
    """
    known = standalone or SideScores()
    sets, seeds = [one.splits.train for one in replicates], [one.seed for one in replicates]
    class_filters = fit_filters(sets, settings.filter, seeds, engine)
    candidates = choose_samples(
        sets, generators, class_filters, seeds, wanted=settings.wanted, oversample=settings.oversample,
        transfer_share=settings.transfer_share, engine=engine, settings=settings.transplant,
        larger=_larger(sets, settings),
    )  # fmt: skip
    settings = with_controls(settings, candidates)
    samples = [
        _draw_samples(train, drawn, settings, seed) for train, drawn, seed in zip(sets, candidates, seeds, strict=True)
    ]
    scored = [arm for arm in settings.arms if arm in known.test]
    missing_arms = [arm for arm in settings.arms if arm not in scored and arm != DELIVERED_ARM]
    identical = identical_arms([*scored, *missing_arms], sets, samples, settings.base)
    trained = [arm for arm in missing_arms if arm not in identical]
    scores = _with_identical(known | run_arms(replicates, trained, samples, settings, engine, external), identical)
    in_order = scores.of_each_side(lambda side: {arm: side[arm] for arm in settings.arms if arm in side})
    return ExperimentResult(candidates, samples, in_order)


def with_controls(
    settings: ExperimentSettings, candidates: Sequence[Mapping[str, ClassCandidates]]
) -> ExperimentSettings:
    """Without the control of translated samples where no class of any repeat has such: it would be its base under a
    name that says something else."""
    if any(found.translated is not None for of_repeat in candidates for found in of_repeat.values()):
        return settings
    return replace(settings, arms=[arm for arm in settings.arms if arm != UNTRANSLATED_ARM])


def _larger(sets: Sequence[ImageSet], settings: ExperimentSettings) -> list[ImageSet] | None:
    """The sets at the judged size, where a class of theirs may be translated: copies, so nowhere else."""
    judged = settings.look.judged
    if judged is None or not any(map(settings.transplant.may_apply, sets)):
        return None
    return [judged.set_of(train) for train in sets]


def further_generators(protocol: Protocol, params: Params, backend: Backend) -> list[GeneratorSet]:
    """Generators of the repeats without delivered ones, trained as those are, in the same work store."""
    replicates = protocol.replicates[int(protocol.first_is_delivered) :]
    training = training_for(protocol.first_splits.train, params.train, flips=params.ingest.flips, device=backend.device)
    sets, seeds = [one.splits.train for one in replicates], [one.seed for one in replicates]
    trained = train_repeats(sets, training, seeds, backend)
    made = [generators_from(images, training, gans, backend.device) for images, gans in zip(sets, trained, strict=True)]
    learnt = learn_translators(
        sets, training, transplant_settings(params), seeds, [one.keys() for one in made], backend
    )
    return [one.with_translators(translators_of(by_class)) for one, by_class in zip(made, learnt, strict=True)]


def add_delivered_arm(
    result: ExperimentResult,
    replicates: Sequence[Replicate],
    used_arm: Arm,
    settings: ExperimentSettings,
    engine: Engine,
    external: ImageSet | None = None,
) -> ExperimentResult:
    """Add the arm `as_delivered`: what the selection leaves in files of each training set, trained plainly.

    Of repeats that share a training set the first one's samples are those in files, so all are trained on them.
    """
    of_splits: dict[Splits, Samples] = {}
    for one, candidates in zip(replicates, result.candidates, strict=True):
        if one.splits not in of_splits:
            of_splits[one.splits] = _delivered_samples(one.splits.train, candidates, used_arm, settings)
    samples = [of_splits[one.splits] for one in replicates]
    scores = run_arms(replicates, [DELIVERED_ARM], samples, settings, engine, external)
    return replace(result, scores=result.scores | scores)


def _delivered_samples(
    train: ImageSet, candidates: Mapping[str, ClassCandidates], used_arm: Arm, settings: ExperimentSettings
) -> Samples:
    """What is left in files of one training set."""
    kept = Samples(
        {"filtered": {label: drawn.kept for label, drawn in candidates.items()}}, origins=_origins(candidates),
        translated={"filtered": _translated(candidates)},
    )  # fmt: skip
    larger = settings.look.judged is not None
    kept, most = (edits_alone(kept), MADE_PER_CLASS) if larger else (kept, None)
    images = {label: of_label[:most] for label, of_label in kept.made["filtered"].items()}
    matched = is_matched(used_arm, settings.base, larger)
    delivered = delivered_images(used_arm, train, images, matched)[0]
    return Samples(delivered=delivered, origins=kept.origins, translated=kept.translated, matched=matched)


def score_learning_curve(
    curve: Sequence[CurvePoint], arm: Arm, settings: ExperimentSettings, engine: Engine
) -> dict[str, list[Float32]]:
    """Class probabilities on test of a real-only arm, by the name of every size but all of the images, which it has
    been trained on: float32 (N, classes) for each repeat.
    """
    further_points = [point for point in curve if point.fraction != 1]
    if not further_points:
        return {}
    replicates = [one for point in further_points for one in point.replicates]
    alone = replace(settings, arms=[arm])
    samples = [_draw_samples(one.splits.train, {}, alone, one.seed) for one in replicates]
    scores = iter(run_arms(replicates, [arm], samples, settings, engine).test[arm])
    return {point.name: [next(scores) for _ in point.replicates] for point in further_points}


def _draw_samples(
    train: ImageSet, candidates: Mapping[str, ClassCandidates], settings: ExperimentSettings, seed: int
) -> Samples:
    """Equally many images of every source, before the filter; those of baselines only where an arm draws them."""
    raw = {label: drawn.images[: settings.wanted] for label, drawn in candidates.items()}
    filtered = {label: drawn.kept for label, drawn in candidates.items()}
    sources = {source for arm in settings.arms if (source := ROW_OF[arm].source)}
    baselines = baseline_images(sources, train, filtered, settings.wanted, settings.flips, seed)
    origins_of_raw = {label: drawn.source[: settings.wanted] for label, drawn in candidates.items()}
    origins: Origins = {"raw": origins_of_raw, **_origins(candidates)}
    made = {"raw": raw, "filtered": filtered, "untranslated": _untranslated(candidates, train), **baselines}
    all_translated = {label: drawn.translated for label, drawn in candidates.items() if drawn.translated is not None}
    of_raw = {label: one.take(slice(settings.wanted)) for label, one in all_translated.items()}
    return Samples(made, origins=origins, translated={"raw": of_raw, "filtered": _translated(candidates)})


def _translated(candidates: Mapping[str, ClassCandidates]) -> dict[str, Translated]:
    """How the kept samples are made of classes whose defects are carried onto other images."""
    kept = {label: drawn.kept_translated for label, drawn in candidates.items()}
    return {label: one for label, one in kept.items() if one is not None}


def _untranslated(candidates: Mapping[str, ClassCandidates], train: ImageSet) -> dict[str, Images]:
    """The images that these were carried onto, without the defects."""
    return {label: train.images[one.draws.lender] for label, one in _translated(candidates).items()}


def _origins(candidates: Mapping[str, ClassCandidates]) -> Origins:
    """Which training image of its class each kept sample varies."""
    return {"filtered": {label: drawn.source[drawn.reason == ""] for label, drawn in candidates.items()}}


def _with_identical(scores: SideScores, identical: Mapping[Arm, Arm]) -> SideScores:
    """Those of arms that come to the same as another are the other's."""
    return scores.of_each_side(
        lambda side: side | {arm: side[other] for arm, other in identical.items() if other in side}
    )
