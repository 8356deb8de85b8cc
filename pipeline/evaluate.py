"""Compare the arms on data/prepared/test and write reports/metrics.json and reports/evaluation/."""

from dataclasses import asdict
from typing import Literal

from augment.data.imageset import ImageSet
from augment.data.sides import check_sides
from augment.engine import Engine
from augment.environment import environment
from augment.errors import ParamsError
from augment.evaluation import comparisons, tables
from augment.evaluation.audit import check_no_test_image
from augment.evaluation.compare import Compared, Comparing, Splits, compare, repeat_seeds, with_delivered
from augment.evaluation.cost import cost_line, measured_cost
from augment.evaluation.explanation import Line
from augment.evaluation.judges import fit_judges
from augment.evaluation.membership import COLUMNS as MEMBERSHIP
from augment.evaluation.membership import explained, membership
from augment.evaluation.nearness import COLUMNS as NEARNESS
from augment.evaluation.nearness import nearness, real_images, require_no_leak
from augment.evaluation.policy import Policy, choose_policy
from augment.evaluation.primary import Figures, check_rate, figures_of_scores
from augment.evaluation.prior import expectation
from augment.evaluation.privacy import copy_rate
from augment.evaluation.quality import COLUMNS as QUALITY
from augment.evaluation.quality import quality
from augment.evaluation.reliability import COLUMNS as RELIABILITY
from augment.evaluation.reliability import reliability
from augment.evaluation.verdict import Verdict, decide
from augment.evaluation.wording import smallest_gain_text
from augment.files import sha256_json, write_csv, write_json
from augment.gan.bundle import GeneratorSet, generators_from, load_generators
from augment.gan.classes import Workplace, train_classes
from augment.gan.settings import training_for, workplace
from augment.ledger import LEDGER, looks, looks_text, record
from augment.measure.classifiers import FitSettings
from augment.measure.features import pixels
from augment.params import Evaluate, Params
from augment.seeds import numpy_rng
from augment.synthesis.filter import FilterSettings
from augment.synthesis.settings import filter_settings
from pipeline.common import MODELS, PREPARED, REPORTS, main
from pipeline.start import echo

FOLDER = REPORTS / "evaluation"


def evaluate(params: Params) -> None:
    """Paired repeats: the first uses the delivered generators, the others train GANs of their own."""
    splits = Splits(*(ImageSet.load(PREPARED / side) for side in ("train", "val", "test")))
    check_sides(vars(splits))
    check_primary(splits, params.evaluate)
    place = workplace(params.compute)
    seeds = repeat_seeds(params.seed, params.evaluate.seeds)
    settings = comparing(params)
    announced = announce(splits, seeds, settings, params, place)
    generators = [load_generators(MODELS), *further_generators(splits.train, params, seeds[1:], place)]
    compared = compare(splits, generators, seeds, settings, place.engine)
    audit(splits, compared, seeds)
    arm_kinds = tables.kinds(params.evaluate.arm_names)
    policy = choose_policy(figures(splits, compared, "val", params), arm_kinds)
    if "as_delivered" in arm_kinds:
        compared = with_delivered(compared, splits, policy.arm, seeds, settings, place.engine)
    looked = fingerprints(splits, params)
    record(LEDGER, looked["test"], looked["configuration"])
    echo(f"evaluate: {looks_text(looks(LEDGER, looked['test'], looked['configuration']))}")
    val, test = (figures(splits, compared, side, params) for side in ("val", "test"))
    verdict = decide(test, val, policy, arm_kinds, equivalence=params.evaluate.equivalence, announced=announced)
    write_comparison(splits, compared, tables.runs(splits, compared, val, test), policy, verdict)
    privacy, lines = write_samples(splits, compared, settings.filter, params.seed, place.engine)
    write_json(FOLDER / "verdict.json", summary(policy, verdict, announced, looked, lines))
    write_json(FOLDER / "environment.json", environment(place.device))
    write_json(REPORTS / "metrics.json", metrics(policy, verdict, params.evaluate.primary) | {"privacy": privacy})


def check_primary(splits: Splits, settings: Evaluate) -> None:
    """Stop before anything is trained when the figure that decides cannot be had from this test set."""
    if settings.normal is None:
        return
    classes = splits.train.classes
    if settings.normal not in classes:
        raise ParamsError(f"params.yaml: evaluate.normal: no class {settings.normal!r}; there are {', '.join(classes)}")
    normal, test = classes.index(settings.normal), splits.test
    check_rate(test.targets(classes), test.groups, normal, settings.normal, settings.false_alarm_rate)


def announce(splits: Splits, seeds: list[int], settings: Comparing, params: Params, place: Workplace) -> float | None:
    """Tell, before the expensive part, what it can show and what it costs. Returns the smallest gain, None for none."""
    normal = params.evaluate.normal
    judged = splits.test if normal is None else splits.test.take(splits.test.labels != normal)
    rivals = [arm for arm, kind in tables.kinds(settings.arms).items() if kind in ("real", "control")]
    announced, groups = expectation(splits.train, judged, rivals, len(seeds))
    echo("evaluate: timing a few steps of every arm")
    cost = measured_cost(splits.train, seeds, settings, place.engine)
    gans = (len(seeds) - 1) * (len(splits.train.classes) + (params.train.transfer == "shared"))
    echo(f"evaluate: {smallest_gain_text(announced, groups.tolist(), len(seeds))}")
    echo(f"evaluate: {cost_line(cost, settings, place.engine, gans)}")
    return announced


def figures(splits: Splits, compared: Compared, side: Literal["val", "test"], params: Params) -> Figures | None:
    """The figure that decides, for every arm that has run; None where this split cannot tell."""
    own, scores = (splits.val, compared.val_scores) if side == "val" else (splits.test, compared.test_scores)
    return figures_of_scores(
        own.targets(splits.train.classes),
        own.groups,
        scores,
        normal=None if params.evaluate.normal is None else splits.train.classes.index(params.evaluate.normal),
        rate=params.evaluate.false_alarm_rate,
        draws=params.evaluate.resamples,
        rng=numpy_rng(params.seed, "bootstrap", side),
    )


def fingerprints(splits: Splits, params: Params) -> dict[str, str]:
    """What the ledger knows this run by: its test set, and everything else that a verdict depends on."""
    chosen = params.model_dump(mode="json", include={"seed", "train", "generate", "evaluate"})
    sides = [side.fingerprint() for side in (splits.train, splits.val)]
    configuration = sha256_json([chosen, params.ingest.flips, *sides])
    return {"test": splits.test.fingerprint(), "configuration": configuration}


def further_generators(train: ImageSet, params: Params, seeds: list[int], place: Workplace) -> list[GeneratorSet]:
    """Generators of the repeats after the first, trained by the same function and work store."""
    training = training_for(train, params.train, flips=params.ingest.flips, device=place.device)
    results = train_classes(train, training, seeds, place)
    return [generators_from(train, training.classes, by_class, place.device) for by_class in results]


def comparing(params: Params) -> Comparing:
    """What is equal for all arms."""
    return Comparing(
        arms=params.evaluate.arm_names,
        wanted=params.generate.per_class,
        oversample=params.generate.oversample,
        filter=filter_settings(params),
        fit=FitSettings(params.evaluate.steps, params.evaluate.learning_rate),
        batch_size=params.evaluate.batch_size,
        flips=params.ingest.flips,
    )


def audit(splits: Splits, compared: Compared, seeds: list[int]) -> None:
    """Write audit.csv; raises `DataError` when the synthetic images of any repeat tell of a leak."""
    rows, reals = [], real_images(vars(splits))
    for candidates, seed in zip(compared.candidates, seeds, strict=True):
        samples = {label: found.images for label, found in candidates.items()}
        check_no_test_image(samples, splits.test)
        rows += nearness(samples, reals, seed)
    write_csv(FOLDER / "audit.csv", map(asdict, rows), NEARNESS)
    require_no_leak(rows)


def write_comparison(
    splits: Splits, compared: Compared, runs: list[tables.Row], policy: Policy, verdict: Verdict
) -> None:
    """All that the verdict rests on."""
    classes = splits.train.classes
    write_csv(FOLDER / "runs.csv", runs, tables.RUNS)
    write_csv(FOLDER / "arms.csv", tables.with_means(verdict.arms, runs), tables.ARMS)
    write_csv(FOLDER / "comparisons.csv", comparisons.rows(verdict.comparisons), tables.COMPARISONS)
    write_csv(FOLDER / "classes.csv", tables.class_rows(splits, compared.test), tables.CLASSES)
    predicted = {str(arm): found for arm, found in compared.test.items()}
    chosen = tables.confusion(splits.test, predicted[policy.arm][0], classes)
    write_csv(FOLDER / "confusion.csv", chosen, ("actual", "predicted"))
    rows = tables.prediction_rows(splits.test, compared.test, classes)
    write_csv(FOLDER / "predictions.csv", rows, tuple(rows[0]))
    bins = reliability(splits.test.targets(classes), splits.test.groups, compared.test_scores)
    write_csv(FOLDER / "reliability.csv", bins, RELIABILITY)


def write_samples(
    splits: Splits, compared: Compared, judging: FilterSettings, seed: int, engine: Engine
) -> tuple[dict[str, float | None], list[Line]]:
    """Quality, copies and membership of the first repeat's samples, before any selection.

    Returns what metrics.json says of privacy, and what is told of it beside the verdict.
    """
    train, test, classes = splits.train, splits.test, splits.train.classes
    samples = {label: found.images for label, found in compared.candidates[0].items()}
    write_csv(FOLDER / "acceptance.csv", tables.acceptance(compared), tables.ACCEPTANCE)
    write_csv(FOLDER / "quality.csv", quality(train, test, samples, fit_judges(train, judging, seed, engine)), QUALITY)
    control = {label: test.of_class(label) for label in classes}
    copies = copy_rate(
        {label: pixels(images) for label, images in samples.items()},
        {label: pixels(train.of_class(label).images) for label in classes},
        {label: pixels(own.images) for label, own in control.items()},
        {label: own.groups for label, own in control.items()},
        numpy_rng(seed, "copies"),
    )
    write_csv(FOLDER / "copies.csv", [asdict(row) for row in copies], tables.COPIES)
    attack = membership(train, test, samples, numpy_rng(seed, "membership"))
    write_csv(FOLDER / "membership.csv", map(asdict, attack), MEMBERSHIP)
    return {"membership_auc": attack[0].value, "copy_rate": copies[-1].synthetic_rate}, explained(attack)


def summary(
    policy: Policy, verdict: Verdict, announced: float | None, looked: dict[str, str], beside: list[Line]
) -> dict[str, object]:
    """verdict.json: the word, its reasons, and what the rules chose on the way. A gain above 1 stands for none."""
    measured = verdict.smallest_gain if verdict.smallest_gain <= 1 else None
    return {
        "verdict": verdict.word,
        "sentence": verdict.sentence,
        "reasons": list(verdict.reasons),
        "advice": list(verdict.advice),
        "explanation": [asdict(line) for line in (*verdict.explanation, *beside)],
        "policy": {"arm": policy.arm, "weight": policy.weight},
        "chosen_real": policy.chosen_real,
        "best_real": verdict.best_real,
        "objections": {"repeats": policy.gate.found.seeds if policy.gate else 0, "objected": policy.objections},
        "ungated": asdict(verdict.ungated),
        "as_delivered": asdict(verdict.delivered) if verdict.delivered else None,
        "smallest_gain": {"announced": announced, "measured": measured},
        "looked": looked,
    }


def metrics(policy: Policy, verdict: Verdict, primary: str) -> dict[str, object]:
    """metrics.json: small, so that `dvc metrics diff` reads well; fractions of 1."""
    gains = {"gross": verdict.gross, "net": verdict.net}
    gains |= {"as_delivered": verdict.delivered.net} if verdict.delivered else {}
    return {
        "verdict": verdict.word,
        "primary": primary,
        "gain": {name: asdict(gain) for name, gain in gains.items()},
        "policy": {"arm": policy.arm, "weight": policy.weight},
        "arms": {row["arm"]: {key: row[key] for key in ("mean", "low", "high")} for row in verdict.arms},
        "val": {row["arm"]: row["val_mean"] for row in verdict.arms if row["val_mean"] is not None},
    }


if __name__ == "__main__":
    main(evaluate)
