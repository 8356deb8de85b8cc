"""What params.yaml leaves to the images."""

import numpy as np
import pytest

from augment.data.imageset import ImageSet
from augment.evaluation.experiment.preflight import experiment_settings
from augment.params import check


def images(height: int, width: int, channels: int = 1, classes: int = 2) -> ImageSet:
    names = np.array([f"{number:04d}" for number in range(classes)])
    return ImageSet(np.zeros((classes, channels, height, width), np.uint8), names, names, names)


@pytest.mark.parametrize(
    ("steps", "height", "width", "expected"),
    [("auto", 15, 40, 400), ("auto", 16, 40, 1200), ("auto", 16, 16, 1200), (7, 8, 8, 7), (7, 64, 64, 7)],
)
def test_classifiers_of_larger_images_take_more_steps(steps: int | str, height: int, width: int, expected: int) -> None:
    assert experiment_settings(check({"evaluate": {"steps": steps}}), images(height, width)).fit.steps == expected


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
    assert experiment_settings(check({"generate": {"per_class": wanted}}), train).wanted == expected
