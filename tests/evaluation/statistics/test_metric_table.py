"""The primary metric, against scikit-learn and a count by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score, roc_curve

from augment.core.errors import DataError
from augment.evaluation.statistics.bootstrap import resample
from augment.evaluation.statistics.metric_table import metric_table
from augment.evaluation.statistics.recall_at_fpr import check_false_alarm_rate, recall_at_far, threshold_changes

CLASSES = 3


def scores_of(count: int, seed: int = 0, seeds: int = 2) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    return {arm: rng.dirichlet(np.ones(CLASSES), (seeds, count)).astype(np.float32) for arm in ("none", "gan")}


def figures(targets, groups, scores, normal=None, rate=0.1, draws=60):
    rng = np.random.default_rng(1)
    return metric_table(targets, groups, scores, normal=normal, rate=rate, draws=draws, rng=rng)


TARGETS = np.repeat([0, 1, 2], [30, 12, 6])
GROUPS = np.arange(48)


def test_balanced_accuracy_of_the_set_and_of_every_draw():
    scores = scores_of(48)
    found = figures(TARGETS, GROUPS, scores)
    draws = resample(TARGETS, GROUPS, 60, np.random.default_rng(1)).draws
    assert found.name == "balanced accuracy"
    for arm, own in scores.items():
        for seed in range(2):
            predicted = own[seed].argmax(axis=1)
            assert found.values[arm][seed] == pytest.approx(balanced_accuracy_score(TARGETS, predicted))
            expected = [balanced_accuracy_score(TARGETS, predicted, sample_weight=draw) for draw in draws[:5]]
            assert found.bootstrap[arm][seed, :5] == pytest.approx(expected)
    assert (found.images, found.groups, found.small_classes) == (48, 48, 0)
    assert found.mean("gan") == pytest.approx(found.values["gan"].mean())


def by_hand(alarm, normal, weights, allowed):
    """The lowest threshold among normal scores above which at most `allowed` of the normal weight lies."""
    fits = [t for t in alarm[normal] if weights[normal & (alarm > t)].sum() <= (allowed + 1e-9) * weights[normal].sum()]
    others = ~normal
    return weights[others & (alarm > min(fits))].sum() / weights[others].sum()


@settings(max_examples=80)
@given(st.integers(1, 40), st.integers(1, 20), st.floats(0.01, 0.5), st.integers(0, 99), st.booleans())
def test_recall_at_a_false_alarm_rate_is_the_definition(normals, others, rate, seed, ties):
    rng = np.random.default_rng(seed)
    alarm = rng.normal(size=normals + others).round(0 if ties else 6)
    normal = np.arange(normals + others) < normals
    weights = rng.integers(0, 4, (5, normals + others)).astype(float)
    weights[0] = 1
    allowed = max(0, math.floor(rate * (normals + 1) + 1e-9) - 1) / normals
    found = recall_at_far(alarm, normal, weights, rate)
    for row, own in zip(found, weights, strict=True):
        usual = np.where(normal, own if own[normal].any() else 1.0, own if own[~normal].any() else 1.0)
        assert row == pytest.approx(by_hand(alarm, normal, usual, allowed))


@given(st.integers(19, 200), st.integers(0, 50))
def test_the_threshold_lies_on_the_roc_curve_of_scikit_learn(normals, seed):
    rng = np.random.default_rng(seed)
    alarm = np.concatenate([rng.normal(size=normals), rng.normal(1, 1, 40)])
    normal = np.arange(len(alarm)) < normals
    false, true, _ = roc_curve(~normal, alarm, drop_intermediate=False)
    allowed = (math.floor(0.05 * (normals + 1) + 1e-9) - 1) / normals
    expected = true[false <= allowed + 1e-9].max()
    assert recall_at_far(alarm, normal, np.ones((1, len(alarm))), 0.05)[0] == pytest.approx(expected)


def test_a_new_normal_image_raises_an_alarm_at_most_at_the_rate():
    """Split conformal: over many draws of 39 normal images and one new one, 5 % of the new ones lie above."""
    rng = np.random.default_rng(0)
    alarms = []
    for _ in range(4000):
        drawn = rng.exponential(size=40)
        normal = np.arange(40) < 39
        alarms.append(recall_at_far(drawn, normal, np.ones((1, 40)), 0.05)[0])
    assert np.mean(alarms) == pytest.approx(0.05, abs=0.01)


def test_too_few_normal_images_allow_no_alarm_at_all():
    alarm = np.array([0.1, 0.5, 0.3, 0.4, 0.6, 0.7])
    normal = np.array([True, True, True, False, False, False])
    assert recall_at_far(alarm, normal, np.ones((1, 6)), 0.05)[0] == pytest.approx(2 / 3)


def test_classes_count_equally_whatever_their_size():
    targets = np.repeat([0, 1, 2], [20, 8, 2])
    score = np.zeros((2, 30, 3), dtype=np.float32)
    score[:, :20, 0] = 1  # normal images are sure to be normal
    score[:, 20:28, 1] = 1  # all of class 1 is found
    score[:, 28:, 0] = 1  # all of class 2 is taken for normal
    found = figures(targets, np.arange(30), {"none": score}, normal=0)
    assert found.values["none"] == pytest.approx([0.5, 0.5])
    assert (found.images, found.groups, found.small_classes) == (10, 10, 1)
    assert found.name == "recall at 10 % false alarms"


def test_the_threshold_is_drawn_anew_with_the_images():
    """Every other image ties with one normal image: found or not depends on which normal images are drawn."""
    rng = np.random.default_rng(3)
    score = np.zeros((2, 60, 3), dtype=np.float32)
    score[:, :40, 0] = rng.random(40).astype(np.float32)
    score[:, 40:, 0] = 0.5
    targets = np.repeat([0, 1], [40, 20])
    found = figures(targets, np.arange(60), {"none": score}, normal=0, rate=0.5, draws=300)
    assert set(found.bootstrap["none"].flatten().tolist()) == {0.0, 1.0}


def test_few_normal_images_make_the_threshold_uncertain_as_a_jackknife_of_their_groups_says():
    """Of 19 normal images at 5 % the largest score is the threshold, of 39 the second largest, of 59 the third."""
    for normals, above in ((19, 0), (39, 1), (59, 2)):
        targets = np.repeat([0, 1], [normals, 10])
        alarm = np.concatenate([np.linspace(0.1, 0.6, normals), np.linspace(0.05, 0.95, 10)])
        scores = {"none": np.stack([1 - alarm, alarm], axis=1)[None].repeat(2, axis=0)}
        scores["gan"] = scores["none"][:, :, ::-1].copy()  # ranks turned round
        found = figures(targets, np.arange(len(targets)), scores, normal=0, rate=0.05)
        changes = {}
        for arm, own in scores.items():
            suspect = -own[0, :, 0]
            normal = np.sort(suspect[:normals])[::-1]
            lower = (suspect[normals:] > normal[above + 1]).mean() - (suspect[normals:] > normal[above]).mean()
            changes[arm] = np.where(-own[0, :normals, 0] >= normal[above], lower, 0.0)
        plain = replace(found, thresholds={})
        for minus, expected in ((None, changes["gan"]), ("none", changes["gan"] - changes["none"])):
            more = found.estimate("gan", minus).test_se ** 2 - plain.estimate("gan", minus).test_se ** 2
            assert more == pytest.approx((expected**2).sum() if above < 2 else 0.0, abs=1e-12), (normals, minus)


def test_a_group_of_normal_images_moves_the_threshold_as_one():
    suspect, groups = np.array([0.9, 0.8, 0.7, 0.1, 0.75]), np.array([1, 1, 2, 2, 3])
    normal, weights = np.arange(5) < 4, np.ones(5)
    changes = threshold_changes(suspect, normal, groups, weights, 0.05)
    assert changes.tolist() == [1.0, 0.0], "without the first group 0.75 is above the largest"


def test_intervals_hold_where_one_normal_image_sets_the_threshold():
    """Two arms that are equally good: 95 % intervals of their difference that leave out 0, in 200 sets."""
    rng, wrong = np.random.default_rng(0), np.zeros(2)
    targets = np.repeat([0, 1], [38, 100])
    for _ in range(200):
        common, own = rng.normal(size=138), rng.normal(size=(2, 138))
        suspect = 1.8 * targets + np.sqrt(0.82) * common + np.sqrt(0.12) * own + np.sqrt(0.06) * rng.normal(size=138)
        rows = 1 / (1 + np.exp(-suspect))  # (arms, images)
        scores = {
            arm: np.stack([1 - row, row], axis=1)[None].repeat(5, axis=0) for arm, row in zip("ab", rows, strict=True)
        }
        found = figures(targets, np.arange(138), scores, normal=0, rate=0.05, draws=200)
        for position, one in enumerate((found, replace(found, thresholds={}))):
            low, high = one.estimate("a", "b").interval()
            wrong[position] += low > 0 or high < 0
    assert wrong[0] <= 10
    assert wrong[1] > 12, "draws alone are not enough, so this test can fail"


def test_a_split_that_cannot_tell_gives_nothing():
    scores = scores_of(48)
    assert figures(TARGETS[:0], GROUPS[:0], {arm: own[:, :0] for arm, own in scores.items()}) is None
    assert figures(np.zeros(48, np.int64), GROUPS, scores, normal=0) is None, "no other image"
    assert figures(TARGETS, GROUPS // 12, scores, normal=0) is None, "four groups"
    assert figures(TARGETS, GROUPS, scores, normal=0) is not None


def test_unequal_shapes_are_refused():
    with pytest.raises(DataError, match=r"every arm needs \(seeds, targets\)"):
        figures(TARGETS[:3], GROUPS[:3], scores_of(4))
    with pytest.raises(DataError, match="every arm needs"):
        figures(TARGETS, GROUPS[:4], scores_of(48))


@pytest.mark.parametrize(("rate", "needed"), [(0.05, 19), (0.1, 9), (0.5, 5)])
def test_a_rate_needs_enough_independent_normal_images(rate, needed):
    targets = np.repeat([0, 1], [needed, 3])
    check_false_alarm_rate(targets, np.arange(len(targets)), 0, "fine", rate)
    short = targets[1:]
    with pytest.raises(DataError, match=f"at least {needed} independent test images of the normal class 'fine'"):
        check_false_alarm_rate(short, np.arange(len(short)), 0, "fine", rate)
    with pytest.raises(DataError, match=r"found .* images in 1 groups\. Add normal images"):
        check_false_alarm_rate(targets, np.zeros(len(targets)), 0, "fine", rate)
    with pytest.raises(DataError, match="no image of any other class"):
        check_false_alarm_rate(np.zeros(50, np.int64), np.arange(50), 0, "fine", rate)


@given(st.integers(5, 60))
def test_the_rate_that_is_advised_is_allowed(independent):
    targets = np.repeat([0, 1], [independent, 3])
    with pytest.raises(DataError) as caught:
        check_false_alarm_rate(targets, np.arange(len(targets)), 0, "fine", 1 / (independent + 2) - 1e-6)
    advised = float(str(caught.value).split("Raise it to ")[1].split(",")[0])
    check_false_alarm_rate(targets, np.arange(len(targets)), 0, "fine", advised)
