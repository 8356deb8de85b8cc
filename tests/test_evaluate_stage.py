"""The stage without DVC and without GANs: what it tells before, and what it leaves behind."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from augment.data.imageset import ImageSet
from augment.errors import DataError, ParamsError
from augment.evaluation import tables
from augment.evaluation.membership import COLUMNS as MEMBERSHIP
from augment.evaluation.quality import COLUMNS as QUALITY
from augment.evaluation.reliability import COLUMNS as RELIABILITY
from augment.files import read_csv
from augment.gan.bundle import GeneratorSet
from augment.ledger import LEDGER
from augment.params import Params, check
from pipeline import evaluate as stage
from tests.toy import Fixed, bars, toy_set

COUNTS = {"crack": 5, "fine": 9, "hole": 6}
CHOSEN = {
    "evaluate": {"seeds": 2, "steps": 3, "batch_size": 8, "resamples": 200},
    "generate": {"per_class": 4, "oversample": 2, "folds": 2, "filter_steps": 2},
    "compute": {"engine": "serial"},
}
FAR = {"primary": "recall_at_far", "normal": "fine", "false_alarm_rate": 0.1}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Prepared splits in the working folder, and generators that give noisy bars."""
    monkeypatch.chdir(tmp_path)
    sides = {
        "train": toy_set(COUNTS),
        "val": toy_set(COUNTS, seed=1),
        "test": toy_set(dict.fromkeys(COUNTS, 12), seed=2),
    }
    for name, side in sides.items():
        replace(side, groups=np.char.add(f"{name} ", side.groups)).save(tmp_path / "data/prepared" / name)
    made = GeneratorSet({label: Fixed(label, bars(index, 8, seed=3)) for index, label in enumerate(sorted(COUNTS))})
    monkeypatch.setattr(stage, "load_generators", lambda folder: made)
    monkeypatch.setattr(stage, "further_generators", lambda train, params, seeds, place: [made] * len(seeds))
    return tmp_path


def params(**evaluate: object) -> Params:
    return check({**CHOSEN, "evaluate": {**CHOSEN["evaluate"], **evaluate}})


def verdict() -> dict[str, object]:
    found: dict[str, object] = json.loads(Path("reports/evaluation/verdict.json").read_text())
    return found


@pytest.mark.usefixtures("project")
def test_cost_and_smallest_gain_come_first_and_everything_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    stage.evaluate(params())
    lines = capsys.readouterr().err.splitlines()
    assert lines[1].startswith("evaluate: with 12 independent test images in a class and 2 paired seeds this set")
    assert lines[2].startswith("evaluate: 16 classifiers of 3 steps")
    assert any("only configuration that has looked" in line for line in lines)
    found = verdict()
    assert set(found["smallest_gain"]) == {"announced", "measured"}
    assert found["objections"]["repeats"] == 2
    assert set(found["as_delivered"]) == {"gross", "net"}
    columns = {"quality": QUALITY, "membership": MEMBERSHIP, "reliability": RELIABILITY, "copies": tables.COPIES}
    columns |= {"runs": tables.RUNS, "arms": tables.ARMS, "comparisons": tables.COMPARISONS, "classes": tables.CLASSES}
    for name, expected in columns.items():
        assert tuple(read_csv(Path(f"reports/evaluation/{name}.csv"))[0]) == expected, name
    told = [line for line in found["explanation"] if line["source"].startswith("membership.csv")]
    assert len(told) == 2
    assert all("anonymous" in line["text"] for line in told)
    bins = read_csv(Path("reports/evaluation/reliability.csv"))
    assert {row["arm"] for row in bins} == set(params().evaluate.arm_names)
    assert sum(int(row["answers"]) for row in bins if row["arm"] == "none") == 2 * 36
    arms = {row["arm"]: row for row in read_csv(Path("reports/evaluation/arms.csv"))}
    assert list(arms) == list(params().evaluate.arm_names)
    assert all(0 <= float(row["auroc"]) <= 1 and float(row["brier"]) > 0 for row in arms.values())
    for row in arms.values():
        assert float(row["mean"]) == pytest.approx(float(row["balanced_accuracy"]))


@pytest.mark.usefixtures("project")
def test_privacy_is_measured_and_a_replaying_generator_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def privacy() -> dict[str, float | None]:
        stage.evaluate(params())
        found: dict[str, float | None] = json.loads(Path("reports/metrics.json").read_text())["privacy"]
        row = read_csv(Path("reports/evaluation/membership.csv"))[0]
        assert (row["space"], row["figure"], float(row["value"])) == ("pixels", "auc", found["membership_auc"])
        return found

    honest = privacy()["membership_auc"]
    assert honest is not None
    assert 0.2 < honest < 0.8
    train = ImageSet.load("data/prepared/train")
    made = GeneratorSet({label: Fixed(label, train.of_class(label).images) for label in train.classes})
    monkeypatch.setattr(stage, "load_generators", lambda folder: made)
    monkeypatch.setattr(stage, "further_generators", lambda train, params, seeds, place: [made] * len(seeds))
    assert privacy() == {"membership_auc": pytest.approx(0.95, abs=0.05), "copy_rate": 1.0}


@pytest.mark.usefixtures("project")
def test_the_other_figure_decides_where_it_is_asked_to() -> None:
    stage.evaluate(params(**FAR))
    assert "points of recall at 10 % false alarms" in str(verdict()["sentence"])
    runs = [row for row in read_csv(Path("reports/evaluation/runs.csv")) if row["split"] == "test"]
    test = ImageSet.load("data/prepared/test")
    assert {float(row["primary"]) * 12 % 0.5 for row in runs} == {0.0}, "24 images of the two other classes"
    assert len(test) == 36
    metrics = json.loads(Path("reports/metrics.json").read_text())
    assert metrics["primary"] == "recall_at_far"
    means = {arm: [float(row["primary"]) for row in runs if row["arm"] == arm] for arm in metrics["arms"]}
    for arm, found in metrics["arms"].items():
        assert found["mean"] == pytest.approx(np.mean(means[arm]))


@pytest.mark.usefixtures("project")
def test_a_configuration_counts_once_and_another_one_more() -> None:
    for chosen in (params(), params(), params(learning_rate=0.004)):
        stage.evaluate(chosen)
    entries = [line.split(",") for line in LEDGER.read_text().splitlines()]
    assert len(entries) == 2
    assert len({test for test, _ in entries}) == 1
    assert entries[1] == [verdict()["looked"]["test"], verdict()["looked"]["configuration"]]


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("changed", "error", "words"),
    [
        ({"normal": "fin"}, ParamsError, "evaluate.normal: no class 'fin'; there are crack, fine, hole"),
        (
            {"false_alarm_rate": 0.05},
            DataError,
            "at least 19 independent test images of the normal class",
        ),
    ],
)
def test_what_cannot_be_measured_stops_before_anything_is_trained(
    monkeypatch: pytest.MonkeyPatch, changed: dict[str, object], error: type[Exception], words: str
) -> None:
    monkeypatch.setattr(stage, "measured_cost", lambda *arguments: pytest.fail("too late"))
    with pytest.raises(error, match=words):
        stage.evaluate(params(**{**FAR, **changed}))


def test_the_normal_class_and_the_figure_go_together() -> None:
    with pytest.raises(ParamsError, match=r"needs evaluate\.normal"):
        params(primary="recall_at_far")
    with pytest.raises(ParamsError, match="for primary recall_at_far only"):
        params(normal="fine")
    assert params(primary="recall_at_far", normal=0).evaluate.normal == "0", "labels that look like numbers are labels"
