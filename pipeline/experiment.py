"""Train and score every arm on every repeat, judge the samples, and write data/experiment/."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from augment.core.engine import Engine
from augment.core.environment import environment
from augment.core.files import SEEN_STORE, write_csv, write_json
from augment.core.processes import cores
from augment.core.progress import run_clock, say
from augment.data.originals import read_scale
from augment.data.rows.rowset import holds_rows
from augment.data.sizes import Size, read_sizes
from augment.evaluation.cost.counting import ExperimentCost, measure_cost, minutes_of_a_repeat
from augment.evaluation.cost.disk import delivery_needs, gan_needs
from augment.evaluation.cost.whole_run import score_needs
from augment.evaluation.cost.wording import cost_line
from augment.evaluation.experiment.experiment import (
    ExperimentResult,
    add_delivered_arm,
    further_generators,
    run_experiment,
    run_standalone_arms,
    score_learning_curve,
    with_controls,
)
from augment.evaluation.experiment.external import read_external
from augment.evaluation.experiment.learning_curve import CurvePoint, curve_points
from augment.evaluation.experiment.preflight import check_experiment, check_trained_on, expected_gain
from augment.evaluation.experiment.protocol import Protocol, Splits, primary_metric, protocol_metric_table
from augment.evaluation.experiment.second_classifier import logistic_scores
from augment.evaluation.experiment.settings import ExperimentSettings, arms_for, experiment_settings, with_base
from augment.evaluation.experiment.training_sets import prepared_protocol
from augment.evaluation.samples.judging import SAMPLE_COLUMNS, acceptance_rows, audit_samples, judge_samples
from augment.evaluation.samples.leakage import require_no_leak
from augment.evaluation.scores import ScoresByArm
from augment.evaluation.statistics.metric_table import MetricTable
from augment.evaluation.verdict.selection import choose_selection, strongest_base
from augment.gan.backend import Backend
from augment.gan.bundle import kept_generators
from augment.gan.settings import pinned_training, start_backend, training_for
from augment.measure.backbone.backbone import files_of
from augment.params import Evaluate, Params
from augment.params.arms import BACKBONE_ARMS, DELIVERED_ARM, FINETUNE_ARM, PROBE_ARM, Arm, arm_kinds, family_of
from augment.project.disk_space import require_space
from pipeline.announcement import base_text, before_training, learning_curve_text
from pipeline.common import ARM_SECONDS, EXPERIMENT, MODELS, PREPARED, REPEAT_MINUTES, main
from pipeline.experiment_files import (
    ENVIRONMENT,
    Facts,
    begin_experiment,
    end_experiment,
    load_prepared,
    write_scores,
    write_times,
)
from pipeline.judged import load_judged
from pipeline.room import bound_work_store
from pipeline.rows.experiment import experiment_rows
from pipeline.surroundings import tell_makers


def experiment(params: Params) -> None:
    """Repeats that differ in seed, or in training images too, as the protocol says; each has GANs of its own."""
    if holds_rows(PREPARED / "train"):
        experiment_rows(params)
        return
    chosen, began = params.evaluate, time.time()
    splits, pool = load_prepared(chosen)
    pinned = pinned_training(params.train)
    protocol = prepared_protocol(splits, pool, params, pinned is not None)
    classes, shape = splits.train.classes, splits.train.images.shape[1:]
    external = read_external(Path(chosen.external), params.ingest, classes, shape, partial(read_scale, PREPARED))
    if external is not None:
        say(f"experiment: {len(external)} external images of {len(external.classes)} classes")
    judged, first = load_judged(params, [*splits.sides().values(), pool], external), protocol.first_splits.train
    seen_size = judged.size if judged else first.images.shape[2:]
    check_experiment(protocol, external, params, (first.images.shape[1], *seen_size))
    require_room(splits, params, seen_size)
    delivered = kept_generators(MODELS)
    check_trained_on(delivered, splits.train)
    backend = start_backend(params.compute)
    tell_makers("experiment", [one.environment for one in delivered.values()], environment(backend.device))
    arms = arms_for(chosen, *seen_size)
    if FINETUNE_ARM in chosen.arm_names and FINETUNE_ARM not in arms and PROBE_ARM in arms:
        say("experiment: the network of evaluate.backbone cannot be cut near its end: a probe, and no fine-tuning")
    settings = experiment_settings(params, arms, first, seen_size, judged)
    repeats, engine = protocol.replicates, backend.engine
    announced, cost = announce(protocol, settings, params, backend)
    on_val = partial(protocol_metric_table, "val", protocol, metric=primary_metric(params))
    standalone = run_standalone_arms(repeats, settings, engine, external)
    settings = choose_base(settings, chosen.base_arms(arms), on_val(standalone.val))
    generators = [*([delivered] if protocol.first_is_delivered else []), *further_generators(protocol, params, backend)]
    result = run_experiment(repeats, generators, settings, engine, external, standalone)
    settings = with_controls(settings, result.candidates)
    begin_experiment()
    audit = audit_samples(protocol, result.candidates)
    write_tables({"audit": map(asdict, audit), "acceptance": acceptance_rows(result.candidates)})
    require_no_leak(audit)
    selection = choose_selection(on_val(result.scores.val), arm_kinds(settings.arms, chosen.classifier))
    if DELIVERED_ARM in settings.arms:
        result = add_delivered_arm(result, repeats, selection.arm, settings, engine, external)
    curve = curve_points(protocol, pool, params.seed) if chosen.learning_curve == "on" else []
    curve_told(selection.chosen_real, curve)
    by_size = score_learning_curve(curve, selection.chosen_real, settings, engine)
    write_scores(result.scores, by_size, second_scores(protocol, result, settings.arms, chosen, engine), external)
    write_times(result.scores.seconds, minutes_of_a_repeat(cost, settings.base, protocol))
    write_tables(
        judge_samples(protocol.first_splits, result.candidates[0], result.samples[0], settings, params.seed, engine)
    )
    failed = Counter(label for of_repeat in generators for label in of_repeat.failed)
    backbone = {} if {*BACKBONE_ARMS}.isdisjoint(settings.arms) else files_of(chosen.backbone)
    Facts(announced, tuple(settings.arms), settings.base, dict(failed), pinned, backbone, settings.seen_size).write()
    write_json(ENVIRONMENT, environment(backend.device))
    end_experiment()
    bound_work_store(params.compute, began)


def curve_told(arm: Arm, curve: Sequence[CurvePoint]) -> None:
    """The sizes of the learning curve, where one is asked for."""
    if curve:
        say(f"experiment: {learning_curve_text(arm, curve)}")


def require_room(splits: Splits, params: Params, seen_size: Size) -> None:
    """Raises `StoreError` where a disk could not hold the further GANs, the scores and the images to train on."""
    train, counts = splits.train, splits.train.counts()
    shape, scored = train.images.shape[1:], len(splits.val) + len(splits.test)
    needs = gan_needs(shape, counts, params, cores(), delivered=False)
    needs += score_needs((shape[0], *seen_size), counts, scored, params)
    require_space([*needs, *delivery_needs(shape, read_sizes(PREPARED)[1], counts, scored, params)])


def announce(
    protocol: Protocol, settings: ExperimentSettings, params: Params, backend: Backend
) -> tuple[float | None, ExperimentCost]:
    """Tell, before the expensive part, what it can show and what it costs. Returns the smallest gain, None for none,
    and the cost."""
    say("experiment: timing a few steps of classifiers")
    train = protocol.first_splits.train
    training = training_for(train, params.train, flips=params.ingest.flips, device=backend.device)
    announced, groups = expected_gain(protocol, settings, params)
    cost = measure_cost(protocol, settings, params.evaluate.base_arms(settings.arms), training, backend)
    curve = params.evaluate.learning_curve == "on"
    costs = [] if run_clock.running_clock() else [cost_line(cost, backend.engine)]  # else the whole run's time is told
    for line in before_training(protocol, announced, groups.tolist(), costs, curve):
        say(f"experiment: {line}")
    return announced, cost


def second_scores(
    protocol: Protocol, result: ExperimentResult, arms: Sequence[Arm], chosen: Evaluate, engine: Engine
) -> ScoresByArm:
    """On test, of another kind of classifier; none where it is off."""
    if chosen.second_classifier == "off":
        return {}
    say(f"experiment: the same comparison by logistic regression on {chosen.second_classifier}")
    return logistic_scores(protocol.replicates, result.samples, arms, chosen.second_classifier, engine)


def write_tables(tables: Mapping[str, Iterable[Mapping[str, Any]]]) -> None:
    """CSV files of what was judged of the samples."""
    for name, rows in tables.items():
        write_csv(EXPERIMENT / f"{name}.csv", rows, SAMPLE_COLUMNS[name])


def choose_base(settings: ExperimentSettings, tried: Sequence[Arm], val: MetricTable | None) -> ExperimentSettings:
    """Choose what the arms with made images build on, on val, and tell it."""
    base = strongest_base(val, tried)
    say(f"experiment: {base_text(base, tried, val)}")
    run_clock.settle(family_of(base, None) if base else "scratch")
    return with_base(settings, base)


if __name__ == "__main__":
    main(experiment, EXPERIMENT, ARM_SECONDS, REPEAT_MINUTES, SEEN_STORE)
