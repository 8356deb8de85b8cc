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
from augment.evaluation.experiment.cost import cost_line, measured_cost
from augment.evaluation.experiment.experiment import Compared, Comparing, compare, compare_plain, with_delivered
from augment.evaluation.experiment.external import COLUMNS as EXTERNAL
from augment.evaluation.experiment.external import check_apart, on_external
from augment.evaluation.experiment.external import read as read_external
from augment.evaluation.experiment.external import rows as external_rows
from augment.evaluation.experiment.figures import figures_on
from augment.evaluation.experiment.learning import learn
from augment.evaluation.experiment.learning_curve import COLUMNS as CURVE
from augment.evaluation.experiment.learning_curve import points
from augment.evaluation.experiment.protocol import Plan, Splits, plan
from augment.evaluation.experiment.provenance import check_trained_on, gate_beside
from augment.evaluation.experiment.second_classifier import logistic_scores
from augment.evaluation.experiment.settings import check_extras, check_held_out, check_primary, comparing
from augment.evaluation.samples.audit import check_no_test_image
from augment.evaluation.samples.leakage import COLUMNS as NEARNESS
from augment.evaluation.samples.leakage import Nearness, nearness, real_images, require_no_leak
from augment.evaluation.statistics.metric_table import Figures
from augment.evaluation.statistics.power_model import expectation
from augment.evaluation.verdict.augmentation import strongest
from augment.evaluation.verdict.caveats import failed_classes, other_start
from augment.evaluation.verdict.facts import COLUMNS as FACTS
from augment.evaluation.verdict.facts import facts
from augment.evaluation.verdict.rules import Verdict, decide
from augment.evaluation.verdict.scope import announced_text, repeats_text, scope_of
from augment.evaluation.verdict.selection import Policy, choose_policy
from augment.evaluation.verdict.summary import metrics, summary
from augment.evaluation.verdict.wording import smallest_gain_text
from augment.gan.bundle import load_generators
from augment.gan.generators import GeneratorSet
from augment.gan.per_class import Workplace, train_repeats
from augment.gan.settings import has_pinned_base, pinned_training, training_for, workplace
from augment.gan.trained import generators_from
from augment.params import AUGMENTATIONS, Base, Evaluate, Params
from augment.project.test_ledger import LEDGER, looks, looks_text, record
from pipeline.common import MODELS, PREPARED, REPORTS, main
from pipeline.evaluation_files import FOLDER, write_comparison, write_families, write_samples
from pipeline.start import echo

BESIDE_THE_VERDICT = {"external", "learning_curve", "second_classifier"}  # of evaluate; they change nothing of it


def evaluate(params: Params) -> None:
    """Repeats that differ in seed, or in training images too, as the protocol says; each has GANs of its own."""
    chosen = params.evaluate
    check_extras(chosen)
    splits, pool = prepared(chosen)
    gate = gate_beside(has_pinned_base(params.train), chosen)
    planned = plan(splits, pool, chosen.protocol, chosen.seeds, chosen.repeats, params.seed, gate)
    classes, shape = splits.train.classes, splits.train.images.shape[1:]
    external = read_external(Path(chosen.external), params.ingest, classes, shape)
    if external is not None:
        check_apart(external, [side for own in planned.distinct for side in (own.train, own.val)])
        echo(f"evaluate: {len(external)} external images of {len(external.classes)} classes")
    for own in planned.distinct:
        check_primary(own, chosen)
        check_held_out(own, params)
    delivered = delivered_generators(planned, splits.train)
    place = workplace(params.compute)
    settings = comparing(params, planned.first.train)
    announced = announce(planned, settings, params, place)
    plain = compare_plain(planned.replicates, settings, place.engine, external)
    settings = replace(settings, base=base(planned, plain[0], params))
    made = [*delivered, *further_generators(planned, params, place)]
    compared = compare(planned.replicates, made, settings, place.engine, external, plain)
    caveats = [*failed_classes(made), *other_start(pinned_training(params.train), splits.train)]
    for caveat in caveats:
        echo(f"evaluate: {caveat}")
    audit(planned, compared)
    arm_kinds = tables.kinds(chosen.arm_names)
    policy = choose_policy(figures("val", planned, compared.val_scores, params), arm_kinds)
    if "as_delivered" in arm_kinds:
        compared = with_delivered(compared, planned.replicates, policy.arm, settings, place.engine, external)
    looked = fingerprints(planned, splits, params)
    record(LEDGER, looked["test"], looked["configuration"])
    echo(f"evaluate: {looks_text(looks(LEDGER, looked['test'], looked['configuration']))}")
    val = figures("val", planned, compared.val_scores, params)
    test = figures("test", planned, compared.test_scores, params)
    verdict = decide(
        test,
        val,
        policy,
        arm_kinds,
        equivalence=chosen.equivalence,
        announced=announced,
        scope=scope_of(planned, test) if test else None,
    )
    write_comparison(planned, compared, tables.runs(planned, compared, val, test), policy, verdict)
    exchange = learned(planned, pool, compared, policy, settings, params, place)
    privacy, lines = write_samples(planned.first, compared, settings.filter, params.seed, place.engine)
    found = summary(planned, policy, verdict, announced, looked, caveats, lines) | {
        "augmentation": settings.base,
        "exchange": exchange,
        "external": elsewhere(planned, external, compared, verdict, params),
    }
    write_json(FOLDER / "verdict.json", found)
    write_csv(FOLDER / "facts.csv", facts(found), FACTS)
    write_families(by_logistic_regression(planned, compared, params, place.engine), chosen)
    write_json(FOLDER / "environment.json", environment(place.device))
    told = metrics(planned, policy, verdict, chosen.primary) | {"privacy": privacy}
    write_json(REPORTS / "metrics.json", told)


def prepared(settings: Evaluate) -> tuple[Splits, ImageSet]:
    """The delivered split, and what it left over where that is asked for."""
    splits = Splits(*(ImageSet.load(PREPARED / side) for side in ("train", "val", "test")))
    wanted = settings.protocol == "repeated" or settings.learning_curve == "on"
    return splits, ImageSet.load(PREPARED / POOL) if wanted else splits.val.take([])


def announce(planned: Plan, settings: Comparing, params: Params, place: Workplace) -> float | None:
    """Tell, before the expensive part, what it can show and what it costs. Returns the smallest gain, None for none."""
    normal, first, seeds = params.evaluate.normal, planned.first, planned.seeds
    if planned.form != "split":
        echo(f"evaluate: {params.evaluate.protocol}: {announced_text(planned)}")
    judged = first.test if normal is None else first.test.take(first.test.labels != normal)
    rivals = [arm for arm, kind in tables.kinds(settings.arms).items() if kind in ("real", "control")]
    augmented = params.evaluate.augmentation != "auto" or not {*AUGMENTATIONS}.isdisjoint(settings.arms)
    announced, groups = expectation(first.train, judged, rivals, len(seeds), planned.ratio, augmented)
    echo("evaluate: timing a few steps of classifiers")
    training = training_for(first.train, params.train, flips=params.ingest.flips, device=place.device)
    cost = measured_cost(first.train, seeds, settings, training, len(seeds) - planned.delivered, place)
    echo(f"evaluate: {smallest_gain_text(announced, groups.tolist(), repeats_text(planned))}")
    echo(f"evaluate: {cost_line(cost, settings, place.engine)}")
    if params.evaluate.learning_curve == "on":
        echo(f"evaluate: the learning curve takes {len(seeds)} classifiers more for each of its sizes, at least 3")
    return announced


def base(planned: Plan, val: Mapping[Any, Any], params: Params) -> Base:
    """What the arms with made images add to; tells what was chosen."""
    if params.evaluate.augmentation != "auto":
        return params.evaluate.augmentation
    on_val = figures("val", planned, val, params)
    chosen = strongest(on_val, params.evaluate.arm_names)
    why = "the strongest augmentation of real images on val" if on_val else "the first augmentation: val cannot tell"
    text = f"made images are added to {chosen}, {why}"
    unaugmented = "evaluate.arms names no augmentation, so made images have none either"
    echo(f"evaluate: {unaugmented if chosen == 'none' else text}")
    return chosen


def figures(side: Literal["val", "test"], planned: Plan, scores: Mapping[Any, Any], params: Params) -> Figures | None:
    """The figure that decides, for every arm that has run; None where this side cannot tell."""
    return figures_on(
        side,
        planned,
        scores,
        normal=params.evaluate.normal,
        rate=params.evaluate.false_alarm_rate,
        draws=params.evaluate.resamples,
        seed=params.seed,
    )


def learned(
    planned: Plan,
    pool: ImageSet,
    compared: Compared,
    policy: Policy,
    settings: Comparing,
    params: Params,
    place: Workplace,
) -> dict[str, Any] | None:
    """Train the learning curve, write learning_curve.csv, and tell what the samples are worth; None when it is off."""
    if params.evaluate.learning_curve == "off":
        (FOLDER / "learning_curve.csv").unlink(missing_ok=True)
        return None
    curve, real = points(planned, pool, params.seed), policy.chosen_real
    echo(f"evaluate: learning curve of {real}: {', '.join(f'{own.images:g}' for own in curve)} images")
    measure = partial(figures, "test", planned, params=params)
    rows, exchange = learn(curve, planned, compared, real, settings, place.engine, measure)
    write_csv(FOLDER / "learning_curve.csv", rows, CURVE)
    return exchange


def by_logistic_regression(planned: Plan, compared: Compared, params: Params, engine: Engine) -> Figures | None:
    """Whether the answer holds for another classifier: its figures on test; None when it is off."""
    chosen, arms = params.evaluate.second_classifier, params.evaluate.arm_names
    if chosen == "off":
        return None
    echo(f"evaluate: the same comparison by logistic regression on {chosen}")
    return figures("test", planned, logistic_scores(planned.replicates, compared.samples, arms, chosen, engine), params)


def elsewhere(
    planned: Plan, external: ImageSet | None, compared: Compared, verdict: Verdict, params: Params
) -> list[dict[str, Any]]:
    """Write external.csv; no rows where there are no external images, and then no file either."""
    if external is None:
        (FOLDER / "external.csv").unlink(missing_ok=True)
        return []
    there = on_external(planned, external)
    try:
        check_primary(there.first, params.evaluate)
    except DataError:  # too few normal images, or no others, for the figure that decides
        plain = params.evaluate.model_copy(update={"primary": "balanced_accuracy", "normal": None})
        params = params.model_copy(update={"evaluate": plain})
    found = figures("test", there, compared.external_scores, params)
    assert found is not None
    rows = external_rows(found, external, verdict.arms, tables.kinds(params.evaluate.arm_names))
    write_csv(FOLDER / "external.csv", rows, EXTERNAL)
    return rows


def fingerprints(planned: Plan, delivered: Splits, params: Params) -> dict[str, str]:
    """What the ledger knows this run by: all that is tested, and all else that the verdict depends on.

    prepared: the delivered test, which the page compares with data/prepared.
    """
    chosen = params.model_dump(
        mode="json", include={"seed", "train", "generate", "evaluate"}, exclude={"evaluate": BESIDE_THE_VERDICT}
    )
    sides = [side.fingerprint() for own in planned.distinct for side in (own.train, own.val)]
    configuration = sha256_json([chosen, params.ingest.flips, pinned_training(params.train), *sides])
    tested, prepared = planned.tested.fingerprint(), delivered.test.fingerprint()
    return {"test": tested, "prepared": prepared, "configuration": configuration}


def delivered_generators(planned: Plan, train: ImageSet) -> list[GeneratorSet]:
    """Those of models/, to be compared; none where no repeat trains on the delivered images, `train`.

    Raises `BundleError` for a damaged one, and `DataError` for one that was trained on other images.
    """
    found = load_generators(MODELS)
    check_trained_on(found, train)
    return [found] if planned.delivered else []


def further_generators(planned: Plan, params: Params, place: Workplace) -> list[GeneratorSet]:
    """Generators of the repeats without delivered ones, trained by the same function and work store."""
    own = planned.replicates[int(planned.delivered) :]
    training = training_for(planned.first.train, params.train, flips=params.ingest.flips, device=place.device)
    sets, seeds = [one.splits.train for one in own], [one.seed for one in own]
    trained = train_repeats(sets, training, seeds, place)
    return [generators_from(images, training, gans, place.device) for images, gans in zip(sets, trained, strict=True)]


def audit(planned: Plan, compared: Compared) -> None:
    """Write audit.csv; raises `DataError` when the synthetic images of any repeat tell of a leak into its test."""
    rows: list[Nearness] = []
    reals = {id(own): real_images(vars(own)) for own in planned.distinct}
    for number, (candidates, replicate) in enumerate(zip(compared.candidates, planned.replicates, strict=True)):
        samples = {label: found.images for label, found in candidates.items()}
        check_no_test_image(samples, replicate.splits.test)
        rows += nearness(samples, reals[id(replicate.splits)], number)
    write_csv(FOLDER / "audit.csv", map(asdict, rows), NEARNESS)
    require_no_leak(rows)


if __name__ == "__main__":
    main(evaluate)
