"""Samples whose defects are carried: whose they are, where it applies, and that a seed decides everything."""

import numpy as np
import pytest
import torch

from augment.data.imageset import ImageSet
from augment.data.sources.built_in import surfaces
from augment.synthesis.transplant.settings import TransplantSettings, lender_of
from augment.synthesis.transplant.transplant import NO_LENDER, Transplant, changes_at, mirrors_of, transplants

TRANSLATED = TransplantSettings("translated")


def small_set(**counts: int) -> ImageSet:
    """So many plates of each class."""
    images, labels = surfaces()
    at = np.concatenate([np.flatnonzero(np.array(labels) == label)[:count] for label, count in counts.items()])
    names = np.array([str(number) for number in range(len(at))])
    return ImageSet(images[at], np.array(labels)[at], names, names)


TRAIN = small_set(good=90, pit=8, chip=8)


@pytest.fixture(scope="module")
def found() -> dict[str, Transplant]:
    return transplants(TRAIN, None, TRANSLATED, 0)[0]


@pytest.mark.parametrize(
    ("counts", "normal", "lender"),
    [
        ({"good": 120, "pit": 40}, None, "good"),
        ({"good": 119, "pit": 40}, None, None),
        ({"good": 39, "pit": 5}, None, None),
        ({"good": 60, "pit": 50}, "good", "good"),
        ({"good": 39, "pit": 5}, "good", None),
        ({"good": 500}, None, None),
        ({"a": 100, "b": 100, "c": 5}, None, None),
    ],
)
def test_who_lends_is_far_richer_than_all_others_or_is_named(
    counts: dict[str, int], normal: str | None, lender: str | None
) -> None:
    assert lender_of(counts, normal) == lender


def test_a_class_is_tried_only_where_it_is_asked_for() -> None:
    counts = TRAIN.counts()
    assert TransplantSettings().tried(counts) == []
    assert TRANSLATED.tried(counts) == ["chip", "pit"]
    assert TransplantSettings({"pit": "translated", "chip": "own"}).tried(counts) == ["pit"]


def test_nothing_is_tried_below_16_px_or_without_a_lender() -> None:
    tiny = ImageSet(TRAIN.images[..., ::4, ::4], TRAIN.labels, TRAIN.groups, TRAIN.sources)
    assert not TRANSLATED.may_apply(tiny)
    made, findings = transplants(tiny, None, TRANSLATED, 0)
    assert (made, {one.reason for one in findings}) == ({}, {"images are smaller than 16 px"})
    made, findings = transplants(small_set(good=60, pit=30), None, TRANSLATED, 0)
    assert (made, {one.reason for one in findings}) == ({}, {NO_LENDER})
    assert transplants(small_set(good=60, pit=30), None, TransplantSettings(), 0) == ({}, [])


def test_a_class_that_is_passed_over_beside_others_has_its_reason_too() -> None:
    settings = TransplantSettings("translated", normal="good")
    _, findings = transplants(small_set(good=60, pit=8, chip=30), None, settings, 0)
    reasons = {one.label: one.reason for one in findings}
    assert set(reasons) == {"chip", "pit"}
    assert reasons["chip"] == "its images are more than 1 in 3 of the lender's"
    _, (alone,) = transplants(small_set(good=60, pit=30), None, settings, 0)
    assert alone.reason == "its images are more than 1 in 3 of the lender's"


def test_defects_of_plates_are_found_and_carried(found: dict[str, Transplant]) -> None:
    assert found.keys() == {"chip", "pit"}
    pit = found["pit"]
    drawn, made = pit.draws(12, seed=1), pit.sample(12, seed=1).numpy().astype(int)
    good = TRAIN.images[drawn.lender].astype(int)
    assert set(TRAIN.labels[drawn.lender].tolist()) == {"good"}
    changed = made != good
    assert 0 < changed.mean() < 0.15
    assert (made - good)[changed].mean() < 0, "pits are dark"


def test_image_i_depends_on_the_seed_and_i_alone(found: dict[str, Transplant]) -> None:
    one = found["chip"]
    assert torch.equal(one.sample(6, seed=3)[2:], one.sample(4, seed=3, start=2))
    assert not torch.equal(one.sample(4, seed=3), one.sample(4, seed=4))
    again = transplants(TRAIN, None, TRANSLATED, 0)[0]["chip"]
    assert torch.equal(again.sample(4, seed=3), one.sample(4, seed=3))
    assert one.sources(6, seed=3).tolist() == one.draws(6, seed=3).source.tolist()
    assert one.shape == (1, 32, 32)


def test_at_another_size_the_same_defects_go_to_the_same_places(found: dict[str, Transplant]) -> None:
    larger = ImageSet(TRAIN.images.repeat(2, axis=2).repeat(2, axis=3), TRAIN.labels, TRAIN.groups, TRAIN.sources)
    judged = transplants(TRAIN, larger, TRANSLATED, 0)[0]["pit"]
    drawn = judged.draws(8, seed=0)
    native = judged.translated(drawn).onto(larger.images[drawn.lender])
    assert native.shape == (8, 1, 64, 64)
    assert torch.equal(changes_at(found["pit"], larger), judged.judged_changes)
    dark = (native.astype(int) - larger.images[drawn.lender]).reshape(8, 32, 2, 32, 2).mean(axis=(2, 4))
    small = judged.sample(8, seed=0).numpy().astype(int) - TRAIN.images[drawn.lender]
    alike = [np.corrcoef(one.ravel(), other.ravel())[0, 1] for one, other in zip(dark, small, strict=True)]
    assert np.median(alike) > 0.8


def test_where_the_larger_image_shows_no_defect_the_small_ones_change_is_enlarged(found: dict[str, Transplant]) -> None:
    """The originals of the defective images are good ones: nothing is found there, and something is carried all the
    same."""
    images = TRAIN.images.copy()
    images[TRAIN.labels == "pit"] = images[TRAIN.labels == "good"][: (TRAIN.labels == "pit").sum()]
    larger = ImageSet(images.repeat(2, axis=2).repeat(2, axis=3), TRAIN.labels, TRAIN.groups, TRAIN.sources)
    enlarged = torch.nn.functional.interpolate(found["pit"].changes, (64, 64), mode="bilinear", align_corners=False)
    carried = changes_at(found["pit"], larger)
    assert (carried.abs().sum(dim=(1, 2, 3)) > 0).all()
    assert any(torch.equal(one, other) for one, other in zip(carried, enlarged, strict=True))


def test_a_class_of_good_images_under_another_name_is_refused_with_a_reason() -> None:
    """A good class that hides no defect: at most a quarter of such images leave more than others do."""
    train = small_set(good=100)
    labels = np.where(np.arange(100) < 10, "doubt", "good")
    made, findings = transplants(ImageSet(train.images, labels, train.groups, train.sources), None, TRANSLATED, 0)
    assert made == {}
    (one,) = findings
    assert (one.label, one.lender, one.images) == ("doubt", "good", 10)
    assert "a compact defect was found in" in one.reason
    assert one.reason.endswith("of 10 images at 32x32 px")


def test_one_image_of_a_class_is_too_few() -> None:
    made, (one,) = transplants(small_set(good=60, pit=1), None, TRANSLATED, 0)
    assert made == {}
    assert one.reason.endswith("of 1 images at 32x32 px")


def test_images_without_twins_are_refused_with_a_reason() -> None:
    rng = np.random.default_rng(0)
    fields = torch.nn.functional.interpolate(
        torch.from_numpy(rng.random((70, 1, 5, 5))).float(), (32, 32), mode="bicubic"
    )
    names = np.array([str(number) for number in range(70)])
    labels = np.where(np.arange(70) < 60, "good", "odd")
    train = ImageSet((fields.clamp(0, 1) * 255).to(torch.uint8).numpy(), labels, names, names)
    made, (one,) = transplants(train, None, TRANSLATED, 0)
    assert (made, one.way) == ({}, "")
    assert "good images have no twins" in one.reason


@pytest.mark.parametrize(("flips", "count"), [("none", 1), ("horizontal", 2), ("vertical", 2), ("both", 4)])
def test_mirrors_are_those_that_the_set_allows(flips: str, count: int) -> None:
    found = mirrors_of(flips)
    assert len(set(found)) == count
    assert (((-1, 1) in found), ((1, -1) in found)) == (flips in ("horizontal", "both"), flips in ("vertical", "both"))
