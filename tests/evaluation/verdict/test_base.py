"""Which arm those with made images build on."""

import numpy as np

from augment.evaluation.statistics.metric_table import MetricTable
from augment.evaluation.verdict.selection import strongest_base
from augment.params import Evaluate, check
from augment.params.arms import ARMS, BASE_ARMS, augmentation_of, family_of

ROWS = {"classical": [0.5, 0.7], "randaugment": [0.9, 0.5], "mixup_cutmix": [0.6, 0.6], "oversample": [1.0, 1.0]}


def on_val(**means: list[float]) -> MetricTable:
    values = {arm: np.array(row) for arm, row in (ROWS | means).items()}
    return MetricTable("balanced accuracy", values, {}, one_group_se=0.01, groups=9, images=9, small_classes=0)


def test_the_best_mean_on_val() -> None:
    tried = ["classical", "randaugment", "mixup_cutmix"]
    assert strongest_base(on_val(), tried) == "randaugment"
    assert strongest_base(on_val(mixup_cutmix=[0.8, 0.8]), tried) == "mixup_cutmix"
    assert strongest_base(on_val(probe=[0.9, 0.9]), [*tried, "probe"]) == "probe", "of whatever family"


def test_without_an_answer_the_first() -> None:
    assert strongest_base(None, ["randaugment", "probe"]) == "randaugment"
    assert strongest_base(on_val(randaugment=[0.6, 0.6]), ["classical", "randaugment"]) == "classical", "equal means"
    assert strongest_base(on_val(), []) is None


def test_what_may_be_chosen_is_among_the_arms_and_of_the_family_that_is_asked_for() -> None:
    assert Evaluate().base_arms(ARMS) == BASE_ARMS
    assert Evaluate().base_arms(["none", "oversample", "gan_half"]) == ()
    for classifier, expected in (
        ("scratch", ("classical", "randaugment", "mixup_cutmix", "trivialaugment")),
        ("probe", ("probe",)),
        ("finetune", ("finetune",)),
    ):
        assert check({"evaluate": {"classifier": classifier}}).evaluate.base_arms(ARMS) == expected
    fixed = check({"evaluate": {"augmentation": "randaugment"}}).evaluate
    assert fixed.base_arms(ARMS) == ("randaugment", "probe", "finetune"), "the augmentation is that of scratch alone"


def test_arms_with_made_images_follow_the_base_and_bases_nothing() -> None:
    """Else the gain of an augmentation or of a family would be told as theirs."""
    assert [family_of("gan_half", base) for base in BASE_ARMS] == [*["scratch"] * 4, "probe", "finetune"]
    assert augmentation_of("gan_half", "probe") == augmentation_of("probe", None) == "randaugment"
    assert augmentation_of("gan_half", None) is None
    assert family_of("gan_half", None) == "scratch"
    assert augmentation_of("classical", "probe") == "classical"
    assert family_of("classical", "probe") == "scratch"
    assert augmentation_of("oversample", "probe") is None
    assert family_of("oversample", "probe") == "probe", "images as they are, and the same classifier"
