"""What is told of the samples themselves is measured against test, which no generator has seen."""

from dataclasses import replace

import numpy as np
import pytest

from augment.core.engine import Engine
from augment.data.imageset import ImageSet
from augment.evaluation.experiment.experiment import run_experiment
from augment.evaluation.experiment.protocol import Replicate, Splits
from augment.evaluation.samples.judging import judge_samples
from augment.gan.generators import GeneratorSet
from tests.evaluation.experiment.test_experiment import SETTINGS
from tests.toy import Fixed, bars, toy_set

COUNTS = {"a": 30, "b": 30}


def copy_of(images: ImageSet, name: str) -> ImageSet:
    """Each image with one grey level changed, in groups of its own."""
    return replace(images, images=images.images ^ 1, groups=np.char.add(name, images.groups))


@pytest.mark.parametrize("near", ["test", "val"])
def test_the_control_is_test(near: str) -> None:
    train = toy_set(COUNTS)
    sides = {"val": toy_set(COUNTS, seed=1), "test": toy_set(COUNTS, seed=2)} | {near: copy_of(train, "near ")}
    splits = Splits(train, sides["val"], sides["test"])
    made = GeneratorSet({label: Fixed(label, bars(position, 20, seed=3)) for position, label in enumerate("ab")})
    found = run_experiment(
        [Replicate(0, splits)], [made], replace(SETTINGS, arms=("none",), wanted=10), Engine("serial")
    )
    rows = judge_samples(splits, found.candidates[0], found.samples[0], SETTINGS, 0, Engine("serial"))
    told = {row["metric"]: float(row["real"]) for row in rows["quality"] if row["space"] == "random_convolutions"
            and row["label"] == "pooled"}  # fmt: skip
    assert (float(rows["copies"][-1]["control_rate"]) > 0.1) == (near == "test")
    assert (told["coverage"] == told["recall"] == 1.0) == (near == "test")
