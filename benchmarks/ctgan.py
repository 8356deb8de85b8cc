"""Are the columns of samples as near to real ones as CTGAN's? `python -m benchmarks.ctgan [TABLE ...] [--draws 2]`.

`pip install ctgan` first: its licence (BUSL 1.1) allows such a test, and not that this project needs it. Both learn the
training rows of `benchmarks.tables` with their defaults, CTGAN all classes at once with the class as a discrete column;
of each class 200 of its rows that say so are kept. Distances are those of marginals.csv: of each class and column from
test, Kolmogorov and Smirnov's or total variation, mean over these.
"""

import argparse
import time
import warnings
from collections.abc import Mapping
from functools import partial

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from augment.data.rows.rowset import RowSet
from augment.evaluation.rows.quality import marginal_rows
from augment.gan.rows.making import generators_of
from augment.params import check
from benchmarks.tables import BUNDLED, KEEL, MADE, draws, row_set, table_of

COUNT, MOST_DRAWN = 200, 20_000  # rows of a class: kept, and drawn for them at most
LABEL = "class"
Values = Mapping[str, NDArray[np.float64]]  # of each class, rows (COUNT, columns)


def own_rows(train: RowSet, seed: int) -> Values:
    made_by = generators_of(train, check({}).train, seed)
    return {label: one.rows(COUNT, seed=seed) for label, one in made_by.items()}


def ctgan_rows(train: RowSet, seed: int, epochs: int) -> Values:
    from ctgan import CTGAN  # noqa: PLC0415  (not among the project's dependencies)

    torch.manual_seed(seed)
    np.random.seed(seed)  # what ctgan draws from
    discrete = [column.name for column in train.schema.columns if column.kind == "categorical"]
    frame = pd.DataFrame(train.values, columns=[column.name for column in train.schema.columns])
    frame[LABEL] = train.labels
    model = CTGAN(epochs=epochs)  # of one step each, where rows are fewer than its batch
    model.fit(frame, [*discrete, LABEL])
    return {label: _of_class(model.sample, label) for label in train.classes}


def _of_class(sample: object, label: str) -> NDArray[np.float64]:
    """A condition makes a class likely, not sure, so others are thrown away."""
    kept, drawn = list[NDArray[np.float64]](), 0
    while sum(map(len, kept)) < COUNT and drawn < MOST_DRAWN:
        rows = sample(COUNT, LABEL, label)  # type: ignore[operator]
        kept.append(rows[rows[LABEL] == label].drop(columns=LABEL).to_numpy(dtype=np.float64))
        drawn += len(rows)
    return np.concatenate(kept)[:COUNT]


def distance(made_rows: Values, train: RowSet, test: RowSet, side: str = "synthetic") -> float:
    """side: of the rows made, or of the real training rows."""
    return float(np.mean([row[side] for row in marginal_rows(made_rows, train, test)]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="*", default=[*BUNDLED, *MADE, *KEEL])
    parser.add_argument("--draws", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=300, help="of CTGAN; 300 is its own default")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # of ctgan's own libraries
    print("| table | draw | GAN | seconds | CTGAN | seconds | real |\n|---|---|---|---|---|---|---|")
    for name in chosen.tables:
        for draw, splits in zip(range(chosen.draws), draws(row_set(table_of(name))), strict=False):
            cells = []
            for make in (own_rows, partial(ctgan_rows, epochs=chosen.epochs)):
                began = time.process_time()
                values = make(splits.train, draw)
                cells += [f"{distance(values, splits.train, splits.test):.3f}", f"{time.process_time() - began:.0f}"]
            real = distance(values, splits.train, splits.test, "real")
            print(f"| {name} | {draw} | {' | '.join(cells)} | {real:.3f} |", flush=True)


if __name__ == "__main__":
    main()
