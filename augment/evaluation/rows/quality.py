"""What is judged of a table's samples: marginals and correlations, near copies, whether they give members away."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment.core.seeds import numpy_rng
from augment.data.rows.columns import Column, Values
from augment.data.rows.encoding import Encoded, Encoding
from augment.data.rows.rowset import RowSet
from augment.evaluation.rows.repeats import RepeatRows
from augment.evaluation.samples.copies import CopyRow, copy_rate
from augment.evaluation.samples.membership import MembershipRow, scores_of_features, space_rows

MARGINAL_COLUMNS = ("label", "column", "distance", "synthetic", "real", "n_synthetic", "n_reference")
CORRELATION_COLUMNS = ("label", "synthetic", "real")
MEMBERSHIP_SPACE = "encoded"
Float = NDArray[np.float64]


def sample_tables(repeats: Sequence[RepeatRows], wanted: int, seed: int) -> dict[str, list[dict[str, Any]]]:
    """The rows of the tables that are written of samples, all but the acceptance of the first repeat alone."""
    first = repeats[0]
    splits = first.replicate.splits
    made = {label: found.encoded[:wanted] for label, found in first.candidates.items()}
    values = {label: first.encoding.decode(rows) for label, rows in made.items()}
    return {
        "acceptance": list(acceptance_rows(repeats)),
        "marginals": list(marginal_rows(values, splits.train, splits.test)),
        "correlations": list(correlation_rows(made, splits.train, splits.test, first.encoding)),
        "copies": [asdict(row) for row in copy_rows(first, made, seed)],
        "membership": [asdict(row) for row in attack_rows(first, made, seed)],
    }


def acceptance_rows(repeats: Sequence[RepeatRows]) -> Iterator[dict[str, Any]]:
    """What became of every repeat's candidates, by class; columns as those of images."""
    for number, repeat in enumerate(repeats):
        for label, found in repeat.candidates.items():
            near, off = ((found.reason == reason).sum() for reason in ("near_copy", "off_class"))
            yield {
                "seed": number, "label": label, "candidates": len(found.encoded), "near_copy": int(near),
                "off_class": int(off), "accepted": len(found.encoded) - int(near) - int(off), "kept": len(found.kept),
                "other_class_share": float(found.other_class.mean()),
            }  # fmt: skip


def marginal_rows(made: Mapping[str, Values], train: RowSet, test: RowSet) -> Iterator[dict[str, Any]]:
    """Of each class and column how far the samples lie from test, and how far train does: Kolmogorov and Smirnov's
    distance of numbers (missing ones left out), total variation of categories."""
    for label, values in made.items():
        real, reference = train.of_class(label).values, test.of_class(label).values
        for at, column in enumerate(train.schema.columns):
            sides = [side[:, at] for side in (values, real, reference)]
            if min(map(_known, sides)) == 0:
                continue
            yield {
                "label": label, "column": column.name,
                "distance": "total_variation" if column.kind == "categorical" else "kolmogorov_smirnov",
                "synthetic": marginal_distance(column, sides[0], sides[2]),
                "real": marginal_distance(column, sides[1], sides[2]),
                "n_synthetic": len(values), "n_reference": len(reference),
            }  # fmt: skip


def _known(column: Float) -> int:
    return int((~np.isnan(column)).sum())


def marginal_distance(column: Column, first: Float, second: Float) -> float:
    """In [0, 1], of two samples of a column, float64 (N,) and (M,)."""
    if column.kind == "categorical":
        return total_variation(first, second)
    return kolmogorov_smirnov(first[~np.isnan(first)], second[~np.isnan(second)])


def kolmogorov_smirnov(first: Float, second: Float) -> float:
    """The largest difference between two empirical distribution functions."""
    every = np.concatenate([first, second])
    shares = [np.searchsorted(np.sort(side), every, side="right") / len(side) for side in (first, second)]
    return float(np.abs(shares[0] - shares[1]).max())


def total_variation(first: Float, second: Float) -> float:
    """Half the sum of differences between shares of levels; a missing value is a level."""
    levels = np.unique(np.concatenate([first, second]))  # NaN once, at the end
    shares = [
        np.array([(np.isnan(side) if np.isnan(level) else side == level).mean() for level in levels])
        for side in (first, second)
    ]
    return float(np.abs(shares[0] - shares[1]).sum() / 2)


def correlation_rows(
    made: Mapping[str, Encoded], train: RowSet, test: RowSet, encoding: Encoding
) -> Iterator[dict[str, Any]]:
    """Of each class the mean absolute difference of correlations between numbers (as they are encoded) from those of
    test; classes of fewer than 3 rows on a side have none."""
    for label, rows in made.items():
        sides = [rows, *(encoding.encode(side.of_class(label).values) for side in (train, test))]
        if encoding.numeric < 2 or min(map(len, sides)) < 3:
            continue
        found = [_correlations(side[:, : encoding.numeric]) for side in sides]
        yield {"label": label, "synthetic": float(np.abs(found[0] - found[2]).mean()),
               "real": float(np.abs(found[1] - found[2]).mean())}  # fmt: skip


def _correlations(rows: Encoded) -> Float:
    """Of each pair of columns; 0 where one is constant."""
    centred = rows.astype(np.float64) - rows.mean(axis=0)
    scaled = centred / np.maximum(np.linalg.norm(centred, axis=0), 1e-12)
    products = scaled.T @ scaled
    return np.asarray(products[np.triu_indices(len(products), 1)])


def copy_rows(first: RepeatRows, made: Mapping[str, Encoded], seed: int) -> list[CopyRow]:
    """Rows of copies.csv, by distances between encoded rows."""
    splits = first.replicate.splits
    train, test = (_by_class(side, first.encoding) for side in (splits.train, splits.test))
    groups = {label: splits.test.of_class(label).groups for label in splits.test.classes}
    return copy_rate(made, train, test, groups, numpy_rng(seed, "copies"))


def attack_rows(first: RepeatRows, made: Mapping[str, Encoded], seed: int) -> list[MembershipRow]:
    """Rows of membership.csv, in the one space of encoded rows."""
    splits, encoding = first.replicate.splits, first.encoding
    scores = scores_of_features(splits.train, splits.test, made, lambda side: encoding.encode(side.values))
    return list(space_rows(MEMBERSHIP_SPACE, scores, numpy_rng(seed, "membership")))


def _by_class(rows: RowSet, encoding: Encoding) -> dict[str, Encoded]:
    return {label: encoding.encode(rows.of_class(label).values) for label in rows.classes}
