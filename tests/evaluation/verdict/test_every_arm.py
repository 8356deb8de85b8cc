"""What each arm is to the verdict: a rival, a control, or neither."""

import numpy as np
import pytest

from augment.params.arms import (
    ARMS,
    CONTROL_ARMS,
    DEFAULT_ARMS,
    REAL_ARMS,
    arm_kinds,
)
from tests.evaluation.verdict.judged import judged, table_of


@pytest.mark.parametrize("rival", [arm for arm in REAL_ARMS if arm not in DEFAULT_ARMS])
def test_help_must_hold_against_every_new_rival(rival):
    targets = np.repeat(np.arange(4), 250)
    rank = np.tile(np.random.default_rng(0).permutation(250), 4)

    def verdict(**rates):
        known = {**dict.fromkeys(ARMS, 0.7), "gan_half_filtered": 0.85, **rates}
        correct = {arm: np.tile(rank < rate * 250, (3, 1)) for arm, rate in known.items()}
        test = table_of(targets, np.arange(len(targets)), correct)
        return judged(test, test, arm_kinds(ARMS))

    assert verdict()[1].word == "helps"
    policy, beaten = verdict(**{rival: 0.9})
    assert beaten.word == "not used"
    assert policy.arm == beaten.best_real == rival
    assert verdict(**{rival: 0.849})[1].word in ("equivalent", "undecided")


@pytest.mark.parametrize("control", CONTROL_ARMS)
def test_help_must_hold_against_every_control_that_runs(control):
    targets = np.repeat(np.arange(4), 250)
    rank = np.tile(np.random.default_rng(0).permutation(250), 4)
    rates = {**dict.fromkeys(ARMS, 0.7), "gan_half_filtered": 0.85, control: 0.85}
    correct = {arm: np.tile(rank < rate * 250, (3, 1)) for arm, rate in rates.items()}
    test = table_of(targets, np.arange(len(targets)), correct)
    found = judged(test, test, arm_kinds(ARMS))[1]
    assert found.word == "undecided"
    assert any("not credited" in line for line in found.reasons)


@pytest.mark.parametrize("arm", ["gan_pretrain", "gan_only"])
def test_the_new_gan_arms_are_shown_and_decide_nothing(arm):
    targets = np.repeat(np.arange(2), 200)

    def verdict(own):
        rates = {**dict.fromkeys(ARMS, 0.7), arm: own}
        rank = np.tile(np.arange(200), 2)
        correct = {a: np.tile(rank < rate * 200, (2, 1)) for a, rate in rates.items()}
        test = table_of(targets, np.arange(400), correct)
        return judged(test, test, arm_kinds(ARMS))

    (low_policy, low), (high_policy, high) = verdict(0.3), verdict(1.0)
    assert (low.word, low.net, low_policy.arm) == (high.word, high.net, high_policy.arm)
    assert {row.rival for row in high.comparisons if row.candidate == arm} == {*REAL_ARMS, *CONTROL_ARMS}
