"""Every arm of the table is trained by one runner, that of its way of using images."""

from collections import Counter
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest

from augment.core.engine import Engine
from augment.evaluation.arms import taught
from augment.evaluation.arms.draws import Samples, identical_arms
from augment.evaluation.arms.seen import Look
from augment.evaluation.experiment import running
from augment.evaluation.experiment.experiment import score_learning_curve
from augment.evaluation.experiment.learning_curve import CurvePoint
from augment.evaluation.experiment.protocol import Replicate, Splits
from augment.evaluation.experiment.running import run_arms
from augment.evaluation.experiment.settings import ExperimentSettings
from augment.measure.classifiers import FitSettings, SmallCnn
from augment.params import Evaluate
from augment.params.arm_row import Use
from augment.params.arms import ARMS, ROW_OF, family_of
from augment.synthesis.filter import FilterSettings
from tests.evaluation.arms.backbones import small_backbone  # noqa: F401  (a fixture)
from tests.toy import bars, toy_set

SPLITS = Splits(
    toy_set({"a": 9, "b": 4, "c": 4}, side=16),
    toy_set({"a": 2, "b": 1}, seed=1, side=16),
    toy_set({"a": 3, "b": 4}, seed=2, side=16),
)
OUTSIDE = toy_set({"a": 2, "b": 2, "c": 2}, seed=3, side=16)
REPEATS = [Replicate(seed, SPLITS) for seed in (5, 6)]
MADE = Samples({"filtered": {"b": bars(1, 6, seed=7, side=16), "c": bars(2, 6, seed=7, side=16)}})
FITS = {"scratch": "fit_scratch", "probe": "run_backbone_fit", "finetune": "run_backbone_fit"}
OWN: dict[Any, str] = {"taught": "fit_taught", "distances": "run_distance_fit"}
FILTER = FilterSettings(2, 0.9, FitSettings(1, 1e-3), 8, "none")
SETTINGS = ExperimentSettings(ARMS, 5, 2, FILTER, FitSettings(6, 2e-3), 8, "none", Look("lite0", "none", 0), normal="a")


@pytest.fixture(autouse=True)
def _small_pool(monkeypatch, small_backbone):  # noqa: F811
    monkeypatch.setattr(taught, "VIEWS", 40)
    monkeypatch.setattr(taught, "BLENDS", 24)


def test_every_use_of_the_table_stands_in_a_row():
    assert {row.use for row in ROW_OF.values()} == set(get_args(Use))


@pytest.mark.parametrize("base", ["classical", "probe", "finetune", None])
def test_every_arm_has_one_runner(base, monkeypatch):
    calls = Counter[tuple[str, str]]()

    def network(name):
        def fit(job):
            calls[(job.student if name == "fit_taught" else job).arm, name] += 1
            return SmallCnn(1, 16, 16, 3).eval()

        return fit

    def scores(name):
        def run(fit):
            own = fit.probe if name == "run_distance_fit" else fit
            calls["normal_distance" if name == "run_distance_fit" else own.arm, name] += 1
            return np.full((len(own.scored), 3), 1 / 3)

        return run

    for name in ("fit_scratch", "fit_taught"):
        monkeypatch.setattr(running, name, network(name))
    for name in ("run_backbone_fit", "run_distance_fit"):
        monkeypatch.setattr(running, name, scores(name))
    run_arms(REPEATS[:1], ARMS, [MADE], replace(SETTINGS, base=base), Engine("serial"))
    assert calls == {(arm, OWN.get(ROW_OF[arm].use, FITS[family_of(arm, base)])): 1 for arm in ARMS}


def test_arms_of_their_own_kind_are_scored_on_every_side():
    arms = ("randaugment", "normal_distance", "distilled", "distilled_gan")
    found = run_arms(REPEATS, arms, [MADE, MADE], SETTINGS, Engine("serial"), OUTSIDE)
    for side, images in ((found.val, SPLITS.val), (found.test, SPLITS.test), (found.external, OUTSIDE)):
        assert list(side) == list(arms)
        for scores in (one for by_repeat in side.values() for one in by_repeat):
            assert scores.shape == (len(images), 3)
            np.testing.assert_allclose(scores.sum(axis=1), 1, rtol=1e-5)
        for arm in ("randaugment", "distilled_gan"):
            assert not np.array_equal(side[arm][0], side["distilled"][0])
    assert not np.array_equal(found.test["distilled"][0], found.test["distilled"][1]), "each seed has its own"
    assert np.array_equal(*found.test["normal_distance"]), "nothing is random in it"
    assert all(seconds > 0 for seconds in found.seconds.values())


def test_a_taught_network_is_the_same_whatever_runs_beside_it():
    alone = run_arms(REPEATS, ["distilled"], [MADE, MADE], SETTINGS, Engine("serial"))
    beside = run_arms(REPEATS, ["probe", "distilled", "none"], [MADE, MADE], SETTINGS, Engine("serial"))
    assert np.array_equal(np.stack(alone.test["distilled"]), np.stack(beside.test["distilled"]))


def test_without_made_images_both_taught_arms_are_one():
    found = run_arms(REPEATS[:1], ["distilled", "distilled_gan"], [Samples()], SETTINGS, Engine("serial"))
    assert np.array_equal(found.test["distilled"][0], found.test["distilled_gan"][0])


def test_they_come_to_the_same_as_no_other_arm_also_where_classes_are_equally_large():
    even = toy_set({"a": 4, "b": 4, "c": 4}, side=16)
    identical = identical_arms(ARMS, [even], [MADE], "randaugment")
    assert identical
    assert {*identical, *identical.values()}.isdisjoint({"distilled", "distilled_gan", "normal_distance"})


@pytest.mark.parametrize("arm", ["distilled", "normal_distance"])
def test_they_have_a_learning_curve(arm):
    few = replace(SPLITS, train=SPLITS.train.take(np.r_[0:4, 9:11, 13:15]))
    points = [CurvePoint("0.5", 0.5, [Replicate(5, few)]), CurvePoint("1", 1.0, REPEATS)]
    found = score_learning_curve(points, arm, SETTINGS, Engine("serial"))
    expected = run_arms([Replicate(5, few)], [arm], [Samples()], SETTINGS, Engine("serial")).test[arm]
    assert list(found) == ["0.5"]
    assert np.array_equal(found["0.5"], expected)


def test_a_small_network_that_is_wanted_has_a_taught_rival():
    assert "distilled" in Evaluate(classifier="scratch").arm_names
    assert "distilled" not in Evaluate().arm_names
    assert {"distilled", "distilled_gan"} < {*Evaluate(arms="all").arm_names}
