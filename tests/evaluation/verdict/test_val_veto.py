"""Val has one power: to refuse GAN images."""

import numpy as np
import pytest

from tests.evaluation.verdict.judged import judged, table_of
from tests.evaluation.verdict.rates import GAN, KINDS, correct_of, outcomes, rates, verdict


def test_val_objects():
    policy, found = verdict(rates(gan_half_filtered=0.85), val=rates(gan_half_filtered=0.5))
    assert found.word == "not used"
    assert (found.net.mean, found.net.low, found.net.high) == (0, 0, 0)
    assert (policy.arm, policy.synthetic_share) == ("classical", 0.0)
    assert found.without_veto.mean == pytest.approx(0.05, abs=0.002)
    assert found.gross.mean == pytest.approx(0.05, abs=0.005)  # classical against none
    assert [row.split for row in found.comparisons].count("val") == 1
    assert "not used" in found.sentence


def test_not_used_in_favour_of_the_baseline_gains_exactly_nothing():
    val = {**dict.fromkeys(KINDS, 0.8), GAN: 0.5}  # all real arms tie: the first is taken
    policy, found = verdict(rates(), val=val)
    assert (policy.arm, found.gross.mean, found.gross.low) == ("none", 0, 0)


def test_a_slightly_worse_val_does_not_object():
    targets, correct = correct_of(rates(), 60)
    correct[GAN][:, 0] = False
    correct["classical"][:, 0] = True
    val = table_of(targets, np.arange(len(targets)), correct)
    policy, found = judged(outcomes(rates(gan_half_filtered=0.85), 250), val, KINDS)
    assert (policy.veto_comparison.rival, policy.veto_comparison.gain.mean < 0) == ("classical", True)
    assert found.word == "helps"
    assert any("does not veto" in line for line in found.reasons)


def test_objections_of_single_repeats_are_counted():
    targets, correct = correct_of(rates(), 60)
    for seed in (1, 3):  # two of five repeats lose a quarter of the images
        correct[GAN][seed, ::4] = False
    val = table_of(targets, np.arange(len(targets)), correct)
    policy, found = judged(outcomes(rates(), 250), val, KINDS)
    assert policy.vetoes == 2
    assert any("2 of the 5 repeats would have vetoed them" in line for line in found.reasons)
    assert judged(outcomes(rates(), 250), outcomes(rates(), 60), KINDS)[0].vetoes == 0


def test_a_single_repeat_objects_for_the_arm_that_its_own_val_prefers():
    """In one repeat the pooled choice is no better than the GAN arm, but another real-only arm is by far."""
    targets, correct = correct_of(rates(oversample=0.7, classical=0.8), 60)
    correct["oversample"][2] = True
    policy, _ = judged(outcomes(rates(), 250), table_of(targets, np.arange(len(targets)), correct), KINDS)
    assert (policy.chosen_real, policy.vetoes) == ("classical", 1)


def test_without_val_images_the_default_is_used():
    policy, found = judged(outcomes(rates(gan_half_filtered=0.85), 250), None, KINDS)
    assert (policy.arm, policy.chosen_real, policy.veto_comparison) == (GAN, "none", None)
    assert found.word == "helps"
    assert any("Val holds no images" in line for line in found.reasons)
    assert all(row["val_mean"] is None for row in found.arms)
