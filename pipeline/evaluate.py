"""Compare the arms on test images and write reports/metrics.json and reports/evaluation/."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

from augment.core.engine import Engine
from augment.core.environment import environment
from augment.core.errors import DataError
from augment.core.files import sha256_json, write_csv, write_json
from augment.data.imageset import ImageSet
from augment.data.prepare import POOL
from augment.evaluation import tables
from augment.evaluation.experiment.cost import cost_line, measure_cost
from augment.evaluation.experiment.experiment import (
    ExperimentResult,
    ExperimentSettings,
    add_delivered_arm,
    run_experiment,
    run_standalone_arms,
)
from augment.evaluation.experiment.external import (
    EXTERNAL_COLUMNS,
    check_apart,
    external_protocol,
    external_rows,
    read_external,
)
from augment.evaluation.experiment.figures import protocol_metric_table
from augment.evaluation.experiment.learning import run_learning_curve
from augment.evaluation.experiment.learning_curve import LEARNING_CURVE_COLUMNS, curve_points, learning_curve_rows
from augment.evaluation.experiment.preflight import check_trained_on, expected_power, veto_mode_for
from augment.evaluation.experiment.protocol import Protocol, Splits, build_protocol
from augment.evaluation.experiment.second_classifier import logistic_scores
from augment.evaluation.experiment.settings import check_held_out, check_installed, check_primary, experiment_settings
from augment.evaluation.samples.leakage import (
    AUDIT_COLUMNS,
    Nearness,
    check_no_test_image,
    nearness_rows,
    real_images,
    require_no_leak,
)
from augment.evaluation.statistics.metric_table import MetricTable
from augment.evaluation.verdict.caveats import failed_classes_caveat, pinned_start_caveat
from augment.evaluation.verdict.equivalence_wording import equivalence_entry
from augment.evaluation.verdict.rules import Verdict, decide
from augment.evaluation.verdict.scope import protocol_scope, repeats_announcement, repeats_text
from augment.evaluation.verdict.selection import Selection, choose_selection, strongest_augmentation
from augment.evaluation.verdict.summary import FACTS_COLUMNS, fact_rows, metrics_summary, verdict_summary
from augment.evaluation.verdict.wording import smallest_gain_text
from augment.gan.bundle import load_generators
from augment.gan.generators import GeneratorSet
from augment.gan.per_class import Backend, generators_from, train_repeats
from augment.gan.settings import has_pinned_start, pinned_training, start_backend, training_for
from augment.params import Evaluate, Params
from augment.params.arms import AUGMENTATIONS, DEFAULT_GAN_ARM, DELIVERED_ARM, BaseAugmentation, arm_kinds
from augment.project.query_ledger import LEDGER, queries_text, query_count, record_query
from pipeline.common import MODELS, PREPARED, REPORTS, main
from pipeline.evaluation_files import FOLDER, write_comparison, write_families, write_samples
from pipeline.start import echo

NOT_IN_THE_VERDICT = {"external", "learning_curve", "second_classifier"}  # of evaluate; they change nothing of it


def evaluate(params: Params) -> None:
    """Repeats that differ in seed, or in training images too, as the protocol says; each has GANs of its own."""
    chosen = params.evaluate
    check_installed(chosen)
    splits, pool = load_prepared(chosen)
    veto_mode = veto_mode_for(has_pinned_start(params.train), chosen)
    protocol = build_protocol(splits, pool, chosen.protocol, chosen.seeds, chosen.repeats, params.seed, veto_mode)
    classes, shape = splits.train.classes, splits.train.images.shape[1:]
    external = read_external(Path(chosen.external), params.ingest, classes, shape)
    if external is not None:
        check_apart(
            external, [side for splits_once in protocol.unique_splits for side in (splits_once.train, splits_once.val)]
        )
        echo(f"evaluate: {len(external)} external images of {len(external.classes)} classes")
    for splits_once in protocol.unique_splits:
        check_primary(splits_once, chosen)
        check_held_out(splits_once, params)
    delivered = delivered_generators(protocol, splits.train)
    backend = start_backend(params.compute)
    settings = experiment_settings(params, protocol.first_splits.train)
    announced = announce(protocol, settings, params, backend)
    standalone = run_standalone_arms(protocol.replicates, settings, backend.engine, external)
    settings = replace(settings, base_augmentation=choose_base_augmentation(protocol, standalone[0], params))
    generator_sets = [*delivered, *further_generators(protocol, params, backend)]
    result = run_experiment(protocol.replicates, generator_sets, settings, backend.engine, external, standalone)
    caveats = [
        *failed_classes_caveat(generator_sets),
        *pinned_start_caveat(pinned_training(params.train), splits.train),
    ]
    for caveat in caveats:
        echo(f"evaluate: {caveat}")
    audit_samples(protocol, result)
    kinds = arm_kinds(chosen.arm_names)
    selection = choose_selection(metric_table_on("val", protocol, result.val_scores, params), kinds)
    if DELIVERED_ARM in kinds:
        result = add_delivered_arm(result, protocol.replicates, selection.arm, settings, backend.engine, external)
    query = fingerprints(protocol, splits, params)
    record_query(LEDGER, query["test"], query["configuration"])
    echo(f"evaluate: {queries_text(query_count(LEDGER, query['test'], query['configuration']))}")
    val = metric_table_on("val", protocol, result.val_scores, params)
    test = metric_table_on("test", protocol, result.test_scores, params)
    verdict = decide(
        test,
        val,
        selection,
        kinds,
        equivalence=chosen.equivalence,
        announced=announced,
        scope=protocol_scope(protocol, test) if test else None,
    )
    write_comparison(protocol, result, tables.run_rows(protocol, result, val, test), selection, verdict)
    exchange = learning_curve(protocol, pool, result, selection, settings, params, backend)
    privacy_metrics, lines = write_samples(protocol.first_splits, result, settings.filter, params.seed, backend.engine)
    summary = verdict_summary(protocol, selection, verdict, announced, query, caveats, lines) | {
        "augmentation": settings.base_augmentation,
        "exchange": exchange,
        "external": evaluate_external(protocol, external, result, verdict, params),
    }
    write_json(FOLDER / "verdict.json", summary)
    write_csv(FOLDER / "facts.csv", fact_rows(summary), FACTS_COLUMNS)
    write_families(second_classifier_table(protocol, result, params, backend.engine), chosen)
    write_json(FOLDER / "environment.json", environment(backend.device))
    metrics = metrics_summary(protocol, selection, verdict, chosen.primary) | {"privacy": privacy_metrics}
    write_json(REPORTS / "metrics.json", metrics)


def load_prepared(settings: Evaluate) -> tuple[Splits, ImageSet]:
    """The delivered split, and what it left over where that is asked for."""
    splits = Splits(*(ImageSet.load(PREPARED / side) for side in ("train", "val", "test")))
    wanted = settings.protocol == "repeated" or settings.learning_curve == "on"
    return splits, ImageSet.load(PREPARED / POOL) if wanted else splits.val.take([])


def announce(protocol: Protocol, settings: ExperimentSettings, params: Params, backend: Backend) -> float | None:
    """Tell, before the expensive part, what it can show and what it costs. Returns the smallest gain, None for none."""
    normal, first, seeds = params.evaluate.normal, protocol.first_splits, protocol.seeds
    if protocol.scheme != "split":
        echo(f"evaluate: {params.evaluate.protocol}: {repeats_announcement(protocol)}")
    judged = first.test if normal is None else first.test.take(first.test.labels != normal)
    rivals = [arm for arm, kind in arm_kinds(settings.arms).items() if kind in ("real", "control")]
    augmented = params.evaluate.augmentation != "auto" or not {*AUGMENTATIONS}.isdisjoint(settings.arms)
    announced, groups = expected_power(first.train, judged, rivals, len(seeds), protocol.ratio, augmented)
    echo("evaluate: timing a few steps of classifiers")
    training = training_for(first.train, params.train, flips=params.ingest.flips, device=backend.device)
    cost = measure_cost(first.train, seeds, settings, training, len(seeds) - protocol.first_is_delivered, backend)
    echo(f"evaluate: {smallest_gain_text(announced, groups.tolist(), repeats_text(protocol))}")
    echo(f"evaluate: {cost_line(cost, settings, backend.engine)}")
    if params.evaluate.learning_curve == "on":
        echo(f"evaluate: the learning curve takes {len(seeds)} classifiers more for each of its sizes, at least 3")
    return announced


def choose_base_augmentation(protocol: Protocol, val: Mapping[Any, Any], params: Params) -> BaseAugmentation:
    """What the arms with made images add to; tells what was chosen."""
    if params.evaluate.augmentation != "auto":
        return params.evaluate.augmentation
    on_val = metric_table_on("val", protocol, val, params)
    chosen = strongest_augmentation(on_val, params.evaluate.arm_names)
    reason = "the strongest augmentation of real images on val" if on_val else "the first augmentation: val cannot tell"
    text = f"made images are added to {chosen}, {reason}"
    unaugmented = "evaluate.arms names no augmentation, so made images have none either"
    echo(f"evaluate: {unaugmented if chosen == 'none' else text}")
    return chosen


def metric_table_on(
    side: Literal["val", "test"], protocol: Protocol, scores: Mapping[Any, Any], params: Params
) -> MetricTable | None:
    """The primary metric, for every arm that has run; None where this side cannot tell."""
    return protocol_metric_table(
        side,
        protocol,
        scores,
        normal=params.evaluate.normal,
        rate=params.evaluate.false_alarm_rate,
        draws=params.evaluate.resamples,
        seed=params.seed,
    )


def learning_curve(
    protocol: Protocol,
    pool: ImageSet,
    result: ExperimentResult,
    selection: Selection,
    settings: ExperimentSettings,
    params: Params,
    backend: Backend,
) -> dict[str, Any] | None:
    """Train the learning curve, write learning_curve.csv, and tell what the samples are worth; None when it is off."""
    if params.evaluate.learning_curve == "off":
        (FOLDER / "learning_curve.csv").unlink(missing_ok=True)
        return None
    curve, real = curve_points(protocol, pool, params.seed), selection.chosen_real
    echo(f"evaluate: learning curve of {real}: {', '.join(f'{point.images:g}' for point in curve)} images")
    measure = partial(metric_table_on, "test", protocol, params=params)
    table, recalls = run_learning_curve(curve, protocol, result, real, settings, backend.engine, measure)
    rows = learning_curve_rows(curve, table, recalls)
    write_csv(FOLDER / "learning_curve.csv", rows, LEARNING_CURVE_COLUMNS)
    tested = protocol.tested_images.counts()
    return equivalence_entry(curve, table, recalls, tested, DEFAULT_GAN_ARM, real)


def second_classifier_table(
    protocol: Protocol, result: ExperimentResult, params: Params, engine: Engine
) -> MetricTable | None:
    """Whether the answer holds for another classifier: its metrics on test; None when it is off."""
    chosen, arms = params.evaluate.second_classifier, params.evaluate.arm_names
    if chosen == "off":
        return None
    echo(f"evaluate: the same comparison by logistic regression on {chosen}")
    return metric_table_on(
        "test", protocol, logistic_scores(protocol.replicates, result.samples, arms, chosen, engine), params
    )


def evaluate_external(
    protocol: Protocol, external: ImageSet | None, result: ExperimentResult, verdict: Verdict, params: Params
) -> list[dict[str, Any]]:
    """Write external.csv; no rows where there are no external images, and then no file either."""
    if external is None:
        (FOLDER / "external.csv").unlink(missing_ok=True)
        return []
    external_repeats = external_protocol(protocol, external)
    try:
        check_primary(external_repeats.first_splits, params.evaluate)
    except DataError:  # too few normal images, or no others, for the primary metric
        plain = params.evaluate.model_copy(update={"primary": "balanced_accuracy", "normal": None})
        params = params.model_copy(update={"evaluate": plain})
    metrics = metric_table_on("test", external_repeats, result.external_scores, params)
    assert metrics is not None
    rows = external_rows(metrics, external, verdict.arms, arm_kinds(params.evaluate.arm_names))
    write_csv(FOLDER / "external.csv", rows, EXTERNAL_COLUMNS)
    return rows


def fingerprints(protocol: Protocol, delivered: Splits, params: Params) -> dict[str, str]:
    """What the ledger knows this run by: all that is tested, and all else that the verdict depends on.

    prepared: the delivered test, which the page compares with data/prepared.
    """
    chosen = params.model_dump(
        mode="json", include={"seed", "train", "generate", "evaluate"}, exclude={"evaluate": NOT_IN_THE_VERDICT}
    )
    sides = [side.fingerprint() for splits in protocol.unique_splits for side in (splits.train, splits.val)]
    configuration = sha256_json([chosen, params.ingest.flips, pinned_training(params.train), *sides])
    tested, prepared = protocol.tested_images.fingerprint(), delivered.test.fingerprint()
    return {"test": tested, "prepared": prepared, "configuration": configuration}


def delivered_generators(protocol: Protocol, train: ImageSet) -> list[GeneratorSet]:
    """Those of models/, to be compared; none where no repeat trains on the delivered images, `train`.

    Raises `BundleError` for a damaged one, and `DataError` for one that was trained on other images.
    """
    generators = load_generators(MODELS)
    check_trained_on(generators, train)
    return [generators] if protocol.first_is_delivered else []


def further_generators(protocol: Protocol, params: Params, backend: Backend) -> list[GeneratorSet]:
    """Generators of the repeats without delivered ones, trained by the same function and work store."""
    replicates = protocol.replicates[int(protocol.first_is_delivered) :]
    training = training_for(protocol.first_splits.train, params.train, flips=params.ingest.flips, device=backend.device)
    sets, seeds = [one.splits.train for one in replicates], [one.seed for one in replicates]
    trained = train_repeats(sets, training, seeds, backend)
    return [generators_from(images, training, gans, backend.device) for images, gans in zip(sets, trained, strict=True)]


def audit_samples(protocol: Protocol, result: ExperimentResult) -> None:
    """Write audit.csv; raises `DataError` when the synthetic images of any repeat tell of a leak into its test."""
    rows: list[Nearness] = []
    reals = {id(splits): real_images(vars(splits)) for splits in protocol.unique_splits}
    for number, (candidates, replicate) in enumerate(zip(result.candidates, protocol.replicates, strict=True)):
        samples = {label: drawn.images for label, drawn in candidates.items()}
        check_no_test_image(samples, replicate.splits.test)
        rows += nearness_rows(samples, reals[id(replicate.splits)], number)
    write_csv(FOLDER / "audit.csv", map(asdict, rows), AUDIT_COLUMNS)
    require_no_leak(rows)


if __name__ == "__main__":
    main(evaluate)
