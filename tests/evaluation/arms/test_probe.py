"""The probe: how its penalty is chosen, and what its scores are."""

import numpy as np
import pytest

from augment.core.engine import SharedArray
from augment.evaluation.arms import probe
from augment.evaluation.arms.probe import STRENGTHS, StrengthChoice, choose_strength, fit_probe, probe_scores
from augment.measure.logistic import fit_logistic, logistic_probabilities

RNG = np.random.default_rng(0)
TARGETS = np.repeat([0, 1, 2], [12, 8, 6])
NAMES = np.arange(len(TARGETS)).astype(np.str_)


def choice(features: np.ndarray, groups: np.ndarray = NAMES, targets: np.ndarray = TARGETS) -> StrengthChoice:
    own = np.arange(len(targets))
    return StrengthChoice(SharedArray(features.astype(np.float32)), own, own, own, targets, groups, 0)


def test_noise_is_penalised_most_and_clear_classes_least() -> None:
    draws = [np.random.default_rng(seed).normal(size=(len(TARGETS), 900)) for seed in range(9)]
    assert np.median([choose_strength(choice(noise)) for noise in draws]) == STRENGTHS[0]
    noise = draws[0]
    assert choose_strength(choice(np.eye(3)[TARGETS] + 0.01 * noise[:, :3])) == STRENGTHS[-1]


def test_a_group_is_held_out_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    groups = np.array([f"g{number // 2}" for number in range(len(TARGETS))])
    features = np.arange(len(TARGETS), dtype=np.float32)[:, None]  # a row is known by its feature
    asked: list[tuple[set[str], set[str]]] = []

    def noted(rows, targets, weights, strength):
        asked.append(({groups[int(row)] for row in rows[:, 0]}, set()))
        return fit_logistic(rows, targets, weights, strength)

    def scored(model, rows, classes):
        asked[-1][1].update(groups[int(row)] for row in rows[:, 0])
        return logistic_probabilities(model, rows, classes)

    monkeypatch.setattr(probe, "fit_logistic", noted)
    monkeypatch.setattr(probe, "logistic_probabilities", scored)
    choose_strength(choice(features, groups))
    assert len(asked) == 3 * len(STRENGTHS)
    assert all(learned.isdisjoint(tested) for learned, tested in asked)
    assert set().union(*(tested for _, tested in asked)) == {*groups}


@pytest.mark.parametrize(
    ("targets", "groups"),
    [
        (np.array([0, 0, 0, 1]), np.array(["a", "a", "a", "a"])),
        (np.array([0, 1, 2]), np.array(["a", "b", "c"])),
        (np.array([0, 0, 1]), np.array(["a", "b", "c"])),  # a class of one image is held out of one fold, or of none
    ],
)
def test_too_few_groups_or_images_for_folds_are_no_fault(targets: np.ndarray, groups: np.ndarray) -> None:
    features = RNG.normal(size=(len(targets), 5))
    assert choose_strength(choice(features, groups, targets)) in STRENGTHS


def test_the_penalty_weighs_against_real_images_however_many_rows_there_are() -> None:
    features = (RNG.normal(size=(len(TARGETS), 6)) + TARGETS[:, None]).astype(np.float32)
    once = fit_probe(features, TARGETS, np.ones(len(TARGETS)), 0.1, len(TARGETS))
    often = fit_probe(
        np.tile(features, (9, 1)), np.tile(TARGETS, 9), np.full(9 * len(TARGETS), 0.01), 0.1, len(TARGETS)
    )
    np.testing.assert_allclose(*(probe_scores(model, features, None, 3) for model in (once, often)), atol=1e-3)


def test_scores_corrected_for_frequencies_are_bayes_rule() -> None:
    features = (RNG.normal(size=(len(TARGETS), 6)) + TARGETS[:, None]).astype(np.float32)
    model = fit_probe(features, TARGETS, np.ones(len(TARGETS)), 0.1, len(TARGETS))
    frequencies = np.bincount(TARGETS) / len(TARGETS)
    plain, corrected = (probe_scores(model, features, prior, 3) for prior in (None, frequencies))
    expected = plain / frequencies
    np.testing.assert_allclose(corrected, expected / expected.sum(axis=1, keepdims=True))
    assert corrected[:, 2].mean() > plain[:, 2].mean(), "the rare class gains"
