"""Which augmentation made images are added to."""

import numpy as np
import pytest

from augment.evaluation.arms.draws import augmentation_of
from augment.evaluation.statistics.metric_table import MetricTable
from augment.evaluation.verdict.selection import strongest_augmentation
from augment.params.arms import ARMS, AUGMENTATIONS

ROWS = {"classical": [0.5, 0.7], "randaugment": [0.9, 0.5], "mixup_cutmix": [0.6, 0.6], "oversample": [1.0, 1.0]}


def on_val(**means: list[float]) -> MetricTable:
    values = {arm: np.array(row) for arm, row in (ROWS | means).items()}
    return MetricTable("balanced accuracy", values, {}, one_group_se=0.01, groups=9, images=9, small_classes=0)


def test_the_best_mean_on_val_and_no_other_arm() -> None:
    assert strongest_augmentation(on_val(), ARMS) == "randaugment"
    assert strongest_augmentation(on_val(mixup_cutmix=[0.8, 0.8]), ARMS) == "mixup_cutmix"


@pytest.mark.parametrize("way", AUGMENTATIONS)
def test_only_what_runs_is_asked(way: str) -> None:
    assert strongest_augmentation(on_val(), ["none", way]) == way


def test_what_no_rival_has_the_made_images_have_not_either() -> None:
    """Else the gain of an augmentation would be told as theirs."""
    assert strongest_augmentation(on_val(), ["none", "oversample", "gan_half"]) == "none"
    assert strongest_augmentation(None, ["none", "gan_half"]) == "none"
    assert augmentation_of("gan_half", "none") is None
    assert augmentation_of("classical", "none") == "classical"


def test_without_an_answer_the_first() -> None:
    assert strongest_augmentation(None, ARMS) == "classical"
    assert strongest_augmentation(None, ["none", "randaugment"]) == "randaugment", "only what runs as a rival too"
    assert strongest_augmentation(on_val(randaugment=[0.6, 0.6]), ARMS) == "classical", "equal means keep the order"
