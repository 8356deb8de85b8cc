import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.errors import DataError
from augment.evaluation.comparisons import Outcomes, compare
from augment.evaluation.statistics import balanced_accuracy, resample
from augment.evaluation.tables import ARMS, COMPARISONS
from augment.evaluation.verdict import Verdict, decide
from augment.evaluation.wording import least_gain, points

KINDS = {
    "none": "real",
    "oversample": "real",
    "classical": "real",
    "gan_half": "gan",
    "gan_half_filtered": "gan",
    "copies_half": "control",
}
GAN = "gan_half_filtered"
SEEDS = 5


def outcomes(rates: dict[str, float], per_class: int, seed: int = 0, classes: int = 4) -> Outcomes:
    """Each arm is right on exactly its rate of every class; one shared order, so rates nest."""
    targets = np.repeat(np.arange(classes), per_class)
    rng = np.random.default_rng(seed)
    rank = np.concatenate([rng.permutation(per_class) for _ in range(classes)])
    correct = {arm: np.tile(rank < round(rate * per_class), (SEEDS, 1)) for arm, rate in rates.items()}
    return Outcomes(targets, np.arange(len(targets)), correct)


def rates(**changed: float) -> dict[str, float]:
    return {**dict.fromkeys(KINDS, 0.8), "none": 0.75, "oversample": 0.76, **changed}


def verdict(test: dict[str, float], val: dict[str, float] | None = None, size: int = 250) -> Verdict:
    on_val = outcomes(val or rates(), 60, seed=1)
    return decide(outcomes(test, size), on_val, KINDS, equivalence=0.01, resamples=400, seed=0)


def test_helps():
    found = verdict(rates(gan_half_filtered=0.85))
    assert found.word == "helps"
    assert found.best_real == "classical"
    assert found.net.mean == pytest.approx(0.05, abs=0.002)
    assert found.gross.mean == pytest.approx(0.10, abs=0.005)
    assert (found.policy_arm, found.policy_weight) == (GAN, 0.5)
    assert found.sentence.startswith("The GAN images help: +")
    assert "(classical), on this split." in found.sentence
    assert f"{points(found.net.low)}, {points(found.net.high)}" in found.sentence


def test_no_gain_is_named_that_cannot_be():
    assert least_gain(0.123) == "Gains below about 12.3 points could not be shown here."
    assert least_gain(1.389).startswith("No gain whatever could be shown here")


def test_helps_negligibly():
    found = verdict(rates(gan_half_filtered=0.804), size=2000)
    assert found.word == "helps, negligibly"
    assert "by less than 1 point:" in found.sentence


def test_harms():
    found = verdict(rates(gan_half_filtered=0.74))
    assert found.word == "harms"
    assert found.net.high < 0
    assert found.policy_arm == GAN  # test does not choose; the advice says what to do
    assert any("assemble.use: real" in line for line in found.advice)


def test_a_proven_loss_inside_the_margin_is_still_harm_and_says_so():
    found = verdict(rates(gan_half_filtered=0.796), size=2000)
    assert found.word == "harms"
    assert any("smaller than the margin" in line for line in found.reasons)


def test_equivalent():
    found = verdict(rates(), size=2000)
    assert found.word == "equivalent"
    assert "90 % interval" in found.sentence


def test_undecided_says_what_would_decide():
    found = verdict(rates(gan_half_filtered=0.82), size=50)
    assert found.word == "undecided"
    assert any("times as many test images" in line for line in found.advice)
    assert any("could not be shown here" in line for line in found.reasons)


def test_undecided_for_want_of_seeds_names_a_number():
    test = outcomes(rates(gan_half_filtered=0.85), 250)
    worse = outcomes(rates(), 250).correct[GAN][0]
    test.correct[GAN][0] = worse
    test.correct[GAN][1] = worse
    found = decide(test, outcomes(rates(), 5), KINDS, equivalence=0.01, resamples=400, seed=0)
    assert found.word == "undecided"
    assert any(line.startswith("Set `evaluate.seeds: ") for line in found.advice)


def test_one_strong_rival_is_enough_to_deny_help():
    assert verdict(rates(gan_half_filtered=0.85, oversample=0.85)).word != "helps"


def test_copies_doing_as_well_deny_the_credit():
    found = verdict(rates(gan_half_filtered=0.85, copies_half=0.85))
    assert found.word == "undecided"
    assert any("not credited to the GAN" in line for line in found.reasons)


def test_val_objects():
    found = verdict(rates(gan_half_filtered=0.85), val=rates(gan_half_filtered=0.5))
    assert found.word == "not used"
    assert (found.net.mean, found.net.low, found.net.high) == (0, 0, 0)
    assert (found.policy_arm, found.policy_weight) == ("classical", 0.0)
    assert found.ungated.mean == pytest.approx(0.05, abs=0.002)
    assert found.gross.mean == pytest.approx(0.05, abs=0.005)  # classical against none
    assert [row.split for row in found.comparisons].count("val") == 1
    assert "not used" in found.sentence


def test_not_used_in_favour_of_the_baseline_gains_exactly_nothing():
    val = {**dict.fromkeys(KINDS, 0.8), GAN: 0.5}  # all real arms tie: the first is taken
    found = verdict(rates(), val=val)
    assert (found.policy_arm, found.gross.mean, found.gross.low) == ("none", 0, 0)


def test_a_slightly_worse_val_does_not_object():
    test, val = outcomes(rates(gan_half_filtered=0.85), 250), outcomes(rates(), 60)
    val.correct[GAN][:, 0] = False
    val.correct["classical"][:, 0] = True
    found = decide(test, val, KINDS, equivalence=0.01, resamples=400, seed=0)
    gate = next(row for row in found.comparisons if row.split == "val")
    assert (gate.rival, gate.gain.mean < 0) == ("classical", True)
    assert found.word == "helps"
    assert any("does not object" in line for line in found.reasons)


def test_without_val_images_the_default_is_used():
    empty = Outcomes(np.zeros(0, np.int64), np.zeros(0), {arm: np.zeros((SEEDS, 0), dtype=bool) for arm in KINDS})
    test = outcomes(rates(gan_half_filtered=0.85), 250)
    found = decide(test, empty, KINDS, equivalence=0.01, resamples=400, seed=0)
    assert found.word == "helps"
    assert any("Val holds no images" in line for line in found.reasons)
    assert all(row["val_mean"] is None for row in found.arms)


def test_one_test_image_per_class_and_two_seeds_decide_nothing():
    targets = np.arange(6)
    right, wrong = np.ones((2, 6), dtype=bool), np.zeros((2, 6), dtype=bool)
    tiny = Outcomes(targets, targets, {arm: right if arm == GAN else wrong for arm in KINDS})
    mixed = {arm: right.copy() if arm == GAN else wrong for arm in KINDS}
    mixed[GAN][:, :3] = False
    half = Outcomes(targets, targets, mixed)
    found = decide(half, tiny, KINDS, equivalence=0.01, resamples=400, seed=0)
    assert found.word == "undecided"
    assert any("6 of the classes have fewer than 5" in line for line in found.reasons)


def test_rows_for_the_tables():
    found = verdict(rates(gan_half_filtered=0.85))
    pairs = {(row.candidate, row.rival, row.split) for row in found.comparisons}
    assert {(GAN, rival, "test") for rival in ("none", "oversample", "classical", "copies_half")} <= pairs
    assert (GAN, found.chosen_real, "val") in pairs
    assert len(pairs) == len(found.comparisons)
    for row in (comparison.row() for comparison in found.comparisons):
        assert tuple(row) == COMPARISONS
        assert row["low"] <= row["low90"] <= row["mean"] <= row["high90"] <= row["high"]
        json.dumps(row)
    assert [row["arm"] for row in found.arms] == list(KINDS)
    for row in found.arms:
        assert tuple(row) == ARMS[:6]
        assert 0 <= row["low"] <= row["mean"] <= row["high"] <= 1
        json.dumps(row)


random_rates = st.fixed_dictionaries({arm: st.floats(0.5, 0.95) for arm in KINDS})


def noisy(rate: dict[str, float], per_class: int, seed: int) -> Outcomes:
    rng = np.random.default_rng(seed)
    targets = np.repeat(np.arange(3), per_class)
    return Outcomes(
        targets,
        np.arange(len(targets)) // 2,
        {arm: rng.random((2, len(targets))) < share for arm, share in rate.items()},
    )


@settings(max_examples=60, deadline=None)
@given(random_rates, st.integers(1, 80), st.integers(1, 12), st.integers(0, 99))
def test_the_word_follows_from_the_intervals(rate, per_class, val_size, seed):
    test, val = noisy(rate, per_class, seed), noisy(rate, val_size, seed + 1)
    found = decide(test, val, KINDS, equivalence=0.01, resamples=200, seed=seed)
    against = {row.rival: row.gain for row in found.comparisons if (row.candidate, row.split) == (GAN, "test")}
    gate = next(row for row in found.comparisons if row.split == "val")
    real = [arm for arm in KINDS if KINDS[arm] == "real"]
    assert (found.word == "not used") == (gate.interval90[1] < 0) == (found.policy_weight == 0)
    if found.word.startswith("helps"):
        assert min(against[arm].low for arm in (*real, "copies_half")) > 0
        assert found.net.low > 0
    if found.word == "harms":
        assert found.net.high < 0
    if found.word == "not used":
        assert (found.net.mean, found.net.low, found.net.high) == (0, 0, 0)
        assert found.policy_arm in real
    else:
        assert found.net == against[found.best_real] == found.ungated
        assert found.gross == against["none"]
    assert found.ungated.mean == pytest.approx(min(against[arm].mean for arm in real))
    assert found.reasons
    assert found.advice
    assert "on this split" in found.sentence


@settings(max_examples=30, deadline=None)
@given(random_rates, st.integers(1, 40), st.integers(0, 99))
def test_swapping_the_arms_flips_the_sign(rate, per_class, seed):
    test = noisy(rate, per_class, seed)
    draws = resample(test.targets, test.groups, 200, np.random.default_rng(0))
    there, back = compare(test, draws, GAN, "none", "test"), compare(test, draws, "none", GAN, "test")
    assert there.gain.mean == pytest.approx(-back.gain.mean, abs=1e-12)
    assert (there.gain.low, there.gain.high) == pytest.approx((-back.gain.high, -back.gain.low), abs=1e-12)
    means = [balanced_accuracy(test.correct[arm], test.targets).mean() for arm in (GAN, "none")]
    assert there.gain.mean == pytest.approx(means[0] - means[1])


def test_the_same_seed_gives_the_same_verdict():
    assert verdict(rates(gan_half_filtered=0.82)) == verdict(rates(gan_half_filtered=0.82))


@pytest.mark.parametrize("missing", ["none", GAN, "copies_half"])
def test_a_needed_arm_that_is_missing_is_named(missing):
    kinds = {arm: kind for arm, kind in KINDS.items() if arm != missing}
    test = outcomes(rates(), 20)
    with pytest.raises(DataError, match=missing):
        decide(test, test, kinds, equivalence=0.01, resamples=200, seed=0)


def test_unequal_shapes_and_an_empty_test_are_refused():
    with pytest.raises(DataError, match="outcomes"):
        Outcomes(np.zeros(3, np.int64), np.zeros(3), {"none": np.ones((2, 4), dtype=bool)})
    empty = Outcomes(np.zeros(0, np.int64), np.zeros(0), {arm: np.zeros((2, 0), dtype=bool) for arm in KINDS})
    with pytest.raises(DataError, match="test holds no images"):
        decide(empty, empty, KINDS, equivalence=0.01, resamples=200, seed=0)


@pytest.mark.parametrize(
    ("fraction", "text"),
    [(0.021, "+2.1"), (-0.0123, "-1.2"), (0.0, "+0.0"), (0.0004, "+0.04"), (-0.0004, "-0.04")],
)
def test_points_keep_their_sign(fraction, text):
    assert points(fraction) == text
