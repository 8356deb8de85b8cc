"""What an arm on a backbone draws: rows of real images' views, by the weights of the arm, and its made images."""

from functools import partial
from typing import Any

import numpy as np
import pytest

from augment.core.engine import Engine
from augment.evaluation.arms import backbone_arms
from augment.evaluation.arms.backbone_arms import (
    BackboneFit,
    backbone_fit,
    first_of_each_class,
    run_backbone_fit,
    strengths_of,
)
from augment.evaluation.arms.draws import Samples, arm_data, delivered_images
from augment.evaluation.arms.seen import Look, see_images
from augment.measure.sampling import WeightedImages
from augment.params.arms import ARMS, SOURCES, augmentation_of
from tests.evaluation.arms.backbones import small_backbone  # noqa: F401  (a fixture)
from tests.toy import bars, toy_set

LOOK = Look("lite0", "none", 0)
TRAIN, TEST = toy_set({"a": 8, "b": 5, "c": 3}, side=16), toy_set({"a": 5, "b": 4, "c": 4}, seed=1, side=16)
MADE = {label: bars(position, 6, seed=2, side=16) for position, label in enumerate("abc")}
SAMPLES = Samples(dict.fromkeys(SOURCES, MADE), delivered_images("gan_half_filtered", TRAIN, MADE)[0])
FOLLOWING = ("none", "oversample", "class_weights", "logit_adjusted", "smote", "cmo", "gan_fill", "gan_half",
             "gan_half_filtered", "gan_only", "copies_half", "noise", "as_delivered")  # fmt: skip


def fit_of(arm: Any, base: Any, samples: Samples = SAMPLES, seed: int = 3) -> BackboneFit:
    seen = see_images([TRAIN], [TEST.images], LOOK, Engine("serial"))
    return backbone_fit(arm, base, TRAIN, samples, seen.plain(TEST.images), seen, LOOK, 0.1, seed)


@pytest.mark.usefixtures("small_backbone")
@pytest.mark.parametrize("base", ["probe", "finetune"])
@pytest.mark.parametrize("arm", FOLLOWING)
def test_views_share_the_weight_of_their_image_and_made_images_keep_theirs(arm: Any, base: Any) -> None:
    fit, data = fit_of(arm, base), arm_data(arm, TRAIN, SAMPLES)
    seen = see_images([TRAIN], [TEST.images], LOOK, Engine("serial"))
    targets, weights = fit.real
    if augmentation_of(arm, base) is None:
        assert np.array_equal(fit.rows, seen.plain(TRAIN.images)), "images as they are"
        owners = np.arange(len(TRAIN))
    else:
        rows, owners = seen.views(TRAIN.images)
        assert np.array_equal(fit.rows, rows)
    np.testing.assert_allclose(np.bincount(owners, weights), data.sampling_weights[: len(TRAIN)])
    assert np.array_equal(targets, data.targets[: len(TRAIN)][owners])
    assert np.array_equal(fit.made.images, data.images[len(TRAIN) :])
    np.testing.assert_allclose(fit.made.sampling_weights, data.sampling_weights[len(TRAIN) :])
    assert fit.seen is not (seen.activations if base == "probe" else seen.features)
    assert fit.seen.array.ndim == (2 if base == "probe" else 4)


@pytest.mark.usefixtures("small_backbone")
@pytest.mark.parametrize("base", ["probe", "finetune"])
def test_every_arm_that_follows_gives_probabilities_of_its_own(base: Any) -> None:
    """Bars are easy to tell: whoever saw real images finds them, and no two arms learn the same."""
    scores = {arm: run_backbone_fit(fit_of(arm, base)) for arm in (*FOLLOWING, base)}
    for arm, found in scores.items():
        assert found.shape == (13, 3)
        assert found.sum(axis=1) == pytest.approx(1), arm
        if arm not in ("noise", "none"):
            assert (found.argmax(axis=1) == TEST.targets(TEST.classes)).mean() > 0.8, arm
    alike = {(one, two) for one in scores for two in scores if one < two and np.array_equal(scores[one], scores[two])}
    expected = {("class_weights", base)} if base == "probe" else {("class_weights", "finetune")}
    assert alike <= expected | {("gan_half", "gan_half_filtered"), ("cmo", "gan_half")} | {
        (one, two) for one in FOLLOWING for two in FOLLOWING if one in SAME_IMAGES and two in SAME_IMAGES
    }


SAME_IMAGES = ("cmo", "gan_half", "gan_half_filtered", "copies_half", "noise", "smote", "gan_fill")  # MADE, all of them


@pytest.mark.usefixtures("small_backbone")
def test_fine_tuning_has_a_first_half_and_its_seed() -> None:
    fit = fit_of("gan_pretrain", "finetune")
    assert fit.first_half is not None
    assert len(fit.made.images) == 0
    np.testing.assert_allclose(fit.first_half.real[1], 0)
    assert len(fit.first_half.made.images) == 18
    first, again, other = (run_backbone_fit(fit_of("finetune", "finetune", seed=seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_of_many_made_images_the_first_of_each_class_carry_the_weight_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backbone_arms, "MADE_PER_CLASS", 3)
    images = np.arange(9, dtype=np.uint8)[:, None, None, None]
    weights = np.array([0.1, 0.1, 0.1, 0.1, 0.1, 0.2, 0.0, 0.1, 0.1])
    found = first_of_each_class(WeightedImages(images, np.array([0, 0, 0, 0, 0, 1, 1, 2, 2]), weights))
    assert found.images.flatten().tolist() == [0, 1, 2, 5, 6, 7, 8]
    np.testing.assert_allclose(found.sampling_weights, [0.5 / 3] * 3 + [0.2, 0.0, 0.1, 0.1])


@pytest.mark.usefixtures("small_backbone")
def test_strengths_are_found_once_for_a_training_set_and_a_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[object] = []
    monkeypatch.setattr(backbone_arms, "choose_strength", lambda choice: found.append(choice) or 0.01 * len(found))
    seen = see_images([TRAIN], [TEST.images], LOOK, Engine("serial"))
    other = TRAIN.take(np.arange(len(TRAIN)) > 0)
    asked = partial(strengths_of, seen=seen, engine=Engine("serial"))
    assert asked([TRAIN, other], seeds=[1, 1]) == [0.01, 0.02]
    assert asked([other, TRAIN], seeds=[1, 1]) == [0.02, 0.01]
    assert asked([TRAIN], seeds=[2]) == [0.03]
    assert len(found) == 3
    for file in backbone_arms.seen_images.STORE.glob("*.strength"):
        file.write_bytes(file.read_bytes().replace(b"0.03", b"0.04"))
    assert asked([TRAIN], seeds=[2]) == [0.04], "found again, since what was kept is damaged"
    assert asked([TRAIN, other], seeds=[1, 1]) == [0.01, 0.02]
    assert len(found) == 4


def test_every_arm_is_of_a_family_that_is_tested() -> None:
    assert {*FOLLOWING} <= {*ARMS}
