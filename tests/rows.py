"""Small tables whose classes are easy to tell apart."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from augment.data.rows.columns import Column, Schema
from augment.data.rows.rowset import RowSet

COLUMNS = (
    Column("length", "numeric", decimals=2),
    Column("count", "integer", decimals=0),
    Column("mass", "numeric"),
    Column("shape", "categorical", ("flat", "round", "tall")),
)
SCHEMA = Schema("table", "kind", COLUMNS)
COUNTS = {"bolt": 40, "nut": 25, "pin": 12}


def toy_values(position: int, count: int, seed: int = 0) -> np.ndarray:
    """float64 (count, 4): lengths, counts and shapes of the class depend on its position, masses on the length."""
    rng = np.random.default_rng((seed, position))
    length = np.round(rng.normal(3 * position, 1, count), 2)
    number = rng.poisson(2 + 2 * position, count).astype(float)
    mass = np.exp(0.3 * length + 0.1 * rng.normal(size=count))
    shape = np.where(rng.random(count) < 0.8, float(position % 3), rng.integers(0, 3, count))
    return np.stack([length, number, mass, shape], axis=1)


def toy_rows(counts: Mapping[str, int] = COUNTS, seed: int = 0, name: str = "row") -> RowSet:
    """Classes in sorted order; every row is a group by itself."""
    labels = sorted(counts)
    values = np.concatenate([toy_values(at, counts[label], seed) for at, label in enumerate(labels)])
    names = np.array([f"{name}:{number}" for number in range(len(values))], dtype=np.str_)
    texts = np.repeat(np.array(labels, dtype=np.str_), [counts[label] for label in labels])
    return RowSet(SCHEMA, values, texts, names, names)


def write_toy(path: Path, counts: Mapping[str, int] = COUNTS, seed: int = 0) -> Path:
    """The same as a CSV file."""
    rows = toy_rows(counts, seed)
    lines = [",".join(["kind", *(column.name for column in COLUMNS)])]
    for label, values in zip(rows.labels.tolist(), rows.values.tolist(), strict=True):
        lines.append(",".join([label, *SCHEMA.texts(values).values()]))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return path
