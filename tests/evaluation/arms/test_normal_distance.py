"""The distance to normal images, and what becomes of it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.core.engine import Engine
from augment.core.errors import ParamsError
from augment.evaluation.arms import normal_distance
from augment.evaluation.arms.backbone_arms import backbone_fit
from augment.evaluation.arms.draws import Samples
from augment.evaluation.arms.normal_distance import (
    Bank,
    apart,
    distance_fit,
    distances_to,
    divided,
    normal_probabilities,
    patch_bank,
    patches_of,
    run_distance_fit,
)
from augment.evaluation.arms.seen import Look, see_images
from augment.evaluation.experiment.preflight import check_experiment
from augment.evaluation.experiment.protocol import Splits
from augment.evaluation.experiment.training_sets import paired_seeds
from augment.measure.logistic import fit_logistic, logistic_probabilities
from augment.params import check
from augment.params.arms import DEFAULT_ARMS
from tests.evaluation.arms.backbones import small_backbone  # noqa: F401  (a fixture)
from tests.toy import toy_set

LOOK = Look("lite0", "none", 0)
TRAIN = toy_set({"crack": 4, "dent": 5, "good": 20}, each=2, side=16)
TEST = toy_set({"crack": 10, "dent": 10, "good": 10}, seed=9, side=16)
RNG = np.random.default_rng(0)


pytestmark = pytest.mark.usefixtures("small_backbone")


def looked_at(train, others):
    return see_images([train], [others], LOOK, Engine("serial"))


def scores_of(train, asked, seen=None):
    seen = seen or looked_at(train, asked)
    probe = backbone_fit("probe", None, train, Samples(), seen.plain(asked), seen, LOOK, 0.01, seed=3)
    return run_distance_fit(distance_fit(probe, train, seen, "good"))


def test_a_patch_is_the_mean_of_the_places_around_it():
    maps = RNG.normal(size=(2, 3, 4, 5))
    found = patches_of(maps).reshape(2, 4, 5, 3)
    for y, x in ((0, 0), (0, 4), (2, 3), (3, 2)):
        around = maps[:, :, max(0, y - 1) : y + 2, max(0, x - 1) : x + 2].mean(axis=(2, 3))
        np.testing.assert_allclose(found[:, y, x], around, rtol=1e-5)


def test_tokens_are_patches_and_features_without_places_are_one():
    features = RNG.normal(size=(4, 6)).astype(np.float32)
    assert np.array_equal(patches_of(features), features[:, None])
    tokens = RNG.normal(size=(4, 5, 6)).astype(np.float32)
    assert np.array_equal(patches_of(tokens), tokens)
    assert patches_of(tokens[:0, 0]).shape == (0, 1, 6)


@given(far=st.floats(0.5, 100), place=st.integers(0, 8), channel=st.integers(0, 3))
def test_one_patch_far_away_is_the_distance_of_its_image(far, place, channel):
    bank = Bank(np.zeros((30, 4), np.float32), np.arange(30))
    patches = np.zeros((2, 9, 4), np.float32)
    patches[1, place, channel] = -far
    np.testing.assert_allclose(distances_to(bank, patches), [0, far], rtol=1e-4)


def test_the_nearest_patch_of_the_bank_counts_and_then_the_farthest_of_the_image(monkeypatch):
    monkeypatch.setattr(normal_distance, "CHUNK_PATCHES", 7)
    bank = Bank(RNG.normal(size=(40, 5)).astype(np.float32), np.arange(40))
    patches = RNG.normal(size=(6, 9, 5)).astype(np.float32)
    each = np.linalg.norm(patches[:, :, None] - bank.patches, axis=3)
    np.testing.assert_allclose(distances_to(bank, patches), each.min(axis=2).max(axis=1), rtol=1e-4)


def test_an_image_is_compared_with_other_owners_alone():
    patches = np.array([[[0.0]], [[1.0]], [[5.0]]], dtype=np.float32)
    owners = np.array([0, 0, 1])
    np.testing.assert_allclose(distances_to(patch_bank(patches, owners, 0), patches, owners), [5, 4, 4], atol=1e-5)
    alone = np.zeros(3, np.int64)
    assert np.array_equal(distances_to(patch_bank(patches, alone, 0), patches, alone), [0, 0, 0])


def test_owners_are_groups_or_images_where_there_is_one_group():
    assert apart(np.array(["y", "x", "y"])).tolist() == [1, 0, 1]
    assert apart(np.array(["x", "x", "x"])).tolist() == [0, 1, 2]


def test_a_large_bank_is_drawn_by_the_seed_with_the_right_owners(monkeypatch):
    monkeypatch.setattr(normal_distance, "BANK_PATCHES", 10)
    patches = np.arange(40, dtype=np.float32).reshape(8, 5, 1)
    bank = patch_bank(patches, np.arange(8), 0)
    assert len(np.unique(bank.patches)) == 10
    assert np.array_equal(bank.owners, bank.patches[:, 0] // 5)
    assert np.array_equal(bank.patches, patch_bank(patches, np.arange(8), 0).patches)
    assert not np.array_equal(bank.patches, patch_bank(patches, np.arange(8), 1).patches)


def test_halfway_between_both_kinds_nothing_is_known_however_many_there_are_of_each():
    distances = np.array([1.0] * 30 + [3.0] * 2, dtype=np.float32)
    found = normal_probabilities(distances, distances == 1, np.array([1, 2, 3], np.float32))
    assert found[1] == pytest.approx(0.5, abs=1e-3)
    assert found[0] == pytest.approx(1 - found[2], abs=1e-3)
    assert found[0] > 0.8


def test_the_farther_the_less_normal():
    distances = np.concatenate([RNG.normal(2, 1, 50), RNG.normal(4, 1, 20)]).astype(np.float32)
    found = normal_probabilities(distances, np.arange(70) < 50, np.linspace(0, 9, 30, dtype=np.float32))
    assert (np.diff(found) < 0).all()


def test_the_others_divide_what_is_left():
    others = np.array([[0.25, 0, 0.75], [1, 0, 0]])
    found = divided(np.array([0.6, 0.1]), others, normal=1)
    np.testing.assert_allclose(found, [[0.1, 0.6, 0.3], [0.9, 0.1, 0]])


def test_normal_images_are_told_from_others_and_these_apart():
    scores, targets = scores_of(TRAIN, TEST.images), TEST.targets(TRAIN.classes)
    np.testing.assert_allclose(scores.sum(axis=1), 1)
    normality = scores[:, 2]
    assert np.mean(normality[targets == 2][:, None] > normality[targets != 2]) > 0.9
    defects = targets != 2
    assert (scores[defects, :2].argmax(axis=1) == targets[defects]).mean() > 0.9


def test_the_others_are_divided_by_a_probe_that_saw_no_normal_image():
    seen = looked_at(TRAIN, TEST.images)
    rows, owners = seen.views(TRAIN.images)
    targets = TRAIN.targets(TRAIN.classes)[owners]
    kept = targets != 2
    counts = np.bincount(owners)[owners] * np.array([4, 5, 1])[targets] * 2  # views of an image, images of a class
    model = fit_logistic(seen.features.array[rows[kept]], targets[kept], 9 / counts[kept], 0.01)
    expected = logistic_probabilities(model, seen.features.array[seen.plain(TEST.images)], 3)
    scores = scores_of(TRAIN, TEST.images)
    np.testing.assert_allclose(scores[:, :2] / (1 - scores[:, 2:]), expected[:, :2], atol=1e-3)


def test_of_two_classes_the_other_gets_all_of_the_rest():
    train = toy_set({"bad": 3, "good": 12}, side=16)
    scores = scores_of(train, TEST.images)
    np.testing.assert_allclose(scores[:, 0], 1 - scores[:, 1])


def test_the_score_of_an_image_hangs_on_no_other_that_is_asked_about():
    seen = looked_at(TRAIN, TEST.images)
    together = scores_of(TRAIN, TEST.images, seen)
    np.testing.assert_allclose(scores_of(TRAIN, TEST.images[3:5], seen), together[3:5], atol=1e-6)


def test_normal_training_images_are_no_nearer_than_new_ones():
    """As they would be, had each itself in the bank."""
    train = toy_set({"bad": 20, "good": 20}, each=2, side=16)
    seen = looked_at(train, TEST.images)
    probe = backbone_fit("probe", None, train, Samples(), seen.plain(train.images), seen, LOOK, 0.01, 0)
    said: list[np.ndarray] = []
    original = normal_probabilities
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(normal_distance, "normal_probabilities", lambda *given: said.append(given[0]) or original(*given))
        run_distance_fit(distance_fit(probe, train, seen, "good"))
    normal = patches_of(seen.activations.array[seen.plain(train.images[20:])])
    each = np.linalg.norm(normal[:, None, :, None] - normal[None, :, None], axis=-1).min(axis=3)  # (20, 20, places)
    pairs = np.arange(20) // 2
    each[pairs[:, None] == pairs] = np.inf
    np.testing.assert_allclose(said[0][20:], each.min(axis=1).max(axis=1), rtol=1e-3)
    assert (said[0][:20] > 0).all()


def test_a_normal_class_that_is_not_there_stops_the_experiment():
    asked = check({"evaluate": {"arms": [*DEFAULT_ARMS, "normal_distance"], "normal": "god"}})
    with pytest.raises(ParamsError, match=r"evaluate.normal: there is no class 'god'; did you mean 'good'\?"):
        check_experiment(paired_seeds(Splits(TRAIN, TEST, TEST), [0, 1]), None, asked, TRAIN.images.shape[1:])
