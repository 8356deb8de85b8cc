"""The three classifiers that learn from encoded rows; each is tuned on the real rows of train, once for all arms."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from augment.core.seeds import derive_seed
from augment.data.rows.encoding import Encoded
from augment.data.split.groups import group_folds
from augment.params.arm_row import Family

Targets = NDArray[np.int64]
Weights = NDArray[np.float64]
Edges = NDArray[np.float64]  # between bins
TUNING_FOLDS = 3
ROUNDS, RATE, LEAVES, BINS = 40, 0.15, 8, 63  # of gradient boosting
MAX_ITERATIONS = 500
TRIED: Mapping[Family, tuple[float, ...]] = {
    "logistic": (0.03, 0.3, 3.0),  # C of scikit-learn
    "shrinkage_lda": (0.0,),  # Ledoit and Wolf's formula sets its shrinkage
    "gradient_boosting": (5.0, 20.0),  # fewest rows of a leaf
}


@dataclass(frozen=True)
class Learned:
    """A fitted classifier: `scores` of encoded rows are float32 (N, classes), in the order of the class indices.

    edges: as `bin_edges` gives them, where the model has learned bins; None: it has learned rows as they are.
    """

    model: Any
    edges: Sequence[Edges] | None = None

    def scores(self, rows: Encoded) -> NDArray[np.float32]:
        if not len(rows):
            return np.zeros((0, len(self.model.classes_)), np.float32)
        shown = rows if self.edges is None else binned(rows, self.edges)
        return np.asarray(self.model.predict_proba(shown), np.float32)


def fit(
    family: Family, rows: Encoded, targets: Targets, weights: Weights, setting: float, real: int, seed: int
) -> Learned:
    """Learn rows that count by weights, float64 (N,), whatever they add up to.

    setting: of `TRIED`; real: number of real rows, for which all of them count, so that made ones beside do not change
    how strongly a classifier is held back. Every class must be among the targets.
    """
    scaled = weights * (real / weights.sum())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # as near to the optimum as it matters
        if family == "logistic":
            model = LogisticRegression(C=setting, max_iter=MAX_ITERATIONS).fit(rows, targets, sample_weight=scaled)
        elif family == "gradient_boosting":
            return _boosted(rows, targets, scaled, int(setting), seed)
        else:
            model = _discriminants(rows, targets, weights)
    return Learned(model)


def _boosted(rows: Encoded, targets: Targets, weights: Weights, fewest: int, seed: int) -> Learned:
    """fewest: rows of a leaf. Scikit-learn's own bins take two thirds of a fit where rows count by weights, so it is
    given bins."""
    edges = bin_edges(rows)
    model = HistGradientBoostingClassifier(
        max_iter=ROUNDS, learning_rate=RATE, max_leaf_nodes=LEAVES, max_bins=BINS, min_samples_leaf=fewest,
        early_stopping=False, random_state=seed % 2**32,
    ).fit(binned(rows, edges), targets, sample_weight=weights)  # fmt: skip
    return Learned(model, edges)


def bin_edges(rows: Encoded) -> list[Edges]:
    """Of each column, in order: halfway between its values, or where these are more than `BINS` between as many of its
    quantiles."""
    edges = []
    for column in rows.T.astype(np.float64):
        values = np.unique(column)
        if len(values) > BINS:
            values = np.unique(np.quantile(column, np.linspace(0, 1, BINS)))
        edges.append((values[1:] + values[:-1]) / 2)
    return edges


def binned(rows: Encoded, edges: Sequence[Edges]) -> Encoded:
    """Which bin each value is in, from 0, float32 (N, width)."""
    bins = [np.searchsorted(own, column) for own, column in zip(edges, rows.T, strict=True)]
    return np.stack(bins, axis=1).astype(np.float32)


def _discriminants(rows: Encoded, targets: Targets, weights: Weights) -> LinearDiscriminantAnalysis:
    """Scikit-learn's takes no weights: rows are repeated in their proportion, as many in all, and priors are exact."""
    share = np.bincount(targets, weights) / weights.sum()
    drawn = repeated(weights, len(rows))
    for index in np.flatnonzero(np.bincount(targets[drawn], minlength=len(share)) < 2):
        drawn = np.concatenate([drawn, np.flatnonzero(targets == index)])  # a class needs two rows to have a spread
    model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto", priors=share / share.sum())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of columns that are constant within classes, which shrinkage takes care of
        return model.fit(rows[drawn].astype(np.float64), targets[drawn])


def repeated(weights: Weights, total: int) -> NDArray[np.int64]:
    """Positions of `total` rows, each as often as its weight asks, to within one (systematic sampling)."""
    reached = np.cumsum(weights) * (total / weights.sum())
    times = np.diff(np.floor(reached + 0.5), prepend=0.0).astype(np.int64)
    return np.repeat(np.arange(len(weights)), times)


def tuned(
    family: Family, rows: Encoded, targets: Targets, groups: NDArray[np.str_], weights: Weights, seed: int
) -> float:
    """The setting with the best balanced accuracy in folds of the real rows of train; no group is divided. The middle
    one where rows are too few for folds."""
    tried = TRIED[family]
    if len(tried) == 1:
        return tried[0]
    count = min(TUNING_FOLDS, len(np.unique(groups)), int(np.bincount(targets).max()))
    if count < 2:
        return tried[len(tried) // 2]
    folds = group_folds(targets, groups, count, derive_seed(seed, "tuning") % 2**32)
    right = {setting: np.full(len(targets), np.nan) for setting in tried}
    for inside, outside in folds:
        if len(np.unique(targets[inside])) < len(np.unique(targets)):
            continue
        for setting in tried:
            learned = fit(family, rows[inside], targets[inside], weights[inside], setting, len(inside), seed)
            right[setting][outside] = learned.scores(rows[outside]).argmax(axis=1) == targets[outside]
    return max(tried, key=lambda setting: _balanced(right[setting], targets))


def _balanced(right: NDArray[np.float64], targets: Targets) -> float:
    recalls = [right[(targets == index) & ~np.isnan(right)] for index in np.unique(targets)]
    return float(np.mean([recall.mean() for recall in recalls if len(recall)] or [0.0]))
