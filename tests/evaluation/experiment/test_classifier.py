"""Runs of an arm repeat themselves, learn, and are augmented as declared."""

from typing import Any

import numpy as np
import pytest

from augment.evaluation.arms.draws import Samples
from augment.evaluation.arms.scratch import ArmRun, run_arm
from augment.evaluation.experiment import classifier
from augment.measure.classifiers import FitSettings
from augment.params.arms import SOURCES
from tests.toy import bars, toy_set


def run_of(arm: Any, seed: int = 0, **changes: Any) -> ArmRun:
    train, test = toy_set({"a": 9, "b": 6, "c": 3}), toy_set({"a": 4, "b": 4, "c": 4}, seed=1)
    synthetic = {label: bars(position, 6, seed=2) for position, label in enumerate(train.classes)}
    values = {"samples": Samples(dict.fromkeys(SOURCES, synthetic)), "fit": FitSettings(3, 2e-3), "batch_size": 8}
    return ArmRun(
        **{"arm": arm, "seed": seed, "train": train, "val": test.images[:3], "test": test.images, "flips": "none"}
        | values
        | changes
    )


def test_equal_seeds_give_equal_scores() -> None:
    first, again, other = (run_arm(run_of("gan_half", seed)) for seed in (0, 0, 1))
    assert first.val.shape == (3, 3)
    assert first.test.shape == (12, 3)
    assert np.array_equal(first.test[:3], again.test[:3])
    assert np.array_equal(first.val, again.val)
    assert not np.allclose(first.test, other.test)


def test_it_learns_and_an_empty_val_is_no_fault() -> None:
    found = run_arm(run_of("gan_half_filtered", fit=FitSettings(60, 5e-3), val=np.zeros((0, 1, 8, 8), np.uint8)))
    assert (found.test.argmax(axis=1) == np.repeat([0, 1, 2], 4)).mean() > 0.9
    assert found.val.shape == (0, 3)


def test_declared_flips_reach_the_classifier(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(classifier, "classical_augmentation", asked.append)
    run_arm(run_of("classical", flips="vertical"))
    assert asked == ["vertical"]
