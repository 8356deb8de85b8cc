"""What a run on rows takes and can show, told before anything is trained: single steps and fits are timed."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from augment.core.engine import Engine
from augment.core.progress import say
from augment.core.progress.run_clock import Part
from augment.data.rows.encoding import Encoding
from augment.data.rows.findings import RowFindings
from augment.data.rows.rowset import RowSet
from augment.data.rows.wording import in_rows
from augment.evaluation.cost.counting import ExperimentCost
from augment.evaluation.cost.forecast import RunCost, cost_lines, gain_lines
from augment.evaluation.cost.schedule import BEGIN_SECONDS, STAGES
from augment.evaluation.experiment.protocol import Protocol, Splits
from augment.evaluation.experiment.training_sets import prepared_protocol
from augment.evaluation.rows.classifiers import TRIED, TUNING_FOLDS, fit
from augment.evaluation.rows.draws import made_shares
from augment.evaluation.rows.experiment import arms_of_rows, expected_row_gain, second_base
from augment.evaluation.rows.preflight import split_rows
from augment.gan.rows.generators import RowGenerator
from augment.gan.rows.network import RowShape
from augment.gan.rows.settings import RowSettings, row_settings
from augment.gan.rows.training import new_players, one_step
from augment.gan.settings import start_backend
from augment.params import Params
from augment.params.arm_row import Family
from augment.params.arms import ROW_OF, TABLE_BASE_ARMS, Arm, family_of
from augment.synthesis.row_selection import rows_wanted

TIMED_ROWS, TIMED_STEPS, DRAWN = 2_000, 8, 64
FILTER: Family = "logistic"  # the classifier that filters is like it
JUDGING_SECONDS = 5.0  # of samples


@dataclass(frozen=True)
class RowWork:
    """What there is to do. steps: of the GANs of one repeat; step, candidate: seconds of a GAN's step, and to draw a
    sample; fits: family -> seconds of a classifier of the training rows alone."""

    protocol: Protocol[RowSet]
    splits: Splits[RowSet]
    pool: RowSet
    arms: tuple[Arm, ...]
    params: Params
    steps: int
    step: float
    candidate: float
    fits: Mapping[Family, float]
    processes: int

    @property
    def bases(self) -> list[Arm]:
        return [arm for arm in TABLE_BASE_ARMS if arm in self.arms]


def row_work(findings: RowFindings, params: Params) -> RowWork:
    """Time single parts; findings: rows that are split, and that nothing stops."""
    splits, pool = split_rows(findings)
    say("timing a few steps ...")
    protocol, arms, train = prepared_protocol(splits, pool, params, False), arms_of_rows(params), splits.train
    settings = row_settings(params.train, train.counts())
    part, share = _some(train)
    families = {FILTER, *(family_of(arm, None) for arm in arms if ROW_OF[arm].base)}
    step, candidate = _gan_seconds(part, settings)
    fits = {family: _fit_seconds(family, part) / share for family in sorted(families)}
    steps = settings.shared_steps + sum(settings.steps.values())
    processes = start_backend(params.compute).engine.processes
    return RowWork(protocol, splits, pool, arms, params, steps, step, candidate, fits, processes)


def row_parts(work: RowWork) -> list[Part]:
    """In the order of the stages, named as their progress is."""
    repeats, trained = len(work.protocol.replicates), _trained_repeats(work)
    within = {"train": _gan_set(work), "generate": _samples(work)}  # in one process
    begin = {stage: Part(stage, "", {"": BEGIN_SECONDS + within.get(stage, 0.0)}) for stage in STAGES}
    prepared = trained * _gan_set(work) + repeats * (_samples(work) + _tuning(work))
    alone = repeats * sum(work.fits[family_of(arm, None)] for arm in work.bases)
    rest: dict[str, float] = {
        family_of(base, None): _beside(work, repeats * _others(work, base)) for base in work.bases
    }
    other: dict[str, float] = {
        family_of(base, None): _beside(work, repeats * _second(work, base)) for base in work.bases
    }
    return [
        begin["ingest"], begin["train"], begin["generate"], begin["experiment"],
        Part("experiment", "GANs and samples of repeats", {"": _beside(work, prepared)}),
        Part("experiment", "classifiers of real rows", {"": _beside(work, alone)}),
        Part("experiment", "classifiers", rest), Part("experiment", "another classifier", other),
        Part("experiment", "", {"": JUDGING_SECONDS}),
        begin["evaluate"], begin["assemble"], begin["report"],
    ]  # fmt: skip


def row_outlook(work: RowWork) -> list[str]:
    """The GANs, the evaluation, the smallest gain and what would let the set show a smaller one."""
    repeats, gans = len(work.protocol.replicates), len(work.splits.train.classes)
    filters = repeats * work.params.generate.folds
    minutes = {family_of(base, None): _evaluation(work, base) / 60 for base in work.bases}
    gan_minutes = (_gan_set(work) + _beside(work, _trained_repeats(work) * _gan_set(work))) / 60
    proof, wanted = _trained_repeats(work) * gans, rows_wanted(work.params.generate, work.splits.train)
    candidates = repeats * gans * wanted * work.params.generate.oversample
    experiment = ExperimentCost(repeats * len(work.arms), filters, candidates, minutes, proof, gan_minutes)
    return [*cost_lines(RunCost(experiment, gans, gan_minutes, stacked=False)), *row_gain_lines(work)]


def row_gain_lines(work: RowWork) -> list[str]:
    model_of = partial(expected_row_gain, work.protocol, work.arms, work.params)
    return [in_rows(line) for line in gain_lines(work.protocol, model_of, work.splits, work.pool, work.params)]


def _trained_repeats(work: RowWork) -> int:
    """Those whose GANs are not the delivered ones."""
    return len(work.protocol.replicates) - work.protocol.first_is_delivered


def _beside(work: RowWork, seconds: float) -> float:
    """Of units that run side by side, of which there are as many as repeats at least."""
    return seconds / min(work.processes, len(work.protocol.replicates))


def _gan_set(work: RowWork) -> float:
    return work.steps * work.step


def _samples(work: RowWork) -> float:
    """To draw and filter the samples of one repeat."""
    train, generate = work.splits.train, work.params.generate
    drawn = len(train.classes) * rows_wanted(generate, train) * generate.oversample
    return drawn * work.candidate + generate.folds * work.fits[FILTER]


def _tuning(work: RowWork) -> float:
    tried = {family: len(TRIED[family]) for family in work.fits if len(TRIED[family]) > 1}
    return sum(number * (TUNING_FOLDS - 1) * work.fits[family] for family, number in tried.items())


def _others(work: RowWork, base: Arm) -> float:
    """The classifiers of one repeat that build on this base; made rows beside the real ones take as long as they do."""
    train, wanted = work.splits.train, rows_wanted(work.params.generate, work.splits.train)

    def seconds(arm: Arm) -> float:
        row = ROW_OF[arm]
        made = made_shares(row.use, train.counts()) if row.source else {}
        more = wanted * sum(share > 0 for share in made.values())
        return work.fits[family_of(arm, base)] * (1 + more / len(train))

    return sum(seconds(arm) for arm in work.arms if arm not in work.bases)


def _second(work: RowWork, base: Arm) -> float:
    """The same arms by another classifier."""
    second = second_base(work.arms, base, work.params.evaluate)
    return 0.0 if second is None else _others(work, second)


def _evaluation(work: RowWork, base: Arm) -> float:
    """All but the GANs, where this base is chosen."""
    alone = sum(work.fits[family_of(arm, None)] for arm in work.bases)
    each = _samples(work) + _tuning(work) + alone + _others(work, base) + _second(work, base)
    return _beside(work, len(work.protocol.replicates) * each)


def _some(train: RowSet) -> tuple[RowSet, float]:
    """Enough rows of every class for a clock, and their share."""
    share = min(1.0, TIMED_ROWS / len(train))
    first = [np.flatnonzero(train.labels == label)[: max(2, round(share * count))]
             for label, count in train.counts().items()]  # fmt: skip
    part = train.take(np.concatenate(first))
    return part, len(part) / len(train)


def _gan_seconds(rows: RowSet, settings: RowSettings) -> tuple[float, float]:
    """Seconds of a step of new players, and of a sample drawn by them."""
    encoding = Encoding.of(rows.schema, rows.values)
    shape = RowShape(encoding.numeric, encoding.sizes, settings.hidden, settings.latent)
    data = torch.from_numpy(encoding.encode(rows.values))
    players = new_players(shape, data, settings, 0)
    real = data[:, :, None, None]
    step = _seconds(lambda: one_step(players, real, settings), TIMED_STEPS)
    generator = RowGenerator("timed", players.average, encoding)
    return step, _seconds(lambda: generator.encoded(DRAWN), 1) / DRAWN


def _fit_seconds(family: Family, rows: RowSet) -> float:
    encoded, targets = Encoding.of(rows.schema, rows.values).encode(rows.values), rows.targets(rows.classes)
    tried: Sequence[float] = TRIED[family]
    learn = partial(fit, family, encoded, targets, np.ones(len(rows)), tried[len(tried) // 2], len(rows), 0)
    return _seconds(learn, 1)


def _seconds(work: Callable[[], object], times: int) -> float:
    """Of one call in one thread, the mean of so many after one that warms up."""

    def timed(_: int) -> float:
        work()
        began = time.perf_counter()
        for _ in range(times):
            work()
        return (time.perf_counter() - began) / times

    return Engine("serial").gather(timed, [0])[0]
