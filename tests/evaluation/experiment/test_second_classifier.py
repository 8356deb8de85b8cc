"""The second kind of classifier: who is compared, on which images, and the rows that come of it."""

import numpy as np
import pytest

from augment.core.engine import Engine
from augment.evaluation.arms.draws import Samples, arm_data
from augment.evaluation.experiment import second_classifier
from augment.evaluation.experiment.protocol import Splits
from augment.evaluation.experiment.second_classifier import logistic_scores
from augment.evaluation.experiment.training_sets import paired_seeds
from augment.evaluation.tables import family_rows
from augment.measure.backbone.backbone import features, load_backbone
from augment.measure.features import random_convolutions
from augment.measure.logistic import fit_logistic, logistic_probabilities
from augment.params.arms import ARMS, ARMS_DIFFERING_IN_IMAGES, DEFAULT_ARMS, SOURCES, arm_kinds
from tests.evaluation.verdict.judged import table_of
from tests.toy import bars, toy_set

TRAIN, TEST = toy_set({"a": 6, "b": 5, "c": 4}), toy_set({"a": 9, "b": 8, "c": 7}, seed=2)
PROTOCOL = paired_seeds(Splits(TRAIN, TRAIN.take([]), TEST), [3, 8])
MADE = [
    Samples(
        {
            source: {label: bars(at, 5, seed=seed + kind) for at, label in enumerate("abc")}
            for kind, source in enumerate(SOURCES[:3])
        }
    )
    for seed in (10, 20)
]


@pytest.fixture(scope="module")
def scores():
    return logistic_scores(PROTOCOL.replicates, MADE, DEFAULT_ARMS, "random_convolutions", Engine("serial"))


def test_arms_that_differ_in_images_and_no_others(scores):
    assert list(scores) == ["none", "oversample", "cmo", "gan_fill", "gan_half", "gan_half_filtered", "copies_half"]
    left_out = set(ARMS) - set(ARMS_DIFFERING_IN_IMAGES)
    assert left_out == {
        "gan_half_unmatched",
        "class_weights", "logit_adjusted", "classical", "randaugment", "mixup_cutmix", "trivialaugment",
        "label_smoothing", "probe", "finetune", "normal_distance", "distilled", "distilled_gan", "gan_pretrain",
        "as_delivered",
    }  # fmt: skip


def test_every_score_is_that_of_the_arms_own_images(scores):
    test = random_convolutions(TEST.images)
    for arm, by_repeat in scores.items():
        for found, made in zip(by_repeat, MADE, strict=True):
            data = arm_data(arm, TRAIN, made)
            weights, strength = data.sampling_weights * len(data.images), second_classifier.INVERSE_REGULARISATION
            model = fit_logistic(
                random_convolutions(data.images), data.targets, weights, strength["random_convolutions"]
            )
            np.testing.assert_allclose(found, logistic_probabilities(model, test, 3), atol=1e-4)
    assert not np.allclose(scores["gan_half"][0], scores["gan_half"][1]), "each repeat has samples of its own"
    assert np.array_equal(scores["none"][0], scores["none"][1]), "nothing else in it is random"


def test_imagenet_features_are_those_of_lite0():
    found = logistic_scores(PROTOCOL.replicates[:1], MADE[:1], ["oversample"], "imagenet", Engine("serial"))
    train, test = (features(load_backbone("lite0"), one.images) for one in (TRAIN, TEST))
    data = arm_data("oversample", TRAIN, MADE[0])
    weights = data.sampling_weights * len(TRAIN)
    model = fit_logistic(train, data.targets, weights, second_classifier.INVERSE_REGULARISATION["imagenet"])
    np.testing.assert_allclose(found["oversample"][0], logistic_probabilities(model, test, 3), atol=1e-4)


def test_processes_change_nothing(scores):
    other = logistic_scores(PROTOCOL.replicates, MADE, DEFAULT_ARMS, "random_convolutions", Engine("local", 2))
    assert all(np.array_equal(np.stack(other[arm]), np.stack(own)) for arm, own in scores.items())


def test_of_many_made_images_the_first_are_seen(scores, monkeypatch):
    monkeypatch.setattr(second_classifier, "MAX_MADE_PER_CLASS", 5)
    more = [
        Samples(
            {
                source: {label: np.concatenate([own, 255 - own]) for label, own in images.items()}
                for source, images in samples.made.items()
            }
        )
        for samples in MADE
    ]
    other = logistic_scores(PROTOCOL.replicates, more, DEFAULT_ARMS, "random_convolutions", Engine("serial"))
    assert all(np.array_equal(np.stack(other[arm]), np.stack(own)) for arm, own in scores.items())


def test_rows_say_what_made_images_gain_over_the_best_real_arm():
    targets = np.repeat(np.arange(2), 100)
    rank = np.tile(np.arange(100), 2)
    rates = {"none": 0.7, "oversample": 0.8, "gan_half_filtered": 0.9, "copies_half": 0.75}
    correct = {arm: np.tile(rank < 100 * rate, (3, 1)) for arm, rate in rates.items()}
    found = {
        row["arm"]: row for row in family_rows(table_of(targets, np.arange(200), correct), arm_kinds(ARMS), "logistic")
    }
    assert list(found) == list(rates)
    for arm, rate in rates.items():
        assert found[arm]["mean"] == pytest.approx(rate)
        assert found[arm]["low"] < rate < found[arm]["high"]
    assert "net" not in found["oversample"]
    assert found["gan_half_filtered"]["best_real"] == "oversample"
    assert found["gan_half_filtered"]["net"] == pytest.approx(0.1)
    assert found["copies_half"]["net"] == pytest.approx(-0.05)
    assert found["gan_half_filtered"]["net_low"] > 0 > found["copies_half"]["net_high"]
