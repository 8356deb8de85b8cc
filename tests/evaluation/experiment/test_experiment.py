"""The comparison: every arm on every repeat, each repeat with samples of its own."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from augment.core.engine import Engine
from augment.evaluation.arms.draws import delivered_images
from augment.evaluation.arms.scratch import ScratchFit, fit_scratch
from augment.evaluation.arms.seen import Look
from augment.evaluation.experiment import running
from augment.evaluation.experiment.experiment import (
    ExperimentResult,
    add_delivered_arm,
    run_experiment,
    run_standalone_arms,
)
from augment.evaluation.experiment.protocol import Replicate, Splits
from augment.evaluation.experiment.settings import ExperimentSettings
from augment.evaluation.experiment.training_sets import paired_seeds, repeat_seeds
from augment.evaluation.scores import predictions
from augment.gan.generators import GeneratorSet
from augment.measure.classifiers import FitSettings, SmallCnn
from augment.params.arms import BACKBONE_ARMS, DEFAULT_ARMS, ROW_OF
from augment.synthesis.filter import FilterSettings
from tests.toy import Backwards, Fixed, bars, toy_set

SPLITS = Splits(
    toy_set({"a": 6, "b": 5, "c": 4}),
    toy_set({"a": 2, "b": 1}, seed=1),
    toy_set({"a": 5, "b": 4, "c": 3}, seed=2),
)
FIT = FitSettings(4, 2e-3)
SMALL_ARMS = tuple(arm for arm in DEFAULT_ARMS if arm not in BACKBONE_ARMS)  # 8x8 images show a backbone nothing
TRAINED = tuple(arm for arm in SMALL_ARMS if arm != "as_delivered")  # that one waits for the selection
SETTINGS = ExperimentSettings(
    SMALL_ARMS,
    wanted=5,
    oversample=2,
    filter=FilterSettings(2, 0.5, FIT, 8, "none"),
    fit=FIT,
    batch_size=8,
    flips="none",
    look=Look("lite0", "none", 0),
)
SEEDS = [3, 8]
REPEATS = paired_seeds(SPLITS, SEEDS).replicates
GENERATORS = [
    GeneratorSet({label: Fixed(label, bars(position, 10, seed=repeat)) for position, label in enumerate("abc")})
    for repeat in (10, 20)
]


@given(st.integers(0, 2**53 - 1), st.integers(1, 20))
def test_repeats_have_seeds_of_their_own(seed: int, repeats: int) -> None:
    found = repeat_seeds(seed, repeats)
    assert found[0] == seed, "the first repeat is the delivered one"
    assert len(set(found)) == len(found) == repeats
    assert repeat_seeds(seed, repeats + 1)[:repeats] == found


@pytest.fixture(scope="module")
def serial() -> ExperimentResult:
    return run_experiment(REPEATS, GENERATORS, SETTINGS, Engine("serial"))


def test_everything_is_there(serial: ExperimentResult) -> None:
    assert list(predictions(serial.scores.val)) == list(predictions(serial.scores.test)) == list(TRAINED)
    assert {np.shape(found) for found in predictions(serial.scores.val).values()} == {(2, 3)}
    assert {np.shape(found) for found in predictions(serial.scores.test).values()} == {(2, 12)}
    assert all(np.min(found) >= 0 and np.max(found) < 3 for found in predictions(serial.scores.test).values())
    assert [sorted(candidates) for candidates in serial.candidates] == [list("abc")] * 2
    for candidates, seed, generators in zip(serial.candidates, SEEDS, GENERATORS, strict=True):
        for label, found in candidates.items():
            assert found.seed == seed
            assert np.array_equal(found.images, generators[label].images), "a repeat has generators of its own"
    assert any(
        not np.array_equal(serial.candidates[0][label].probability, serial.candidates[1][label].probability)
        for label in "abc"
    )


def test_a_repeat_depends_on_its_own_images_alone() -> None:
    """Filter, samples and classifiers of a second training set are those that it would have by itself."""
    other = Splits(toy_set({"a": 4, "b": 6, "c": 5}, seed=7), toy_set({"a": 3, "c": 2}, seed=8), SPLITS.test)
    both = [Replicate(SEEDS[0], SPLITS), Replicate(SEEDS[1], other)]
    together = run_experiment(both, GENERATORS, SETTINGS, Engine("serial"))
    alone = run_experiment(both[1:], GENERATORS[1:], SETTINGS, Engine("serial"))
    for label, found in alone.candidates[0].items():
        assert np.array_equal(together.candidates[1][label].probability, found.probability)
    for arm in TRAINED:
        assert np.array_equal(together.scores.test[arm][1], alone.scores.test[arm][0])
        assert np.array_equal(together.scores.val[arm][1], alone.scores.val[arm][0])


@pytest.mark.parametrize("engine", [Engine("local", 2), Backwards()], ids=["local", "backwards"])
def test_where_and_in_which_order_units_run_changes_nothing(serial: ExperimentResult, engine: Any) -> None:
    local = run_experiment(REPEATS, GENERATORS, SETTINGS, engine)
    for arm in TRAINED:
        assert np.array_equal(local.scores.test[arm], serial.scores.test[arm])
        assert np.array_equal(local.scores.val[arm], serial.scores.val[arm])
    for mine, other in zip(local.candidates, serial.candidates, strict=True):
        for label in mine:
            assert np.array_equal(mine[label].probability, other[label].probability)
            assert np.array_equal(mine[label].reason, other[label].reason)


def test_arms_that_build_on_no_other_are_trained_once(
    serial: ExperimentResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = run_standalone_arms(REPEATS, SETTINGS, Engine("serial"))
    assert set(plain.val) == set(plain.test) == {"classical", "randaugment", "mixup_cutmix"}
    trained: list[str] = []

    def noted(job: ScratchFit) -> SmallCnn:
        trained.append(job.arm)
        return fit_scratch(job)

    monkeypatch.setattr(running, "fit_scratch", noted)
    found = run_experiment(REPEATS, GENERATORS, SETTINGS, Engine("serial"), standalone=plain)
    assert not set(trained) & set(plain.val)
    for arm in TRAINED:
        assert np.array_equal(found.scores.val[arm], serial.scores.val[arm])
        assert np.array_equal(found.scores.test[arm], serial.scores.test[arm])


def test_the_base_reaches_every_arm_with_made_images(serial: ExperimentResult) -> None:
    arms: Any = ("none", "classical", "gan_fill", "gan_half", "copies_half")
    other = run_experiment(REPEATS, GENERATORS, replace(SETTINGS, arms=arms, base="randaugment"), Engine("serial"))
    for arm in arms:
        same = np.array_equal(other.scores.test[arm], serial.scores.test[arm])
        assert same == (arm in ("none", "classical")), arm


def test_runs_and_predictions_belong_together(monkeypatch: pytest.MonkeyPatch, serial: ExperimentResult) -> None:
    """A stand-in that answers with its arm and seed shows where each prediction ends up."""
    runs: list[ScratchFit] = []

    def answer(job: Any) -> np.ndarray:
        runs.append(job.fit)
        assert np.array_equal(job.test.array, SPLITS.test.images)
        code = np.eye(64)[TRAINED.index(job.fit.arm) + 20 * SEEDS.index(job.fit.seed)]
        return np.concatenate([np.tile(code, (len(job.val), 1)), np.tile(np.roll(code, 1), (len(job.test.array), 1))])

    monkeypatch.setattr(running, "_score_network", answer)
    found = run_experiment(REPEATS, GENERATORS, SETTINGS, Engine("serial"))
    for number, arm in enumerate(TRAINED):
        assert np.array(predictions(found.scores.val)[arm]).tolist() == [[number] * 3, [number + 20] * 3]
        assert np.array(predictions(found.scores.test)[arm]).tolist() == [[number + 1] * 12, [number + 21] * 12]
    for run in runs:
        candidates = serial.candidates[SEEDS.index(run.seed)]
        for label, own in candidates.items():
            made = run.samples.made
            if "raw" in made:
                assert np.array_equal(made["raw"][label], own.images[:5]), "the first wanted, before any selection"
            if "filtered" in made:
                assert np.array_equal(made["filtered"][label], own.kept)
            if "copies" in made:
                assert made["copies"][label].shape == (5, 1, 8, 8)
        assert set(run.samples.made) == {ROW_OF[run.arm].source} - {None}, "what it draws, and nothing else"
        assert run.samples.delivered is None
        assert run.train is SPLITS.train
        assert (run.fit, run.batch_size, run.flips) == (FIT, 8, "none")
    copies = {run.seed: run.samples.made["copies"]["a"].tobytes() for run in runs if "copies" in run.samples.made}
    assert len(set(copies.values())) == 2, "each repeat has copies of its own"


def test_probabilities_are_kept(serial: ExperimentResult) -> None:
    for arm in TRAINED:
        assert np.shape(serial.scores.test[arm]) == (2, 12, 3)
        assert np.sum(serial.scores.test[arm], axis=2) == pytest.approx(1, abs=1e-5)
        assert np.array_equal(predictions(serial.scores.test)[arm], np.argmax(serial.scores.test[arm], axis=2))


def test_what_is_delivered_is_trained_on_with_every_seed(
    monkeypatch: pytest.MonkeyPatch, serial: ExperimentResult
) -> None:
    runs: list[ScratchFit] = []
    monkeypatch.setattr(running, "fit_scratch", lambda job: runs.append(job) or fit_scratch(job))
    found = add_delivered_arm(serial, REPEATS, "gan_half_filtered", SETTINGS, Engine("serial"))
    assert list(predictions(found.scores.test)) == [*TRAINED, "as_delivered"]
    assert [(run.arm, run.seed) for run in runs] == [("as_delivered", seed) for seed in SEEDS]
    kept = {label: own.kept for label, own in serial.candidates[0].items()}
    expected, _ = delivered_images("gan_half_filtered", SPLITS.train, kept)
    for run in runs:  # the first repeat's samples are the delivered ones, whatever the seed
        assert run.samples.delivered is not None
        assert np.array_equal(run.samples.delivered.images, expected.images)
        assert np.array_equal(run.samples.delivered.sampling_weights, expected.sampling_weights)
    assert np.array_equal(found.scores.test["none"], serial.scores.test["none"])


def test_controls_are_made_where_an_arm_wants_them(monkeypatch: pytest.MonkeyPatch, serial: ExperimentResult) -> None:
    runs: list[ScratchFit] = []
    monkeypatch.setattr(running, "fit_scratch", lambda job: runs.append(job) or fit_scratch(job))
    arms: Any = ("none", "gan_half_filtered", "copies_half", "shuffled", "noise")
    run_experiment(REPEATS, GENERATORS, replace(SETTINGS, arms=arms), Engine("serial"))
    for run in (run for run in runs if run.arm == "shuffled"):
        kept = {label: own.kept for label, own in serial.candidates[SEEDS.index(run.seed)].items()}
        assert {label: len(own) for label, own in run.samples.made["shuffled"].items()} == {
            k: len(v) for k, v in kept.items()
        }
    noise = [own.shape for run in runs if run.arm == "noise" for own in run.samples.made["noise"].values()]
    assert set(noise) == {(5, 1, 8, 8)}


def test_a_class_without_a_generator_and_an_empty_val_are_no_fault() -> None:
    splits = replace(SPLITS, val=SPLITS.val.take([]))
    generators = [GeneratorSet({"b": own["b"]}, {"a": "collapsed", "c": "collapsed"}) for own in GENERATORS]
    settings = replace(SETTINGS, arms=("none", "gan_fill", "gan_half_filtered", "copies_half"))
    found = run_experiment(paired_seeds(splits, SEEDS).replicates, generators, settings, Engine("serial"))
    assert {np.shape(own) for own in predictions(found.scores.val).values()} == {(2, 0)}
    assert {np.shape(own) for own in predictions(found.scores.test).values()} == {(2, 12)}
    assert [list(candidates) for candidates in found.candidates] == [["b"], ["b"]]


def test_an_arm_depends_on_its_seed_alone(serial: ExperimentResult) -> None:
    torch.rand(3)
    settings: Any = replace(SETTINGS, arms=("none", "classical"))
    again = run_experiment(REPEATS, GENERATORS, settings, Engine("serial"))
    for arm in again.scores.test:
        assert np.array_equal(again.scores.test[arm], serial.scores.test[arm]), (
            "neither the other arms nor the caller's random numbers matter"
        )


def test_repeats_with_images_of_their_own_see_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Filters, samples and classifiers of a repeat come from its own training images; tests may differ in size."""
    other = Splits(toy_set({"a": 7, "b": 4, "c": 6}, seed=5), toy_set({"c": 2}, seed=6), toy_set({"a": 3, "c": 4}, 7))
    repeats = [REPEATS[0], Replicate(8, other)]
    runs: list[ScratchFit] = []
    monkeypatch.setattr(running, "fit_scratch", lambda job: runs.append(job) or fit_scratch(job))
    settings = replace(SETTINGS, arms=("none", "gan_half_filtered", "copies_half", "as_delivered"))
    found = run_experiment(repeats, GENERATORS, settings, Engine("serial"))
    found = add_delivered_arm(found, repeats, "gan_half_filtered", settings, Engine("serial"))
    for arm in settings.arms:
        assert [len(own) for own in predictions(found.scores.test)[arm]] == [12, 7], arm
        assert [len(own) for own in predictions(found.scores.val)[arm]] == [3, 2], arm
    (alone,) = run_experiment([repeats[1]], GENERATORS[1:], settings, Engine("serial")).scores.test["none"]
    assert np.array_equal(found.scores.test["none"][1], alone)
    delivered_of = {run.seed: run.samples.delivered for run in runs if run.arm == "as_delivered"}
    for run in runs:
        own = repeats[SEEDS.index(run.seed)].splits
        assert run.train is own.train
        data = delivered_of[run.seed]
        assert data is not None
        assert np.array_equal(data.images[: len(own.train)], own.train.images), "each delivers its own training images"
