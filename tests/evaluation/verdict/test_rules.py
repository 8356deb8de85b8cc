import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.core.errors import DataError
from augment.evaluation.columns import columns
from augment.evaluation.statistics.comparisons import comparison_rows, paired_difference
from augment.evaluation.statistics.estimates import holm
from augment.evaluation.statistics.metric_table import MetricTable
from augment.evaluation.verdict.figures import points
from augment.evaluation.verdict.rules import decide
from augment.evaluation.verdict.selection import Selection
from augment.params.arms import REAL_ARMS
from tests.evaluation.verdict.judged import judged, table_of
from tests.evaluation.verdict.rates import GAN, KINDS, correct_of, outcomes, rates, verdict


def test_helps():
    policy, found = verdict(rates(gan_half_filtered=0.85))
    assert found.word == "helps"
    assert found.best_real == "classical"
    assert found.net.mean == pytest.approx(0.05, abs=0.002)
    assert found.gross.mean == pytest.approx(0.10, abs=0.005)
    assert (policy.arm, policy.synthetic_share) == (GAN, 0.5)
    assert found.sentence.startswith("The GAN images help when added to a network from scratch without augmentation: +")
    assert "(a network from scratch with classical augmentation), on this split." in found.sentence
    assert f"{points(found.net.low)}, {points(found.net.high)}" in found.sentence


def test_helps_negligibly():
    _, found = verdict(rates(gan_half_filtered=0.804), size=2000)
    assert found.word == "helps, negligibly"
    assert "help, but by less than 1 point, when added to" in found.sentence


def test_harms():
    policy, found = verdict(rates(gan_half_filtered=0.74))
    assert found.word == "harms"
    assert found.net.high < 0
    assert policy.arm == GAN  # test does not choose; the advice says what to do
    assert any("assemble.use: real" in line for line in found.advice)


def test_a_proven_loss_inside_the_margin_is_still_harm_and_says_so():
    _, found = verdict(rates(gan_half_filtered=0.796), size=2000)
    assert found.word == "harms"
    assert any("smaller than the margin" in line for line in found.reasons)


def test_equivalent():
    _, found = verdict(rates(), size=2000)
    assert found.word == "equivalent"
    assert found.deciding is None
    assert "90 % interval" in found.sentence


def test_undecided_says_what_would_decide():
    _, found = verdict(rates(gan_half_filtered=0.82), size=50)
    assert found.word == "undecided"
    assert any(f"{found.deciding.growth:.1f} times as many test images" in line for line in found.advice)
    assert found.deciding.repeats is None
    assert any("The smallest gain that 4 of 5 such runs would show" in line for line in found.reasons)


def test_undecided_for_want_of_seeds_names_a_number():
    targets, correct = correct_of(rates(gan_half_filtered=0.85), 250)
    correct[GAN][:2] = correct_of(rates(), 250)[1][GAN][0]
    _, found = judged(table_of(targets, np.arange(1000), correct), outcomes(rates(), 5), KINDS)
    assert found.word == "undecided"
    decided = found.deciding
    assert (decided.setting, decided.growth) == ("evaluate.seeds", None)
    assert any(line.startswith(f"Set `evaluate.seeds: {decided.repeats}`") for line in found.advice)


def test_one_strong_rival_is_enough_to_deny_help():
    assert verdict(rates(gan_half_filtered=0.85, oversample=0.85))[1].word != "helps"


def test_copies_doing_as_well_deny_the_credit():
    _, found = verdict(rates(gan_half_filtered=0.85, copies_half=0.85))
    assert found.word == "undecided"
    assert any("not credited to the GAN" in line for line in found.reasons)
    assert found.advice[1].startswith("If the means hold, nothing will decide it for the GAN: jittered copies")
    assert not any("Set `evaluate.seeds" in line or "times as many" in line for line in found.advice)
    assert (found.deciding.repeats, found.deciding.growth) == (None, None)


@pytest.mark.parametrize("gan", [0.5, 0.72])
def test_a_loss_is_excused_only_where_the_choice_of_the_rival_excuses_it(gan):
    _, found = verdict(rates(gan_half_filtered=gan), val=rates(gan_half_filtered=0.5))
    assert found.word == "not used"
    assert found.without_veto.high < 0
    assert not any("not called harm" in line for line in found.reasons)


def test_one_test_image_per_class_and_two_seeds_decide_nothing():
    targets = np.arange(6)
    right, wrong = np.ones((2, 6), dtype=bool), np.zeros((2, 6), dtype=bool)
    tiny = table_of(targets, targets, {arm: right if arm == GAN else wrong for arm in KINDS})
    mixed = {arm: right.copy() if arm == GAN else wrong for arm in KINDS}
    mixed[GAN][:, :3] = False
    _, found = judged(table_of(targets, targets, mixed), tiny, KINDS)
    assert found.word == "undecided"
    assert any("6 of the classes have fewer than 5" in line for line in found.reasons)


def test_rows_for_the_tables():
    policy, found = verdict(rates(gan_half_filtered=0.85))
    pairs = {(row.candidate, row.rival, row.split) for row in found.comparisons}
    assert {(GAN, rival, "test") for rival in ("none", "oversample", "classical", "copies_half")} <= pairs
    assert (GAN, policy.chosen_real, "val") in pairs
    assert len(pairs) == len(found.comparisons)
    table = comparison_rows(found.comparisons)
    for row in table:
        assert tuple(row) == columns("comparisons")
        assert row["low"] <= row["low90"] <= row["mean"] <= row["high90"] <= row["high"] <= row["high_joint"]
        assert row["high90"] <= row["high90_joint"] <= row["high_joint"]
        assert (row["p"] < 0.05) == (row["low"] > 0 or row["high"] < 0)
        json.dumps(row)
    assert [row["arm"] for row in found.arms] == list(KINDS)
    for row in found.arms:
        assert tuple(row) == columns("arms")[:6]
        assert 0 <= row["low"] <= row["mean"] <= row["high"] <= 1
        json.dumps(row)


def test_only_what_decides_nothing_is_adjusted_for_its_number():
    _, found = verdict(rates(gan_half_filtered=0.83, gan_half=0.82))
    table = comparison_rows(found.comparisons)
    claims = {row["claim"]: [own for own in table if own["claim"] == row["claim"]] for row in table}
    assert {(row["candidate"], row["split"]) for row in claims["primary"]} == {(GAN, "test")}
    assert [(row["candidate"], row["split"]) for row in claims["gate"]] == [(GAN, "val")]
    assert {row["candidate"] for row in claims["secondary"]} == {"gan_half", "copies_half"}
    assert [row["p_holm"] for row in claims["secondary"]] == holm([row["p"] for row in claims["secondary"]])
    assert {row["p_holm"] for row in (*claims["primary"], *claims["gate"])} == {None}


def test_the_delivered_folder_is_compared_with_real_arms_only():
    kinds = {**KINDS, "as_delivered": "delivered"}
    targets, correct = correct_of({**rates(gan_half_filtered=0.85), "as_delivered": 0.82}, 250)
    _, found = judged(table_of(targets, np.arange(1000), correct), outcomes(rates(as_delivered=0.8), 60), kinds)
    rivals = [row.rival for row in found.comparisons if row.candidate == "as_delivered"]
    assert rivals == ["none", "oversample", "classical"]
    assert found.delivered.gross.mean == pytest.approx(0.07, abs=0.003)
    assert found.delivered.net.mean == pytest.approx(0.02, abs=0.003)
    assert verdict(rates())[1].delivered is None


random_rates = st.fixed_dictionaries({arm: st.floats(0.5, 0.95) for arm in KINDS})


def noisy(rate: dict[str, float], per_class: int, seed: int) -> MetricTable:
    rng = np.random.default_rng(seed)
    targets = np.repeat(np.arange(3), per_class)
    correct = {arm: rng.random((2, len(targets))) < share for arm, share in rate.items()}
    return table_of(targets, np.arange(len(targets)) // 2, correct, draws=200)


@settings(max_examples=60, deadline=None)
@given(random_rates, st.integers(1, 80), st.integers(1, 12), st.integers(0, 99))
def test_the_word_follows_from_the_intervals(rate, per_class, val_size, seed):
    policy, found = judged(noisy(rate, per_class, seed), noisy(rate, val_size, seed + 1), KINDS)
    against = {row.rival: row for row in found.comparisons if (row.candidate, row.split) == (GAN, "test")}
    real = [arm for arm in KINDS if KINDS[arm] == "real"]
    assert (found.word == "not used") == (policy.veto_comparison.interval90[1] < 0) == (policy.synthetic_share == 0)
    assert found.without_veto.mean == pytest.approx(min(against[arm].gain.mean for arm in real))
    assert found.without_veto.low == min(against[arm].gain.low for arm in real)
    assert found.without_veto.high == min(against[arm].estimate.interval(1 - 0.05 / 3)[1] for arm in real)
    if found.word.startswith("helps"):
        assert min(against[arm].gain.low for arm in (*real, "copies_half")) > 0
    if found.word == "harms":
        assert found.net.high < 0
    if found.word == "not used":
        assert (found.net.mean, found.net.low, found.net.high) == (0, 0, 0)
        assert policy.arm in real
    else:
        assert found.net == found.without_veto
        assert found.gross == against["none"].gain
    assert found.reasons
    assert found.advice
    assert "on this split" in found.sentence


def test_the_best_of_many_rivals_is_forgiven_its_luck():
    """Ten rivals as good as the GAN arm, one of them a little lucky: alone it would prove harm."""
    real = [arm for arm in REAL_ARMS if arm != "none"][:9]
    kinds = {"none": "real", **dict.fromkeys(real, "real"), GAN: "gan", "copies_half": "control"}
    targets, correct = correct_of(dict.fromkeys(kinds, 0.8), 250)
    lucky = np.flatnonzero(~correct[real[3]][0])[:8]
    correct[real[3]][:, lucky] = True
    _, found = judged(table_of(targets, np.arange(1000), correct), None, kinds)
    alone = next(row for row in found.comparisons if row.rival == real[3])
    assert alone.gain.high < 0 < alone.high_joint
    assert found.word == "undecided"
    assert any("picked as the best of 10" in line for line in found.reasons)
    only = {arm: kind for arm, kind in kinds.items() if arm not in real or arm == real[3]}
    own = {arm: correct[arm] for arm in only}
    assert judged(table_of(targets, np.arange(1000), own), None, only)[1].word == "harms"


@settings(max_examples=30, deadline=None)
@given(random_rates, st.integers(1, 40), st.integers(0, 99))
def test_swapping_the_arms_flips_the_sign(rate, per_class, seed):
    test = noisy(rate, per_class, seed)
    there, back = (
        paired_difference(test, GAN, "none", "test", "primary"),
        paired_difference(test, "none", GAN, "test", "primary"),
    )
    assert there.gain.mean == pytest.approx(-back.gain.mean, abs=1e-12)
    assert (there.gain.low, there.gain.high) == pytest.approx((-back.gain.high, -back.gain.low), abs=1e-12)
    assert there.gain.mean == pytest.approx(test.mean(GAN) - test.mean("none"))


def test_the_same_seed_gives_the_same_verdict():
    assert verdict(rates(gan_half_filtered=0.82)) == verdict(rates(gan_half_filtered=0.82))


@pytest.mark.parametrize("missing", ["none", GAN, "copies_half"])
def test_a_needed_arm_that_is_missing_is_named(missing):
    kinds = {arm: kind for arm, kind in KINDS.items() if arm != missing}
    test = outcomes(rates(), 20)
    policy = Selection("classical", None, 0)
    with pytest.raises(DataError, match=missing):
        decide(test, test, policy, kinds, equivalence=0.01, announced=None)


def test_an_empty_test_is_refused():
    policy = Selection("classical", None, 0)
    with pytest.raises(DataError, match="test holds no images"):
        decide(None, None, policy, KINDS, equivalence=0.01, announced=None)


def test_what_was_announced_and_what_it_turned_out_to_be():
    targets, correct = correct_of(rates(), 250)
    test = table_of(targets, np.arange(1000), correct)
    _, found = judged(test, None, KINDS, announced=0.034)
    (line,) = [line for line in found.reasons if "speaks of this split" in line]
    assert "put at about 3.4 points before the run" in line
    assert f"it is {100 * found.smallest_gain:.1f} points" in line
    _, hopeless = judged(test, None, KINDS, announced=None)
    assert any("put at no gain at all" in line for line in hopeless.reasons)
