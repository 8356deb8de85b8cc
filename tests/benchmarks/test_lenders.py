"""What a lender pays, in folds: no fold knows what it judges, and chances are those of the closed forms."""

from math import erfc

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from benchmarks import lenders
from benchmarks.lenders import Made, Seen


def test_a_fold_is_fitted_on_nothing_that_is_made_of_what_it_judges(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that say which two training images they are made of, and what is fitted of them."""
    rng, targets = np.random.default_rng(0), np.repeat([0, 1, 2], [60, 10, 10])
    plain, judged = np.arange(80).repeat(2).reshape(80, 2), list[int]()

    def made(target: int, lent: int) -> Made:
        source, lender = rng.choice(np.flatnonzero(targets == target), 64), rng.choice(lent, 64)
        return Made(np.stack([source, lender], axis=1), source, lender)

    def judge(fitted: np.ndarray, rows: np.ndarray, _: int) -> np.ndarray:
        assert not np.isin(fitted, rows).any()
        assert (fitted[:, 0] != fitted[:, 1]).sum() > 40, "made images are among them"
        judged.extend(rows[:, 0].tolist())
        return rows.astype(float)

    monkeypatch.setattr(lenders, "fit_logistic", lambda rows, *_: rows)
    monkeypatch.setattr(lenders, "logistic_probabilities", judge)
    known = Seen([plain, plain], targets, 0, {"transplant": {1: made(1, 60), 2: made(2, 60)}})
    assert np.array_equal(lenders.held_out(known, "transplant", 1.0), plain), "in the order of the images"
    assert sorted(judged) == list(range(80))


def test_every_way_shows_as_much_of_a_class(monkeypatch: pytest.MonkeyPatch) -> None:
    targets, shown = np.repeat([0, 1], [6, 2]), list[tuple[np.ndarray, np.ndarray]]()
    few, many = np.full(3, 6), np.full(9, 7)
    made = {"copies": {1: Made(np.ones((9, 2)), many, many)}, "transplant": {1: Made(np.ones((3, 2)), few, few)}}
    known = Seen([np.zeros((8, 2))], targets, 0, made)
    monkeypatch.setattr(lenders, "fit_logistic", lambda _, labels, weights, strength: shown.append((labels, weights)))
    monkeypatch.setattr(lenders, "logistic_probabilities", lambda *_: None)
    for way in ("real", "copies", "transplant"):
        lenders.probabilities(known, way, np.arange(8), np.zeros((1, 2)), 1.0)
    assert [len(labels) for labels, _ in shown] == [8, 11, 11]
    for labels, weights in shown:
        assert np.bincount(labels, weights) == pytest.approx([4, 4]), "classes weigh the same"
        assert weights[: len(labels) - 8].sum() == pytest.approx(2 * (len(labels) > 8)), "half of it is made"


def test_more_alarms_by_chance_are_those_of_a_coin() -> None:
    truth = np.array([0] * 8 + [1] * 4)
    rival = np.eye(2)[truth]
    said = rival.copy()
    said[:5] = [0, 1]
    assert lenders.more_alarms(said, rival, truth, 0) == pytest.approx(0.5**5)
    assert lenders.more_alarms(rival, said, truth, 0) == 1
    assert lenders.more_alarms(rival, rival, truth, 0) == 1


def test_what_each_image_adds_to_the_area_is_all_of_it() -> None:
    rng, truth = np.random.default_rng(1), np.repeat([0, 1], [40, 30])
    said, rival = (rng.dirichlet([1, 1], 70) for _ in range(2))
    assert lenders.above(said, truth, 0).mean() == pytest.approx(roc_auc_score(truth, 1 - said[:, 0]))
    less, more = lenders.less_area(said, rival, truth, 0), lenders.less_area(rival, said, truth, 0)
    assert less + more == pytest.approx(1)
    assert lenders.less_area(said, np.eye(2)[truth], truth, 0) < 1e-6


def test_a_mean_gain_of_classes_is_held_against_the_variance_within_each() -> None:
    gain, truth = np.array([0.0, 2.0, -1.0, 3.0]), np.array([0, 0, 1, 1])  # means 1 and 1, their variances 1 and 4
    assert lenders.mean_gain(gain, truth) == pytest.approx(0.5 * erfc(2 / np.sqrt(5) / np.sqrt(2)))
    assert lenders.mean_gain(0 * gain, truth) == 1
