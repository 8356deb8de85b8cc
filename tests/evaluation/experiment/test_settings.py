"""What params.yaml leaves to the images."""

from typing import Any

import numpy as np
import pytest

from augment.core.errors import ParamsError
from augment.data.imageset import ImageSet
from augment.evaluation.experiment import settings as settings_file
from augment.evaluation.experiment.settings import ExperimentSettings, arms_for, experiment_settings, with_base
from augment.measure.backbone import lite0
from augment.params import Evaluate, check
from augment.params.arms import BACKBONE_ARMS, FINETUNE_ARM, PROBE_ARM, REQUIRED_ARMS, ROW_OF, UNMATCHED_ARM, arm_kinds


def images(height: int, width: int, channels: int = 1, classes: int = 2) -> ImageSet:
    names = np.array([f"{number:04d}" for number in range(classes)])
    return ImageSet(np.zeros((classes, channels, height, width), np.uint8), names, names, names)


def settings(values: dict[str, Any], train: ImageSet) -> ExperimentSettings:
    params = check(values)
    return experiment_settings(params, arms_for(params.evaluate, *train.images.shape[2:]), train)


@pytest.mark.parametrize(
    ("steps", "height", "width", "expected"),
    [("auto", 15, 40, 400), ("auto", 16, 40, 1200), ("auto", 16, 16, 1200), (7, 8, 8, 7), (7, 64, 64, 7)],
)
def test_classifiers_of_larger_images_take_more_steps(steps: int | str, height: int, width: int, expected: int) -> None:
    assert settings({"evaluate": {"steps": steps}}, images(height, width)).fit.steps == expected


@pytest.mark.parametrize(
    ("wanted", "train", "expected"),
    [
        ("auto", images(15, 40), 200),
        ("auto", images(16, 16), 2000),
        ("auto", images(28, 28, classes=16), 1250),  # 20,000 in all
        ("auto", images(32, 32, channels=3, classes=10), 651),  # 20 million values
        ("auto", images(64, 64, channels=3, classes=10), 200),
        ("auto", images(28, 28, classes=500), 200),
        (7, images(28, 28), 7),
    ],
)
def test_samples_wanted_of_each_class(wanted: int | str, train: ImageSet, expected: int) -> None:
    assert settings({"generate": {"per_class": wanted}}, train).wanted == expected


def arms(values: dict[str, Any], side: int) -> tuple[str, ...]:
    return arms_for(check({"evaluate": values}).evaluate, side, side)


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lite0, "is_installed", lambda: True)


@pytest.mark.usefixtures("installed")
def test_a_backbone_is_shown_images_from_16_px_up() -> None:
    assert {"probe", "finetune"} <= {*arms({}, 16)}
    assert {"probe", "finetune"}.isdisjoint(arms({}, 15))
    assert [arm for arm in arms({}, 16) if arm not in (*BACKBONE_ARMS, UNMATCHED_ARM)] == list(arms({}, 15))


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("values", [{"classifier": "probe"}, {"arms": [*REQUIRED_ARMS, "probe"]}])
def test_who_insists_on_a_backbone_for_tiny_images_is_told(values: dict[str, Any]) -> None:
    assert "probe" in arms(values, 16)
    with pytest.raises(ParamsError, match=r"probe needs images of 16 px and more, and these have 8x8; .*ingest\.size"):
        arms(values, 8)


@pytest.mark.parametrize("values", [{"classifier": "finetune"}, {"arms": [*REQUIRED_ARMS, "finetune"]}])
def test_who_insists_on_a_backbone_that_is_not_installed_is_told(
    values: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lite0, "is_installed", lambda: False)
    assert {*BACKBONE_ARMS}.isdisjoint(arms({}, 32)), "who does not insist goes on without"
    with pytest.raises(ParamsError, match=r"finetune: needs the package .*pip install"):
        arms(values, 32)


@pytest.mark.usefixtures("installed")
def test_a_fixed_family_has_its_own_arms_and_those_that_follow_it() -> None:
    following = {arm for arm in Evaluate().arm_names if ROW_OF[arm].family == "base"}
    assert {*arms({"classifier": "probe"}, 32)} == following | {"probe"}
    assert {*arms({"classifier": "finetune"}, 32)} == following | {"finetune"}
    scratch = {"classical", "randaugment", "mixup_cutmix", "distilled"}
    assert {*arms({"classifier": "scratch"}, 32)} == following | scratch | {"probe"}, "a probe as reference"
    kinds = arm_kinds(arms({"classifier": "scratch"}, 32), "scratch")
    assert [arm for arm, kind in kinds.items() if kind == "reference"] == ["probe"]


def test_logistic_regression_has_no_first_half_of_steps() -> None:
    found = settings({"evaluate": {"arms": [*REQUIRED_ARMS, "classical", "probe", "gan_pretrain"]}}, images(32, 32))
    assert "gan_pretrain" in with_base(found, "classical").arms
    assert "gan_pretrain" not in with_base(found, "probe").arms
    assert with_base(found, "probe").base == "probe"


@pytest.fixture
def whole(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A network of one's own that does not come apart."""
    monkeypatch.setattr(settings_file, "comes_apart", lambda chosen: False)
    return {"file": "whole.pt2"}


def test_a_network_that_does_not_come_apart_is_not_fine_tuned(whole: dict[str, str]) -> None:
    chosen = check({"evaluate": {"backbone": whole}}).evaluate
    assert {*chosen.arm_names} - {*arms_for(chosen, 32, 32)} == {FINETUNE_ARM}
    assert PROBE_ARM in arms_for(chosen, 32, 32)
    assert {FINETUNE_ARM, PROBE_ARM}.isdisjoint(arms_for(chosen, 32, 8)), "small images are no reason to ask"


@pytest.mark.parametrize(
    "asked", [{"classifier": FINETUNE_ARM}, {"arms": [*REQUIRED_ARMS, FINETUNE_ARM]}], ids=["classifier", "arms"]
)
def test_where_fine_tuning_is_asked_for_the_message_says_why_not(whole: dict[str, str], asked: dict[str, Any]) -> None:
    with pytest.raises(ParamsError, match=r"evaluate: finetune cannot train the network .*remove it, or use probe"):
        arms_for(check({"evaluate": {"backbone": whole, **asked}}).evaluate, 32, 32)
