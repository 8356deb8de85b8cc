"""The leakage checklist: every row passes on a clean run, and each can fail."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from augment.core.files import sha256
from augment.data.imageset import ImageSet
from augment.report.checks import PINNED_BASE, LeakCheck, checklist, same_backbone
from tests.evaluation.samples.test_leakage import drawn, drawn_set, join

SIDES = {side: drawn_set(4, seed, 16) for seed, side in enumerate(("train", "val", "test"))}
ROWS = ("image", "group", "duplicates", "names", "trained", "equals", "nearer", "verdict")
NEAR = {"searched": True, "two_sides": 0, "clusters": 3, "images": 7}
STEMS = {"pattern": None, "stems": 0, "images": 0, "two_sides": 0}


def digests(images: np.ndarray) -> list[str]:
    return [sha256(image.tobytes()) for image in images]


def audited(nearer: float, p: float) -> dict[str, str]:
    return {"seed": "0", "control": "val", "nearer": str(nearer), "p": str(p)}


def clean(sides: Mapping[str, ImageSet] = SIDES, side: int = 16) -> dict[str, Any]:
    train = sides["train"]
    models: dict[str, dict[str, Any]] = {
        label: {"images_sha256": train.of_class(label).fingerprint()} for label in train.classes
    }
    return {
        "sides": sides,
        "synthetic": [digest for label in "ab" for digest in digests(drawn(5, 9, label, side))],
        "certain": {digest for name in ("val", "test") for digest in sides[name].digests()} if side >= 16 else set(),
        "groups": {"near_duplicates": NEAR, "stems": STEMS},
        "models": models | {"shared GAN": {"images_sha256": train.fingerprint()}},
        "audit": [audited(0.52, 0.3), audited(0.55, 0.02)],
        "judged_test": sides["test"].fingerprint(),
    }


def outcomes(evidence: dict[str, Any]) -> dict[str, LeakCheck]:
    found = checklist(**evidence)
    assert all(check.source and check.finding for check in found)
    return dict(zip(ROWS, found, strict=True))


def failed(evidence: dict[str, Any]) -> list[str]:
    return [name for name, check in outcomes(evidence).items() if check.status != "pass"]


def test_a_clean_run_passes_every_check() -> None:
    found = outcomes(clean())
    assert {check.status for check in found.values()} == {"pass"}
    assert found["image"].finding == "0 of 24 images, compared pixel for pixel"
    assert found["group"].finding == "0 of 24 groups"
    assert found["duplicates"].finding == "0 pairs; 3 clusters with 7 images were kept together"
    assert found["trained"].finding == "3 generators carry the fingerprint of these images"
    assert found["equals"].finding == "0 of 10 synthetic images"
    assert "55.0 % of comparisons with val at worst, p = 0.02" in found["nearer"].finding


def test_an_image_on_two_sides_fails() -> None:
    copied = join(SIDES["val"], replace(SIDES["test"].take([1]), groups=np.array(["own"])))
    evidence = clean({**SIDES, "val": copied})
    assert failed(evidence) == ["image"]
    assert outcomes(evidence)["image"].finding == "1 of 25 images, compared pixel for pixel"


def test_a_group_on_two_sides_fails() -> None:
    groups = SIDES["val"].groups.copy()
    groups[0] = SIDES["train"].groups[2]
    assert failed(clean({**SIDES, "val": replace(SIDES["val"], groups=groups)})) == ["group"]


def test_near_duplicates_torn_apart_fail_and_unsearched_ones_count_for_nothing() -> None:
    torn = dict(clean(), groups={"near_duplicates": NEAR | {"two_sides": 2}, "stems": STEMS})
    assert (failed(torn), outcomes(torn)["duplicates"].status) == (["duplicates"], "fail")
    unsearched = dict(clean(), groups={"near_duplicates": NEAR | {"searched": False}, "stems": STEMS})
    assert (failed(unsearched), outcomes(unsearched)["duplicates"].status) == (["duplicates"], "not checked")


def test_sisters_by_name_on_two_sides_fail_whatever_pixels_say() -> None:
    told = dict(clean(), groups={"near_duplicates": NEAR, "stems": STEMS | {"stems": 4, "images": 9, "two_sides": 3}})
    assert failed(told) == ["names"]
    assert outcomes(told)["names"].finding.startswith("3 test images have a sister elsewhere, of 9 that share a stem;")


@pytest.mark.parametrize("name", ["a", "shared GAN"])
def test_generators_trained_on_other_images_fail(name: str) -> None:
    test = SIDES["test"].of_class("a") if name == "a" else join(SIDES["train"], SIDES["test"])
    evidence = dict(clean(), models={**clean()["models"], name: {"images_sha256": test.fingerprint()}})
    assert failed(evidence) == ["trained"]
    assert outcomes(evidence)["trained"].finding == f"trained on other images: {name}"
    silent = dict(clean(), models={**clean()["models"], name: {}})
    assert outcomes(silent)["trained"].status == "not checked"
    assert name in outcomes(silent)["trained"].finding
    assert outcomes(dict(clean(), models={}))["trained"].status == "not checked"


def test_whether_a_start_of_other_images_saw_test_images_cannot_be_told() -> None:
    """Beside a new class it is of other images by right; what it saw of these its fingerprint does not tell."""
    other = dict(clean(), models={**clean()["models"], PINNED_BASE: {"images_sha256": SIDES["test"].fingerprint()}})
    assert (failed(other), outcomes(other)["trained"].status) == (["trained"], "not checked")
    same = dict(clean(), models={**clean()["models"], PINNED_BASE: {"images_sha256": SIDES["train"].fingerprint()}})
    assert failed(same) == []


@pytest.mark.parametrize("side", ["val", "test"])
def test_a_synthetic_image_that_equals_a_held_out_one_fails(side: str) -> None:
    made = digests(np.concatenate([drawn(5, 9, "a", 16), SIDES[side].images[:2]]))
    evidence = dict(clean(), synthetic=made)
    assert failed(evidence) == ["equals"]
    assert outcomes(evidence)["equals"].finding == "2 of 7 synthetic images"


def test_small_images_meet_by_chance() -> None:
    small = {name: drawn_set(4, seed, 8) for seed, name in enumerate(SIDES)}
    assert outcomes(clean(small, 8))["equals"].status == "pass"
    evidence = dict(clean(small, 8), synthetic=digests(small["test"].images[:1]))
    assert outcomes(evidence)["equals"].status == "not checked"
    assert outcomes(dict(clean(), synthetic=[]))["equals"].status == "not checked"


def test_the_audits_own_bounds_decide() -> None:
    assert failed(dict(clean(), audit=[audited(0.9, 0.3), audited(0.7, 0.0001)])) == ["nearer"]
    assert failed(dict(clean(), audit=[audited(0.55, 0.0001)])) == []
    unmeasured = outcomes(dict(clean(), audit=[{"seed": "0", "control": "val", "nearer": "", "p": ""}]))["nearer"]
    assert unmeasured.status == "not checked"


def test_another_test_set_than_the_verdicts_fails() -> None:
    assert failed(dict(clean(), judged_test="0" * 64)) == ["verdict"]


def test_another_network_than_the_verdicts_fails(tmp_path: Path) -> None:
    (tmp_path / "own.pt2").write_bytes(b"one")
    recorded = {"own.pt2": sha256(b"one")}
    [check] = same_backbone(recorded, tmp_path)
    assert (check.status, check.finding) == ("pass", "own.pt2")
    (tmp_path / "own.pt2").write_bytes(b"two")
    [check] = same_backbone(recorded, tmp_path)
    assert (check.status, check.finding) == ("fail", "changed since: own.pt2; `dvc repro -f experiment`")
    assert same_backbone({}, tmp_path) == []
