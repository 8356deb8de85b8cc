"""The arms of a backbone with a network of one's own, from files to scores."""

from dataclasses import replace

import numpy as np
import pytest

from augment.core.engine import Engine
from augment.evaluation.arms.draws import Samples
from augment.evaluation.experiment.protocol import Splits
from augment.evaluation.experiment.running import run_arms
from augment.evaluation.experiment.settings import experiment_settings
from augment.evaluation.experiment.training_sets import paired_seeds
from augment.measure.backbone.backbone import load_backbone
from augment.params import check
from augment.params.arms import FINETUNE_ARM, PROBE_ARM
from tests.measure.backbone.networks import SIZE, convolutions, save
from tests.toy import toy_set

ARMS = [PROBE_ARM, FINETUNE_ARM]


@pytest.mark.parametrize("groups", ["own", "one"])
def test_probe_and_fine_tuning_score_with_a_network_of_ones_own(tmp_path, monkeypatch, groups):
    """groups one: all training images of class b are of one group, and class c has a single image."""
    monkeypatch.chdir(tmp_path)
    save(convolutions(), tmp_path / "own.pt2")
    load_backbone.cache_clear()
    train = toy_set({"a": 8, "b": 4, "c": 1})
    if groups == "one":
        train = replace(train, groups=np.where(train.labels == "b", "same", train.groups))
    test = toy_set({"a": 6, "b": 6, "c": 6}, seed=2)
    params = check({"evaluate": {"backbone": {"file": "own.pt2", "size": SIZE}}})
    repeats = paired_seeds(Splits(train, train.take([]), test), [3]).replicates
    found = run_arms(repeats, ARMS, [Samples()], experiment_settings(params, ARMS, train), Engine("serial"))
    load_backbone.cache_clear()
    for arm in ARMS:
        [scores] = found.test[arm]
        assert scores.shape == (18, 3)
        np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-5)
        assert scores.std(axis=0).min() > 0
