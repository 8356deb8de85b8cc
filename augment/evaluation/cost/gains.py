"""What would let a set show a smaller gain than it does."""

from bisect import bisect_left
from collections import Counter
from dataclasses import replace
from functools import partial

import numpy as np

from augment.core.errors import DataError
from augment.data.split.pool import FOLDS, SetType, check_repeats, shortages
from augment.evaluation.experiment.preflight import GainModel, judged_images
from augment.evaluation.experiment.protocol import Splits
from augment.evaluation.experiment.training_sets import FOLD_REPETITIONS
from augment.params import Params

NOTED_GAIN = 0.03  # a set that shows no smaller one is told what would
MORE_SEEDS = (10, 20)
GROWTHS = (1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 15, 20, 30)  # times as many test images; of more nobody labels


def what_would_show(model: GainModel, gain: float = NOTED_GAIN) -> tuple[int, float] | None:
    """The seeds, and how many times as many test images, with which this gain would show; None where more than can be
    labelled would be needed. Seeds are added only where images alone do not do."""
    for seeds in (model.seeds, *(more for more in MORE_SEEDS if more > model.seeds and model.ratio is None)):
        shown = partial(_shows, replace(model, seeds=seeds), gain)
        if shown(GROWTHS[-1]):
            return seeds, GROWTHS[bisect_left(GROWTHS, True, key=shown)]
    return None


def _shows(model: GainModel, gain: float, growth: float) -> bool:
    smallest = model.smallest(growth)
    return smallest is not None and smallest <= gain


def repeated_gain(model: GainModel, splits: Splits[SetType], pool: SetType, params: Params) -> float | None:
    """About the smallest gain under `evaluate.protocol: repeated`; None for none, and where images do not suffice."""
    train, val, test, left = (side.counts() for side in (splits.train, splits.val, splits.test, pool))
    sides, repeats = [splits.train, splits.val, judged_images(splits, params)], params.evaluate.repeats
    labels, groups = (np.concatenate([getattr(side, name) for side in sides]) for name in ("labels", "groups"))
    judged = np.isin(labels, np.unique(sides[2].labels))
    every = model.tested_on(np.searchsorted(splits.train.classes, labels[judged]), groups[judged])
    try:
        check_repeats(train, val, test, left, repeats)
    except DataError:
        return None
    if not shortages(Counter(train) + Counter(val), left, repeats):
        return replace(model, ratio=0.0, seeds=repeats).smallest()
    if every.groups.min() < FOLDS:
        return None
    ratio = (len(splits.train) + len(splits.val)) / ((FOLDS - 1) * len(splits.train))
    return replace(every, ratio=ratio, seeds=FOLDS * FOLD_REPETITIONS).smallest(1 / FOLDS)
