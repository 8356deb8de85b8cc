"""What params.yaml leaves to the images."""

import pytest

from augment.evaluation.settings import comparing
from augment.params import check


@pytest.mark.parametrize(
    ("steps", "height", "width", "expected"),
    [("auto", 15, 40, 400), ("auto", 16, 40, 1200), ("auto", 16, 16, 1200), (7, 8, 8, 7), (7, 64, 64, 7)],
)
def test_classifiers_of_larger_images_take_more_steps(steps: int | str, height: int, width: int, expected: int) -> None:
    assert comparing(check({"evaluate": {"steps": steps}}), height, width).fit.steps == expected
