"""The verdict's benchmark: its truths are exact, and a small run of it finds what it should."""

import json
import sys
from dataclasses import replace

import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import binomtest

from augment.core.engine import Engine
from augment.evaluation.statistics.power_model import MEASURED_COMPONENTS, both_right
from augment.measure.classifiers import FitSettings
from augment.params.arms import DEFAULT_GAN_ARM
from benchmarks import scenarios, tiny, verdict
from benchmarks.scenarios import (
    DECIDING_ARMS,
    SCRATCH,
    Scenario,
    on_disjoint_subsets,
    on_folds,
    on_one_split,
    on_rotated,
)
from benchmarks.simulated import Alike, Truth, noise, right, truth
from benchmarks.verdict import upper_bound

original = tiny.fit_scratch
FAMILIES_OF = ("FAMILIES_ONE_SPLIT", "FAMILIES_ROTATED", "FAMILIES_SUBSETS", "FAMILIES_FOLDS")
SCENARIOS = ("ONE_SPLIT", "TRAILING", "ROTATED", "SUBSETS", "FOLDS", *FAMILIES_OF)


def test_a_planted_gain_is_exact():
    rng = np.random.default_rng(0)
    true = truth(np.array([0.6, 0.8, 0.95]), SCRATCH, rng)
    for gain in (-0.05, 0.01, 0.1):
        step = true.step_of(gain)
        assert true.recalls(step).mean() - true.recalls().mean() == pytest.approx(gain)
    assert true.step_of(0.5) is None


def test_tables_have_the_recalls_and_the_disagreement_of_their_truth():
    true = Truth(ndtri(np.array([0.7, 0.9])), Alike({"scratch": replace(MEASURED_COMPONENTS, shift=0.0)}))
    targets = np.repeat([0, 1], 40_000)
    rng = np.random.default_rng(1)
    arms = ("none", "classical", DEFAULT_GAN_ARM)
    below = noise(true, targets, np.arange(80_000), arms, 2, rng, one_train=True).latent("classical")
    correct = right(below, arms, {DEFAULT_GAN_ARM: 0.3})
    for target, expected, better in zip((0, 1), true.recalls(), true.recalls(0.3), strict=True):
        mine = targets == target
        assert correct["classical"][:, mine].mean() == pytest.approx(expected, abs=0.01)
        assert correct[DEFAULT_GAN_ARM][:, mine].mean() == pytest.approx(better, abs=0.01)
    plain = MEASURED_COMPONENTS.common + MEASURED_COMPONENTS.seed
    expected = 2 * (true.recalls() - both_right(true.thresholds, true.thresholds, plain))
    differ = correct["none"][0] != correct["classical"][0]
    for target in (0, 1):
        assert differ[targets == target].mean() == pytest.approx(expected[target], rel=0.04)


def test_images_of_a_group_are_right_and_wrong_together():
    true = Truth(ndtri(np.array([0.6])), SCRATCH)
    groups = np.arange(4000) // 4
    drawn = noise(true, np.zeros(4000, int), groups, ("classical",), 1, np.random.default_rng(2), one_train=True)
    right_ones = drawn.latent("classical")[0, 0] > 0
    assert right_ones.reshape(-1, 4).mean(axis=1).std() > 0.4  # independent images: 0.24


def test_few_false_helps_and_planted_gains_are_found():
    scenario = Scenario("test", (60,) * 6, 0.8, 5)
    announced, outcomes = on_one_split(scenario, 120)
    assert 0.01 < announced < 0.1
    assert sum(one.helps for one in outcomes) <= 1
    assert sum(one.harms for one in outcomes) <= 9  # 2.5 %, one in a thousand
    assert 0.6 < np.mean([one.found for one in outcomes]) < 0.95


@pytest.mark.parametrize("protocol", [on_rotated, on_disjoint_subsets, on_folds])
def test_repeated_splits_are_judged_too(protocol):
    announced, outcomes = protocol(Scenario("test", (40,) * 4, 0.8, 10), 60)
    assert 0 < announced < 0.3
    assert sum(one.helps for one in outcomes) <= 1
    assert np.mean([one.found for one in outcomes]) > 0.5


@pytest.mark.parametrize("protocol", [on_one_split, on_rotated, on_disjoint_subsets, on_folds])
def test_val_is_asked_in_every_protocol(protocol, monkeypatch):
    """With a GAN arm far below the others val nearly always vetoes it, and then nothing of it is used."""
    monkeypatch.setattr(scenarios, "_judged_twice", lambda *given: given[-1]({DEFAULT_GAN_ARM: -1.0}))
    _, found = protocol(Scenario("test", (40,) * 4, 0.8, 6, val=40), 20)
    assert np.mean([word == "not used" for word, _ in found]) > 0.8


def test_trailing_rivals_make_false_help_likelier_but_plant_nothing():
    _, outcomes = on_one_split(Scenario("test", (60,) * 6, 0.8, 5, behind=0.1, trailing=0.1), 60)
    assert {one.found for one in outcomes} == {None}


def test_one_rival_stays_as_good_as_the_gan_arm_and_the_others_trail_by_what_is_said():
    scenario = Scenario("test", (60,) * 6, 0.8, 5, behind=0.1, trailing=0.1)
    true = truth(scenario.recalls, SCRATCH, np.random.default_rng(0))
    given = []
    scenarios._judged_twice(scenario, true, None, "classical", lambda steps: (given.append(steps), ("helps", False))[1])
    (steps,) = given
    assert steps.pop(DEFAULT_GAN_ARM) == pytest.approx(0.0, abs=1e-9)
    assert set(steps) == set(DECIDING_ARMS) - {"classical", DEFAULT_GAN_ARM}
    for step in steps.values():
        assert true.recalls(step).mean() - true.recalls().mean() == pytest.approx(-0.1)


def test_at_least_two_thousand_simulations_of_both_protocols():
    every = [scenario for name in SCENARIOS for scenario in getattr(verdict, name)]
    assert verdict.EACH * len(every) >= 2000
    assert len({scenario.name for scenario in every}) == len(every) == 57


@pytest.mark.parametrize(("successes", "n"), [(0, 30), (3, 200), (20, 20)])
def test_the_upper_bound_is_clopper_and_pearsons(successes, n):
    expected = binomtest(successes, n).proportion_ci(0.90, method="exact").high
    assert upper_bound(successes, n) == pytest.approx(expected)


def test_the_last_line_is_json(monkeypatch, capsys):
    first = {name: getattr(verdict, name)[:1] for name in SCENARIOS}
    for name, own in first.items():
        monkeypatch.setattr(verdict, name, own)
    monkeypatch.setattr(sys, "argv", ["verdict", "--quick", "--each", "3"])
    verdict.main()
    lines = capsys.readouterr().out.splitlines()
    found = json.loads(lines[-1])
    assert list(found) == ["simulations", "false_helps", "false_helps_upper", "planted_found", "controls_help"]
    assert (found["simulations"], found["controls_help"]) == (27, None)
    for own in first.values():
        assert any(own[0].name in line for line in lines)


def test_a_control_stands_in_the_gans_place(monkeypatch):
    runs = []
    for name, value in {"FIT": FitSettings(1, 1e-3), "TEST": 8, "MADE": 4, "BATCH": 4}.items():
        monkeypatch.setattr(tiny, name, value)
    monkeypatch.setattr(tiny, "fit_scratch", lambda run: runs.append(run) or original(run))
    (word,) = tiny.words("noise", 1, Engine("serial"))
    assert word in ("undecided", "not used", "harms", "equivalent")
    assert [run.arm for run in runs] == list(DECIDING_ARMS) * tiny.SEEDS
    noise = next(run for run in runs if run.arm == DEFAULT_GAN_ARM).samples.made["filtered"]["3"]
    assert noise.std() > 70, "uniform pixels; digits are mostly black"
    made = tiny.made("copies", runs[0].train, 0).made
    assert not np.array_equal(made["filtered"]["3"], made["copies"]["3"]), "another draw of copies than the control's"


@pytest.mark.parametrize("place", list(verdict.REAL))
def test_every_control_that_helps_is_counted(place, monkeypatch):
    monkeypatch.setattr(tiny, "words", lambda own, runs, engine: ["helps" if own == place else "undecided"] * runs)
    assert verdict.controls(Engine("serial")) == verdict.REAL[place]
