"""Rows drawn from generators, without near copies of training rows and without what classifiers call another class."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from augment.core.seeds import derive_seed
from augment.data.rows.encoding import Encoded, Encoding
from augment.data.rows.rowset import RowSet
from augment.data.split.groups import group_folds
from augment.gan.rows.generators import RowGenerators
from augment.measure.metrics import nearest
from augment.params import Generate
from augment.synthesis.judged import copy_distance

MIN_ROWS, MAX_ROWS = 200, 2000  # samples of a class: as many as the largest class has, between these


@dataclass(frozen=True)
class RowCandidates:
    """All candidates of one class.

    encoded: float32 (N, width); probability: of the class, by the filter; other_class: bool (N,), another is likelier;
    nearest_train, nearest_distance: of the class, among the encoded rows; reason: "" for a kept one
    """

    label: str
    encoded: Encoded
    probability: NDArray[np.float64]
    threshold: float
    other_class: NDArray[np.bool_]
    nearest_train: NDArray[np.int64]
    nearest_distance: NDArray[np.float64]
    copy_threshold: float
    reason: NDArray[np.str_]

    @property
    def kept(self) -> Encoded:
        return np.asarray(self.encoded[self.reason == ""])


def rows_wanted(generate: Generate, train: RowSet) -> int:
    """Samples of each class."""
    if generate.per_class != "auto":
        return generate.per_class
    return min(MAX_ROWS, max(MIN_ROWS, *train.counts().values()))


def choose_rows(
    train: RowSet, encoding: Encoding, generators: RowGenerators, seed: int, generate: Generate
) -> dict[str, RowCandidates]:
    """Candidates of every class with a generator; the first ones that pass are kept, as many as are wanted."""
    wanted = rows_wanted(generate, train)
    encoded, targets = encoding.encode(train.values), train.targets(train.classes)
    models, held_out = _filters(encoded, targets, train, generate.folds, seed)
    found = {}
    for label, generator in generators.items():
        index = train.classes.index(label)
        rows = generator.encoded(wanted * generate.oversample, seed=seed)
        probabilities = np.mean([model.predict_proba(rows) for model in models], axis=0)
        of_class = encoded[targets == index]
        place, distance = nearest(rows, of_class)
        limit = copy_limit(of_class)
        own = held_out[targets == index, index]
        own = own[~np.isnan(own)]
        threshold = float(np.quantile(own, 1 - generate.accept)) if len(own) else 0.0
        reason = np.where(
            distance <= limit, "near_copy", np.where(probabilities[:, index] < threshold, "off_class", "")
        )
        passed = np.flatnonzero(reason == "")
        reason[passed[wanted:]] = "surplus"
        found[label] = RowCandidates(
            label, rows, probabilities[:, index], threshold, probabilities.argmax(axis=1) != index, place, distance,
            limit, reason,
        )  # fmt: skip
    return found


def copy_limit(rows: Encoded) -> float:
    """Distance of encoded rows of a class at or below which a sample is a near copy; below 0 with a single row, and
    where rows equal each other by chance."""
    limit = copy_distance(rows)
    return limit if limit > 0 else -1.0


def _filters(
    encoded: Encoded, targets: NDArray[np.int64], train: RowSet, folds: int, seed: int
) -> tuple[list[Any], NDArray[np.float64]]:
    """Cross-fitted classifiers, and what they give the real rows that each has not seen, float64 (N, classes); NaN of a
    row that every classifier has seen."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415  (an extra, which the side that imports lacks)

    fewest = min(train.counts().values())
    held_out = np.full((len(targets), len(train.classes)), np.nan)
    models = []
    for inside, outside in group_folds(
        targets, train.groups, max(2, min(folds, fewest)), derive_seed(seed, "folds") % 2**32
    ):
        if len(np.unique(targets[inside])) < len(train.classes):
            continue  # a group may hold most of a class
        model = LogisticRegression(C=0.3, max_iter=300, class_weight="balanced").fit(encoded[inside], targets[inside])
        held_out[outside] = model.predict_proba(encoded[outside])
        models.append(model)
    if not models:
        models = [LogisticRegression(C=0.3, max_iter=300, class_weight="balanced").fit(encoded, targets)]
        held_out = models[0].predict_proba(encoded)
    return models, held_out
