"""Families of classifiers in simulated tables: what they share, what their noise is, and what choosing one costs."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import ndtri

from augment.evaluation.statistics.power_model import MEASURED_COMPONENTS, VarianceComponents, both_right
from augment.params.arms import BASE_ARMS, DEFAULT_GAN_ARM, UNAUGMENTED_ARMS, family_of
from benchmarks import scenarios, verdict
from benchmarks.scenarios import (
    FAMILIES,
    FAMILY_ARMS,
    SCRATCH,
    Scenario,
    on_disjoint_subsets,
    on_folds,
    on_one_split,
    on_rotated,
)
from benchmarks.simulated import Alike, Truth, noise, truth

PROTOCOLS = (on_one_split, on_rotated, on_disjoint_subsets, on_folds)


def one_family_latent(true, targets, groups, arms, seeds, rng):
    """The model of one family, written out: thresholds minus five crossed normal parts and a shift."""
    parts, units = true.alike.parts["scratch"], int(groups.max()) + 1
    rest = 1 - parts.common - parts.kind - parts.arm - parts.seed
    common = np.sqrt(parts.common) * rng.normal(size=units)[groups]
    kinds = np.sqrt(parts.kind) * rng.normal(size=(2, units))[:, groups]
    of_seed = np.sqrt(parts.seed) * rng.normal(size=(seeds, len(targets)))
    found = []
    for arm in arms:
        lasting = common + kinds[int(arm in UNAUGMENTED_ARMS)] + np.sqrt(parts.arm) * rng.normal(size=units)[groups]
        shift = parts.shift * rng.normal(size=(seeds, len(true.thresholds)))[:, targets]
        chance = np.sqrt(rest) * rng.normal(size=(seeds, len(targets)))
        found.append(true.thresholds[targets] - lasting - of_seed - shift - chance)
    return np.stack(found)


@pytest.mark.parametrize("families", [SCRATCH, replace(FAMILIES, apart=0.0)])
def test_without_a_part_of_the_family_it_is_the_model_of_one_family(families):
    arms, targets = ("none", "classical", DEFAULT_GAN_ARM, "copies_half"), np.repeat([0, 1, 2], 20)
    groups = np.arange(60) // 2
    true = Truth(ndtri(np.array([0.5, 0.7, 0.9])), families)
    drawn = noise(true, targets, groups, arms, 4, np.random.default_rng(3), one_train=True)
    expected = one_family_latent(true, targets, groups, arms, 4, np.random.default_rng(3))
    np.testing.assert_allclose(drawn.latent("classical"), expected, rtol=0, atol=1e-12)


def correlations(base: str, one_train: bool = False) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Of all arms in one repeat, and of each with the others in another repeat."""
    true = Truth(ndtri(np.full(1, 0.7)), FAMILIES)
    count = 40_000
    drawn = noise(true, np.zeros(count, int), np.arange(count), FAMILY_ARMS, 2, np.random.default_rng(0), one_train)
    below = drawn.latent(base)
    both = np.corrcoef(np.concatenate([below[:, 0], below[:, 1]]))
    return list(FAMILY_ARMS), both[: len(below), : len(below)], both[: len(below), len(below) :]


@pytest.mark.parametrize("base", ["randaugment", "probe", "finetune"])
def test_two_families_disagree_more_than_two_arms_of_one(base):
    arms, once, twice = correlations(base)
    family, (gan, own) = family_of(base, None), map(arms.index, (DEFAULT_GAN_ARM, base))
    parts = FAMILIES.parts[family]
    unit = 1 / (1 + parts.shift**2)
    lasting = parts.common + parts.kind  # shifts are of a class, and here there is one
    centred = lambda of: pytest.approx(of, abs=0.012)  # noqa: E731
    assert once[gan, own] == centred(lasting + parts.seed)
    assert twice[gan, own] == centred(lasting)
    assert unit > 0.98
    for other in BASE_ARMS:
        if other in arms and family_of(other, None) != family:
            theirs = FAMILIES.parts[family_of(other, None)]
            expected = FAMILIES.between + np.sqrt(parts.kind * theirs.kind)
            assert once[gan, arms.index(other)] == centred(expected)
            assert once[gan, arms.index(other)] < once[gan, own] - 0.1


def test_a_probe_of_real_images_is_the_same_for_all_seeds_of_one_training_set():
    true = Truth(ndtri(np.array([0.6, 0.9])), FAMILIES)
    targets = np.repeat([0, 1], 20_000)
    drawn = noise(true, targets, np.arange(40_000), FAMILY_ARMS, 3, np.random.default_rng(1), one_train=True)
    below = dict(zip(FAMILY_ARMS, drawn.latent("probe"), strict=True))
    for arm in ("probe", "none", "oversample"):
        assert (below[arm] == below[arm][:1]).all()
        for target, recall in enumerate(true.recalls()):  # as good as arms whose thresholds shift
            assert (below[arm][0, targets == target] > 0).mean() == pytest.approx(recall, abs=0.012)
    for arm in (DEFAULT_GAN_ARM, "copies_half", "cmo", "finetune", "classical"):
        assert (below[arm][0] != below[arm][1]).any()
    others = noise(true, targets, np.arange(40_000), FAMILY_ARMS, 3, np.random.default_rng(1), one_train=False)
    assert (others.latent("probe")[FAMILY_ARMS.index("probe")][0] != below["probe"][0]).any()


def test_a_probe_owes_all_of_its_shift_to_its_training_images():
    true = Truth(ndtri(np.full(1, 0.7)), FAMILIES)
    drawn = noise(true, np.zeros(50, int), np.arange(50), FAMILY_ARMS, 2, np.random.default_rng(0), one_train=False)
    training = np.zeros_like(drawn.shifts)
    without, position = drawn.with_training(training, 0.3), FAMILY_ARMS.index("probe")
    moved = replace(without, shifts=without.shifts + 1.0)
    difference = moved.latent("probe") - without.latent("probe")
    assert (difference[position] == 0).all()
    expected = -FAMILIES.parts["finetune"].shift * np.sqrt(0.7)
    scale = true.scale / np.hypot(1, FAMILIES.parts["finetune"].shift)
    np.testing.assert_allclose(difference[FAMILY_ARMS.index("finetune")], scale * expected)


def test_arms_with_made_images_are_as_good_as_what_they_build_on():
    scenario = replace(verdict.FAMILIES, best="finetune", behind=0.15, trailing=0.05)
    assert [scenario.level(arm, "probe") for arm in ("finetune", "probe", "classical")] == [0.0, -0.15, -0.15]
    assert scenario.level(DEFAULT_GAN_ARM, "probe") == -0.15
    assert scenario.level("cmo", "finetune") == -0.05
    true = truth(scenario.recalls, FAMILIES, np.random.default_rng(0))
    steps = scenarios._steps(scenario, true, "probe", 0.02)
    gained = true.recalls(steps[DEFAULT_GAN_ARM]).mean() - true.recalls(steps["probe"]).mean()
    assert gained == pytest.approx(0.02)
    assert true.recalls(steps["probe"]).mean() - true.recalls().mean() == pytest.approx(-0.15)


def test_a_large_val_finds_the_best_family_and_then_the_choice_costs_nothing():
    ahead = Scenario("test", (20,) * 2, 0.7, 2, FAMILY_ARMS, val=300, best="finetune", behind=0.15)
    for protocol in (on_one_split, on_rotated, on_disjoint_subsets):
        _, outcomes = protocol(ahead, 4)
        assert all(one.best_base for one in outcomes)
    _, outcomes = on_folds(replace(ahead, val=30), 2)
    assert all(one.best_base for one in outcomes)


def test_a_small_val_may_choose_another_and_then_a_gain_over_that_is_none_over_the_best():
    scenario = Scenario("test", (100,) * 4, 0.7, 4, FAMILY_ARMS, val=1, best="finetune", behind=0.15)
    announced, outcomes = on_one_split(scenario, 40)
    assert announced < 0.15, "so what is planted over another family stays below the best"
    wrong = [one for one in outcomes if not one.best_base]
    assert 5 < len(wrong) < 35
    assert not any(one.found or one.helps for one in wrong)
    assert np.mean([one.found for one in outcomes if one.best_base]) > 0.6


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_families_that_are_equal_help_no_more_than_arms(protocol):
    _, outcomes = protocol(Scenario("test", (40,) * 3, 0.7, 4, FAMILY_ARMS, val=4), 12)
    assert not any(one.helps for one in outcomes)
    assert all(one.best_base for one in outcomes)


def test_disagreement_of_two_families_is_that_of_two_normal_variables():
    """Closed form: two thresholds at one recall and the correlation of what lies behind them."""
    parts = VarianceComponents(0.9, 0.0, 0.0, 0.0, 0.0)
    true = Truth(ndtri(np.full(1, 0.7)), Alike({"scratch": parts, "probe": parts}, apart=0.3))
    count = 100_000
    arms = ("classical", "probe")
    drawn = noise(true, np.zeros(count, int), np.arange(count), arms, 1, np.random.default_rng(0), one_train=True)
    one, other = drawn.latent("classical")[:, 0] > 0
    expected = 2 * (0.7 - both_right(true.thresholds, true.thresholds, 0.6)[0])
    assert (one != other).mean() == pytest.approx(expected, abs=0.005)
    assert MEASURED_COMPONENTS.common - SCRATCH.between == 0


def test_equal_arms_of_all_families_are_equal_on_every_image_of_a_fixed_test_set():
    """What lasts over repeats is the same for all of them, so over many repeats they are right equally often."""
    alike = FAMILIES.without_arm_differences().without_family_differences()
    still = Alike({family: replace(own, shift=0.0) for family, own in alike.parts.items()})
    true = Truth(ndtri(np.full(1, 0.7)), still)
    arms, count = ("classical", "probe", "finetune"), 40
    drawn = noise(true, np.zeros(count, int), np.arange(count), arms, 4000, np.random.default_rng(0), one_train=False)
    often = (drawn.latent("classical") > 0).mean(axis=1)
    np.testing.assert_allclose(often, np.broadcast_to(often.mean(axis=0), often.shape), atol=0.04)
    assert often.std(axis=1).min() > 0.3, "images differ"
