"""What a backbone is shown in the place of working-size pictures, and what made images become at that size."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from augment.core.engine import Engine
from augment.evaluation.arms.backbone_arms import backbone_fit, run_backbone_fit
from augment.evaluation.arms.baselines import baseline_images, pasted_images
from augment.evaluation.arms.draws import Samples, edits_alone
from augment.evaluation.arms.enlarged import MadeFrom, enlarged
from augment.evaluation.arms.judged import judged_images
from augment.evaluation.arms.seen import Look, see_images, see_made
from augment.measure.sampling import WeightedImages
from augment.synthesis.edits import edited
from augment.synthesis.native import upscaled
from tests.evaluation.arms.backbones import small_backbone  # noqa: F401  (a fixture)
from tests.toy import bars, toy_set

TRAIN, TEST = toy_set({"a": 8, "b": 5, "c": 3}, side=16), toy_set({"a": 5, "b": 4, "c": 4}, seed=1, side=16)
LARGER = np.random.default_rng(0).integers(0, 256, (len(TRAIN) + len(TEST), 1, 32, 32), dtype=np.uint8)
JUDGED = judged_images([TRAIN, TEST], LARGER)
LOOK, SERIAL = Look("lite0", "none", 0, JUDGED), Engine("serial")
MADE = {label: bars(position, 6, seed=2, side=16) for position, label in enumerate("abc")}
ORIGINS = {label: np.array([0, -1, 1, 2, 0, -1]) for label in "abc"}


def weighted(labels: str) -> WeightedImages:
    """The made images of these classes, in this order."""
    targets = np.repeat([ord(label) - ord("a") for label in labels], 6)
    return WeightedImages(np.concatenate([MADE[label] for label in labels]), targets, np.full(len(targets), 1.0))


def made_from(source: Any) -> MadeFrom:
    return MadeFrom(source, TRAIN, JUDGED, ORIGINS, "none", 3)


def test_images_are_found_by_their_working_size_pictures() -> None:
    assert np.array_equal(JUDGED.of(TEST.images[[3, 0]]), LARGER[[len(TRAIN) + 3, len(TRAIN)]])
    same = JUDGED.set_of(TRAIN.take([5, 1]))
    assert np.array_equal(same.images, LARGER[[5, 1]])
    assert same.labels.tolist() == TRAIN.labels[[5, 1]].tolist()
    assert JUDGED.size == (32, 32)


@pytest.mark.usefixtures("small_backbone")
def test_a_backbone_sees_the_larger_images_and_views_of_them() -> None:
    seen, small = (
        see_images([TRAIN], [TEST.images], LOOK, SERIAL),
        see_images([TRAIN], [TEST.images], replace(LOOK, judged=None), SERIAL),
    )
    assert seen.key != small.key, "the work store keeps both apart"
    as_they_are = see_made(LARGER[len(TRAIN) :], LOOK, 0, augmented=False)[0]
    np.testing.assert_allclose(seen.features.array[seen.plain(TEST.images)], as_they_are, rtol=1e-3, atol=1e-3)
    assert not np.allclose(small.features.array[small.plain(TEST.images)], as_they_are, atol=1e-3)
    rows, owners = seen.views(TRAIN.images)
    assert rows.shape == small.views(TRAIN.images)[0].shape
    assert np.array_equal(owners, small.views(TRAIN.images)[1])


def test_samples_that_vary_an_image_become_edits_of_its_original_and_others_are_enlarged() -> None:
    parts = list(enlarged(weighted("ca"), made_from("filtered")))
    assert [part.shape for part in parts] == [(6, 1, 32, 32)] * 2
    of_class = TRAIN.of_class("c")
    originals = JUDGED.of(of_class.images)
    assert np.array_equal(parts[0][0], edited(originals[:1], of_class.images[:1], MADE["c"][:1])[0])
    assert np.array_equal(parts[0][3], edited(originals[2:3], of_class.images[2:3], MADE["c"][3:4])[0])
    assert np.array_equal(parts[0][[1, 5]], upscaled(MADE["c"][[1, 5]], (32, 32)))


@pytest.mark.parametrize("source", ["copies", "smote", "mixes", "noise"])
def test_other_made_images_are_made_of_the_larger_ones_as_the_small_are_of_the_small(source: Any) -> None:
    wanted = baseline_images((source,), JUDGED.set_of(TRAIN), {}, 6, "none", 3)[source]
    (found,) = enlarged(weighted("b"), made_from(source))
    assert np.array_equal(found, wanted["b"])


def test_pasted_images_are_pasted_from_the_larger_ones() -> None:
    (found,) = enlarged(weighted("c"), made_from("pasted"))
    assert np.array_equal(found, pasted_images(JUDGED.set_of(TRAIN), 6, 3)["c"])


def test_samples_under_wrong_labels_are_enlarged() -> None:
    (found,) = enlarged(weighted("b"), made_from("shuffled"))
    assert np.array_equal(found, upscaled(MADE["b"], (32, 32)))


@pytest.mark.usefixtures("small_backbone")
@pytest.mark.parametrize("base", ["probe", "finetune"])
def test_a_classifier_learns_from_the_larger_made_images(base: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Working-size pictures of the made images never reach the backbone."""
    seen = see_images([TRAIN], [TEST.images], LOOK, SERIAL)
    samples = Samples({"filtered": MADE}, origins={"filtered": ORIGINS})
    fit = backbone_fit("gan_half_filtered", base, TRAIN, samples, seen.plain(TEST.images), seen, LOOK, 0.1, 3)
    shown: list[tuple[int, ...]] = []

    def noted(images: Any, *arguments: Any, **named: Any) -> Any:
        shown.append(images.shape)
        return see_made(images, *arguments, **named)

    monkeypatch.setattr("augment.evaluation.arms.backbone_arms.see_made", noted)
    scores = run_backbone_fit(fit)
    assert shown == [(8, 1, 32, 32), (4, 1, 32, 32), (4, 1, 32, 32)], "a class at a time, of samples edits alone"
    np.testing.assert_allclose(scores.sum(axis=1), 1, rtol=1e-5)
    working = replace(LOOK, judged=None)
    alone = see_images([TRAIN], [TEST.images], working, SERIAL)
    small = backbone_fit("gan_half_filtered", base, TRAIN, samples, alone.plain(TEST.images), alone, working, 0.1, 3)
    assert small.made_from is None


def test_samples_that_vary_nothing_are_left_where_a_class_has_others() -> None:
    origins = {"a": ORIGINS["a"], "b": np.full(6, -1)}
    kept = edits_alone(Samples({"filtered": MADE, "copies": MADE}, origins={"filtered": origins}))
    assert np.array_equal(kept.made["filtered"]["a"], MADE["a"][[0, 2, 3, 4]])
    assert kept.origins["filtered"]["a"].tolist() == [0, 1, 2, 0]
    assert np.array_equal(kept.made["filtered"]["b"], MADE["b"]), "a class whose samples are all its generator's"
    assert kept.made["copies"] is MADE


@pytest.mark.usefixtures("small_backbone")
def test_a_matched_arm_treats_images_of_classes_without_samples_as_samples_are() -> None:
    """Half of what every class draws is made, and what is not of a minority class is its own image, changed."""
    seen = see_images([TRAIN], [TEST.images], LOOK, SERIAL)
    samples = Samples({"filtered": MADE}, origins={"filtered": dict.fromkeys("abc", np.array([0, 1, 2, 0, 1, 2]))})
    fits = {
        arm: backbone_fit(arm, "probe", TRAIN, samples, seen.plain(TEST.images), seen, LOOK, 0.1, 3)
        for arm in ("gan_half_filtered", "gan_half_unmatched")
    }
    matched, unmatched = fits.values()
    assert sorted({*unmatched.made.targets.tolist()}) == [1, 2]
    assert sorted({*matched.made.targets.tolist()}) == [0, 1, 2]
    for fit, classes in ((matched, (0, 1, 2)), (unmatched, (1, 2))):
        made = np.bincount(fit.made.targets, fit.made.sampling_weights, 3)
        real = np.bincount(fit.real[0], fit.real[1], 3)
        np.testing.assert_allclose(made + real, 1 / 3)
        assert all(made[target] == pytest.approx(1 / 6) for target in classes)
    assert matched.made_from is not None
    parts = list(enlarged(matched.made, matched.made_from))
    own = TRAIN.of_class("a").images
    originals = JUDGED.of(own)
    assert parts[0].shape == originals.shape
    assert not np.array_equal(parts[0], originals), "the same change as a sample of another class shows"
    unchanged = {label: TRAIN.of_class(label).images[[0, 1, 2, 0, 1, 2]] for label in "abc"}
    still = Samples({"filtered": unchanged}, origins=samples.origins)
    fit = backbone_fit("gan_half_filtered", "probe", TRAIN, still, seen.plain(TEST.images), seen, LOOK, 0.1, 3)
    assert fit.made_from is not None
    assert np.array_equal(next(iter(enlarged(fit.made, fit.made_from))), originals), (
        "samples that show no change leave the others as they are"
    )
