"""Compare the arms on data/prepared/test and write reports/metrics.json and reports/evaluation/."""

from dataclasses import asdict

from augment.data.imageset import ImageSet
from augment.data.sides import check_sides
from augment.environment import environment
from augment.evaluation import tables
from augment.evaluation.audit import check_no_test_image
from augment.evaluation.compare import Compared, Comparing, Splits, compare, repeat_seeds
from augment.evaluation.cost import cost_line, measured_cost
from augment.evaluation.nearness import COLUMNS as NEARNESS
from augment.evaluation.nearness import nearness, real_images, require_no_leak
from augment.evaluation.privacy import copy_rate
from augment.evaluation.quality import COLUMNS as QUALITY
from augment.evaluation.quality import quality
from augment.evaluation.verdict import Verdict, decide
from augment.files import write_csv, write_json
from augment.gan.bundle import GeneratorSet, generators_from, load_generators
from augment.gan.classes import Workplace, train_classes
from augment.gan.settings import training_for, workplace
from augment.measure.classifiers import FitSettings
from augment.measure.features import pixels
from augment.params import Params
from augment.seeds import numpy_rng
from augment.synthesis.settings import filter_settings
from pipeline.common import MODELS, PREPARED, REPORTS, echo, main

FOLDER = REPORTS / "evaluation"


def evaluate(params: Params) -> None:
    """Paired repeats: the first uses the delivered generators, the others train GANs of their own."""
    splits = Splits(*(ImageSet.load(PREPARED / side) for side in ("train", "val", "test")))
    check_sides(vars(splits))
    place = workplace(params.compute)
    seeds = repeat_seeds(params.seed, params.evaluate.seeds)
    settings = comparing(params)
    cost = measured_cost(splits.train, seeds, settings, place.engine)
    gans = len(splits.train.classes) + (params.train.transfer == "shared")
    echo(f"evaluate: {cost_line(cost, settings, place.engine, (len(seeds) - 1) * gans)}")
    generators = [load_generators(MODELS), *further_generators(splits.train, params, seeds[1:], place)]
    compared = compare(splits, generators, seeds, settings, place.engine)
    audit(splits, compared, seeds)
    classes = splits.train.classes
    verdict = decide(
        tables.outcomes(splits.test, compared.test, classes),
        tables.outcomes(splits.val, compared.val, classes),
        tables.kinds(params.evaluate.arm_names),
        equivalence=params.evaluate.equivalence,
        resamples=params.evaluate.resamples,
        seed=params.seed,
    )
    write_comparison(splits, compared, verdict)
    write_samples(splits, compared, params.seed)
    write_json(FOLDER / "environment.json", environment(place.device))
    write_json(REPORTS / "metrics.json", metrics(verdict, params.evaluate.primary))


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


def write_comparison(splits: Splits, compared: Compared, verdict: Verdict) -> None:
    """The verdict with all that it rests on."""
    classes = splits.train.classes
    runs = tables.runs(splits, compared)
    write_csv(FOLDER / "runs.csv", runs, tables.RUNS)
    write_csv(FOLDER / "arms.csv", tables.with_means(verdict.arms, runs), tables.ARMS)
    write_csv(FOLDER / "comparisons.csv", [row.row() for row in verdict.comparisons], tables.COMPARISONS)
    write_csv(FOLDER / "classes.csv", tables.class_rows(splits, compared.test), tables.CLASSES)
    predicted = {str(arm): found for arm, found in compared.test.items()}
    chosen = tables.confusion(splits.test, predicted[verdict.policy_arm][0], classes)
    write_csv(FOLDER / "confusion.csv", chosen, ("actual", "predicted"))
    rows = tables.prediction_rows(splits.test, compared.test, classes)
    write_csv(FOLDER / "predictions.csv", rows, tuple(rows[0]))
    write_json(FOLDER / "verdict.json", summary(verdict))


def write_samples(splits: Splits, compared: Compared, seed: int) -> None:
    """Quality and copies of the first repeat's samples, before any selection."""
    samples = {label: found.images for label, found in compared.candidates[0].items()}
    write_csv(FOLDER / "acceptance.csv", tables.acceptance(compared), tables.ACCEPTANCE)
    write_csv(FOLDER / "quality.csv", quality(splits.train, splits.test, samples), QUALITY)
    sides = [{label: side.of_class(label) for label in splits.train.classes} for side in (splits.train, splits.test)]
    train, control = ({label: pixels(own.images) for label, own in side.items()} for side in sides)
    copies = copy_rate(
        {label: pixels(images) for label, images in samples.items()},
        train,
        control,
        {label: own.groups for label, own in sides[1].items()},
        numpy_rng(seed, "copies"),
    )
    write_csv(FOLDER / "copies.csv", [asdict(row) for row in copies], tables.COPIES)


def summary(verdict: Verdict) -> dict[str, object]:
    """verdict.json: the word, its reasons, and what the rules chose on the way."""
    return {
        "verdict": verdict.word,
        "sentence": verdict.sentence,
        "reasons": list(verdict.reasons),
        "advice": list(verdict.advice),
        "policy": {"arm": verdict.policy_arm, "weight": verdict.policy_weight},
        "chosen_real": verdict.chosen_real,
        "best_real": verdict.best_real,
        "ungated": asdict(verdict.ungated),
    }


def metrics(verdict: Verdict, primary: str) -> dict[str, object]:
    """metrics.json: small, so that `dvc metrics diff` reads well; fractions of 1."""
    return {
        "verdict": verdict.word,
        "primary": primary,
        "gain": {"gross": asdict(verdict.gross), "net": asdict(verdict.net)},
        "policy": {"arm": verdict.policy_arm, "weight": verdict.policy_weight},
        "arms": {row["arm"]: {key: row[key] for key in ("mean", "low", "high")} for row in verdict.arms},
        "val": {row["arm"]: row["val_mean"] for row in verdict.arms if row["val_mean"] is not None},
    }


if __name__ == "__main__":
    main(evaluate)
