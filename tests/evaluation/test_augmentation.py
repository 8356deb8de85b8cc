"""Which augmentation made images are added to."""

import numpy as np
import pytest

from augment.evaluation.augmentation import strongest
from augment.evaluation.primary import Figures
from augment.params import ARMS, AUGMENTATIONS

ROWS = {"classical": [0.5, 0.7], "randaugment": [0.9, 0.5], "mixup_cutmix": [0.6, 0.6], "oversample": [1.0, 1.0]}


def on_val(**means: list[float]) -> Figures:
    values = {arm: np.array(row) for arm, row in (ROWS | means).items()}
    return Figures("balanced accuracy", values, {}, one_pair=0.01, groups=9, images=9, small_classes=0)


def test_the_best_mean_on_val_and_no_other_arm() -> None:
    assert strongest(on_val(), ARMS) == "randaugment"
    assert strongest(on_val(mixup_cutmix=[0.8, 0.8]), ARMS) == "mixup_cutmix"


@pytest.mark.parametrize("way", AUGMENTATIONS)
def test_only_what_runs_is_asked(way: str) -> None:
    assert strongest(on_val(), ["none", way]) == way


def test_without_an_answer_the_first() -> None:
    assert strongest(None, ARMS) == "classical"
    assert strongest(on_val(), ["none", "gan_half"]) == "classical"
    assert strongest(on_val(randaugment=[0.6, 0.6]), ARMS) == "classical", "equal means keep the order"
