"""The calibration finds in simulated scores what was put into them."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtri

from augment.evaluation.statistics.power_model import MEASURED_COMPONENTS
from benchmarks import shifts
from benchmarks.prior import Correct, shift
from benchmarks.simulated import Alike, Truth, noise

ARMS = ("classical", "randaugment", "mixup_cutmix")


def scored(size: float, repeats: int, each: int) -> tuple[Correct, np.ndarray]:
    true = Truth(ndtri(np.full(8, 0.8)), Alike({"scratch": replace(MEASURED_COMPONENTS, shift=size)}))
    targets = np.repeat(np.arange(8), each)
    drawn = noise(true, targets, np.arange(len(targets)), ARMS, repeats, np.random.default_rng(0), one_train=True)
    below = drawn.latent("classical")
    return {arm: own > 0 for arm, own in zip(ARMS, below, strict=True)}, targets


@pytest.mark.parametrize("size", [0.1, 0.2])
@pytest.mark.parametrize("repeats", [3, 10])
def test_the_shift_between_repeats_is_found(size: float, repeats: int) -> None:
    correct, targets = scored(size, repeats, 400)
    assert shift(correct, targets, ARMS) == pytest.approx(size, rel=0.3)


def test_it_is_read_from_what_evaluate_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    correct, targets = scored(0.15, 4, 50)
    folder = tmp_path / "reports/evaluation"
    folder.mkdir(parents=True)
    (folder / "verdict.json").write_text(json.dumps({"protocol": {"form": "subsets"}}))
    with (folder / "predictions.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["index", "label", "group", *(f"{arm}/{repeat}" for arm in ARMS for repeat in range(4))])
        for image, target in enumerate(targets):
            given = [target if correct[arm][repeat, image] else 9 for arm in ARMS for repeat in range(4)]
            writer.writerow([image, target, image, *given])
    shifts.main([str(tmp_path)])
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == f"| {tmp_path.name} | 4, subsets | 3 | {shift(correct, targets, ARMS):.3f} |"
