"""Networks from scratch repeat themselves, learn, and are augmented and weighed as declared."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from augment.evaluation.arms import scratch
from augment.evaluation.arms.draws import Samples
from augment.evaluation.arms.scratch import ScratchFit, fit_scratch
from augment.measure import augmentations
from augment.measure.classifiers import FitSettings, probabilities
from augment.params.arms import SOURCES
from tests.toy import bars, toy_set

TRAIN, TEST = toy_set({"a": 9, "b": 6, "c": 3}), toy_set({"a": 4, "b": 4, "c": 4}, seed=1)


def fit_of(arm: Any, seed: int = 0, **changes: Any) -> ScratchFit:
    synthetic = {label: bars(position, 6, seed=2) for position, label in enumerate(TRAIN.classes)}
    values = {"samples": Samples(dict.fromkeys(SOURCES, synthetic)), "fit": FitSettings(3, 2e-3), "batch_size": 8}
    return ScratchFit(**{"arm": arm, "seed": seed, "train": TRAIN, "flips": "none"} | values | changes)


def scores(arm: Any, seed: int = 0, **changes: Any) -> np.ndarray:
    return probabilities(fit_scratch(fit_of(arm, seed, **changes)), TEST.images)


def test_equal_seeds_give_equal_scores() -> None:
    first, again, other = (scores("gan_half", seed) for seed in (0, 0, 1))
    assert first.shape == (12, 3)
    assert np.array_equal(first, again)
    assert not np.allclose(first, other)


def test_it_learns() -> None:
    found = scores("gan_half_filtered", fit=FitSettings(60, 5e-3))
    assert (found.argmax(axis=1) == np.repeat([0, 1, 2], 4)).mean() > 0.9


def test_declared_flips_reach_the_classifier(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(augmentations, "classical_augmentation", asked.append)
    fit_scratch(fit_of("classical", flips="vertical"))
    assert asked == ["vertical"]


def test_adjusted_logits_are_balanced_where_plain_ones_follow_the_frequencies() -> None:
    """Images that tell nothing: cross-entropy learns the frequencies 9, 6 and 3 of 18, the adjusted loss thirds."""
    blank = replace(TRAIN, images=np.full_like(TRAIN.images, 128))
    frequencies = np.array([9, 6, 3]) / 18
    for arm, expected in (("none", frequencies), ("logit_adjusted", np.full(3, 1 / 3))):
        job = fit_of(arm, train=blank, base=None, fit=FitSettings(300, 2e-2), batch_size=64)
        found = probabilities(fit_scratch(job), blank.images[:1])[0]
        np.testing.assert_allclose(found, expected, atol=0.08)


def test_smoothed_labels_leave_every_class_its_share() -> None:
    sure = scores("randaugment", fit=FitSettings(150, 5e-3)).max(axis=1).mean()
    smoothed = scores("label_smoothing", fit=FitSettings(150, 5e-3)).max(axis=1).mean()
    assert smoothed < sure
    assert smoothed < 1 - scratch.LABEL_SMOOTHING / 2
