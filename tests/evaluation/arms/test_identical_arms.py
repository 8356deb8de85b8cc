"""Which arms come to the same, and that their classifiers do."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from augment.core.engine import Engine
from augment.evaluation.arms.draws import Samples, identical_arms
from augment.evaluation.arms.scratch import ScratchFit, fit_scratch
from augment.evaluation.experiment import running
from augment.evaluation.experiment.experiment import run_experiment, run_standalone_arms
from augment.evaluation.experiment.protocol import Splits
from augment.evaluation.experiment.training_sets import paired_seeds
from augment.measure.classifiers import probabilities
from augment.params.arms import ARMS, SOURCES
from tests.evaluation.experiment.test_experiment import GENERATORS, SEEDS, SETTINGS, SPLITS
from tests.toy import bars, toy_set

EVEN = Splits(toy_set({"a": 5, "b": 5, "c": 5}), SPLITS.val, SPLITS.test)
MADE = Samples(
    {source: {label: bars(at, 5, seed=kind) for at, label in enumerate("abc")} for kind, source in enumerate(SOURCES)}
)


def of(splits: Splits, base: Any = "randaugment") -> dict[Any, Any]:
    return identical_arms(ARMS, [splits.train] * 2, [MADE, MADE], base)


def test_in_a_balanced_set_nothing_is_balanced_or_filled_up() -> None:
    filled = dict.fromkeys(("smote", "mixup_within", "gan_fill"), "randaugment")
    assert of(EVEN) == {"oversample": "none", **filled}
    assert of(EVEN, base=None) == {"oversample": "none", **dict.fromkeys(filled, "none")}


def test_in_an_imbalanced_set_or_in_one_such_repeat_no_arm_is_another() -> None:
    assert of(SPLITS) == {}
    assert identical_arms(ARMS, [EVEN.train, SPLITS.train], [MADE, MADE], "classical") == {}


def test_their_classifiers_are_the_same_to_the_last_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of `gan_fill` and `oversample` are not trained, and would have given these scores."""
    trained: list[ScratchFit] = []
    monkeypatch.setattr(running, "fit_scratch", lambda job: trained.append(job) or fit_scratch(job))
    repeats, engine = paired_seeds(EVEN, SEEDS).replicates, Engine("serial")
    arms: Any = ("none", "oversample", "classical", "gan_fill", "gan_half_filtered", "copies_half")
    settings = replace(SETTINGS, arms=arms)
    plain = run_standalone_arms(repeats, settings, engine)
    found = run_experiment(repeats, GENERATORS, settings, engine, standalone=plain)
    assert list(found.scores.test) == list(arms)
    assert {run.arm for run in trained} == {"none", "classical", "gan_half_filtered", "copies_half"}
    for arm in ("oversample", "gan_fill"):
        for number, seed in enumerate(SEEDS):
            (like,) = (run for run in trained if run.arm == "classical" and run.seed == seed)
            network = fit_scratch(replace(like, arm=arm, samples=found.samples[number]))
            scores = probabilities(network, EVEN.test.images)
            np.testing.assert_array_equal(found.scores.test[arm][number], scores.astype(np.float32))
