"""The stage without DVC and without GANs: what it tells before, and what it leaves behind."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from augment.data.imageset import ImageSet
from augment.errors import DataError, ParamsError
from augment.evaluation import compare, tables
from augment.evaluation.arms import ArmRun, ArmScores
from augment.evaluation.membership import COLUMNS as MEMBERSHIP
from augment.evaluation.quality import COLUMNS as QUALITY
from augment.evaluation.reliability import COLUMNS as RELIABILITY
from augment.evaluation.statistics import corrected_t
from augment.files import read_csv
from augment.gan.bundle import GeneratorSet
from augment.ledger import LEDGER
from augment.measure import pretrained
from augment.params import Params, check
from pipeline import evaluate as stage
from tests.toy import Fixed, bars, toy_set

COUNTS = {"crack": 5, "fine": 9, "hole": 6}
CHOSEN = {
    "evaluate": {"gate": "val", "seeds": 2, "steps": 3, "batch_size": 8, "resamples": 200},
    "generate": {"per_class": 4, "oversample": 2, "folds": 2, "filter_steps": 2},
    "compute": {"engine": "serial"},
}
FAR = {"primary": "recall_at_far", "normal": "fine", "false_alarm_rate": 0.1}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Prepared splits in the working folder, and generators that give noisy bars."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data/external").mkdir(parents=True)
    sides = {
        "train": toy_set(COUNTS),
        "val": toy_set(COUNTS, seed=1),
        "test": toy_set(dict.fromkeys(COUNTS, 12), seed=2),
    }
    for name, side in sides.items():
        replace(side, groups=np.char.add(f"{name} ", side.groups)).save(tmp_path / "data/prepared" / name)
    made = GeneratorSet({label: Fixed(label, bars(index, 8, seed=3)) for index, label in enumerate(sorted(COUNTS))})
    monkeypatch.setattr(stage, "load_generators", lambda folder: made)
    monkeypatch.setattr(
        stage,
        "further_generators",
        lambda planned, params, place: [made] * (len(planned.replicates) - planned.delivered),
    )
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
    assert lines[2].startswith("evaluate: 20 classifiers of 3 steps")
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
def test_made_images_are_added_to_what_val_or_the_user_chooses(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    used: list[str] = []

    def noted(run: ArmRun) -> ArmScores:
        used.append(f"{run.arm} on {run.base}")
        answer = np.eye(3)[np.full(len(run.val), 2 if run.arm == "mixup_cutmix" else 0)]  # the largest class of val
        return ArmScores(answer, np.eye(3)[np.zeros(len(run.test), dtype=int)])

    monkeypatch.setattr(compare, "run_arm", noted)
    val = ImageSet.load("data/prepared/val")
    val.take(val.labels == "hole").save("data/prepared/val")
    stage.evaluate(params())
    assert verdict()["augmentation"] == "mixup_cutmix"
    assert "made images are added to mixup_cutmix" in capsys.readouterr().err
    assert "gan_half_filtered on mixup_cutmix" in used
    assert "gan_half_filtered on classical" not in used
    stage.evaluate(params(augmentation="randaugment"))
    assert verdict()["augmentation"] == "randaugment"
    assert used[-4] == "gan_half_filtered on randaugment"


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
    monkeypatch.setattr(
        stage,
        "further_generators",
        lambda planned, params, place: [made] * (len(planned.replicates) - planned.delivered),
    )
    assert privacy() == {"membership_auc": pytest.approx(0.95, abs=0.05), "copy_rate": 1.0}


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"second_classifier": "imagenet"}, "evaluate.second_classifier: imagenet"),
        ({"arms": ["none", "pretrained", "gan_half_filtered", "copies_half"]}, "evaluate.arms: pretrained"),
    ],
)
def test_what_is_not_installed_is_told_before_anything_is_trained(
    changed: dict[str, object], key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pretrained, "installed", lambda: False)
    monkeypatch.setattr(stage, "prepared", lambda settings: pytest.fail("it went on"))
    with pytest.raises(ParamsError, match=f"{key}: needs the package"):
        stage.evaluate(params(**changed))


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
        ({"second_classifier": "imagenet"}, ParamsError, r"evaluate.second_classifier: imagenet: needs the package"),
        (
            {"arms": ["none", "pretrained", "gan_half_filtered", "copies_half"]},
            ParamsError,
            r"evaluate.arms: pretrained",
        ),
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


def named(side: ImageSet, name: str) -> ImageSet:
    return replace(side, groups=np.char.add(f"{name} ", side.groups), sources=np.char.add(f"{name} ", side.sources))


def rows_of(name: str) -> list[dict[str, str]]:
    return read_csv(Path(f"reports/evaluation/{name}.csv"))


@pytest.mark.usefixtures("project")
def test_disjoint_training_sets_where_the_split_left_images_over(capsys: pytest.CaptureFixture[str]) -> None:
    named(toy_set(dict.fromkeys(COUNTS, 165), seed=5), "pool").save("data/prepared/pool")
    stage.evaluate(params(protocol="repeated"))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == (
        "evaluate: repeated: 10 disjoint training sets of 20 training and 20 val images, one test set of 36 images"
    )
    assert any("12 independent test images in a class and 10 disjoint training sets this set" in line for line in lines)
    assert any(line.startswith("evaluate: 100 classifiers of 3 steps") and "36 GANs" in line for line in lines)
    protocol = json.loads(Path("reports/evaluation/verdict.json").read_text())["protocol"]
    assert (protocol["name"], protocol["form"], protocol["repeats"], protocol["ratio"]) == (
        "repeated",
        "subsets",
        10,
        0,
    )
    assert json.loads(Path("reports/metrics.json").read_text())["protocol"] == "repeated"
    assert "over 10 disjoint training sets" in str(verdict()["sentence"])
    check_every_number(10)
    assert len(rows_of("predictions")) == 36
    traced = rows_of("replicates")
    trained = [row["group"] for row in traced if row["side"] in ("train", "val")]
    assert len(trained) == len(set(trained)) == 10 * 40
    assert len(rows_of("audit")) == 20


@pytest.mark.usefixtures("project")
def test_folds_where_it_did_not(capsys: pytest.CaptureFixture[str]) -> None:
    few = named(toy_set(dict.fromkeys(COUNTS, 7), seed=2), "test")
    few.save("data/prepared/test")
    few.take([]).save("data/prepared/pool")
    stage.evaluate(params(protocol="repeated"))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("evaluate: repeated: 5 times 5 folds of 61 images, ")
    assert any("and 25 folds (5 times 5) this set" in line for line in lines)
    assert any("100 GANs" in line for line in lines), "none of the delivered ones: they know images of every fold"
    protocol = json.loads(Path("reports/evaluation/verdict.json").read_text())["protocol"]
    assert protocol["form"] == "folds"
    assert "no fold uses them" in protocol["speaks"]
    check_every_number(25)
    predictions = rows_of("predictions")
    assert len(predictions) == 5 * 61
    assert list(predictions[0]) == ["replicate", "index", "label", "group", *params().evaluate.arm_names]
    runs = {(row["arm"], row["seed"]): row for row in rows_of("runs") if row["split"] == "test"}
    mine = [row for row in predictions if row["replicate"] == "7"]
    right = {label: [row["gan_half"] == label for row in mine if row["label"] == label] for label in COUNTS}
    assert float(runs["gan_half", "7"]["primary"]) == pytest.approx(np.mean([np.mean(own) for own in right.values()]))


def check_every_number(repeats: int) -> None:
    """Every comparison on test and val is the t statistic of the differences that stand in runs.csv."""
    runs = rows_of("runs")
    ratio = json.loads(Path("reports/evaluation/verdict.json").read_text())["protocol"]["ratio"]
    comparisons = rows_of("comparisons")
    assert {row["seeds"] for row in comparisons} == {str(repeats)}
    for row in comparisons:
        values = [
            [float(run["primary"]) for run in runs if run["arm"] == row[key] and run["split"] == row["split"]]
            for key in ("candidate", "rival")
        ]
        expected = corrected_t(np.subtract(*map(np.array, values)), ratio)
        assert float(row["mean"]) == pytest.approx(expected.mean)
        low, high = expected.interval(0.95)
        assert (float(row["low"]), float(row["high"])) == pytest.approx((low, high))
    assert {row["split"] for row in comparisons} == {"test", "val"}


@pytest.mark.usefixtures("project")
def test_too_few_images_left_over_stops_before_anything_is_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "measured_cost", lambda *arguments: pytest.fail("too late"))
    named(toy_set(dict.fromkeys(COUNTS, 40), seed=5), "pool").save("data/prepared/pool")
    named(toy_set(dict.fromkeys(COUNTS, 30), seed=2), "test").save("data/prepared/test")
    with pytest.raises(DataError, match=r"class 'crack' needs 90 and has 40"):
        stage.evaluate(params(protocol="repeated"))


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("gate", ["auto", "rotate"])
def test_a_small_val_is_rotated_and_its_gate_is_a_t_over_the_parts(
    capsys: pytest.CaptureFixture[str], gate: str
) -> None:
    """Classes of 5 to 9 val images; the interval on test still draws test groups."""
    stage.evaluate(params(gate=gate, seeds=3))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == (
        "evaluate: holdout: 3 paired seeds, each with 20 training and 20 val images: "
        "val is small, so every seed holds out other images"
    )
    assert any("Before that 8 GANs" in line for line in lines), "as many as without"
    held = [{row["group"] for row in rows_of("replicates") if (row["replicate"], row["side"]) == (str(number), "val")}
            for number in range(3)]  # fmt: skip
    assert held[0] == set(ImageSet.load("data/prepared/val").groups.tolist())
    assert not held[0] & held[1]
    trained = {row["group"] for row in rows_of("replicates") if (row["replicate"], row["side"]) == ("1", "train")}
    assert trained == held[0], "half of the images are held out, so the other half trains"
    runs = {(row["arm"], row["seed"]): float(row["primary"]) for row in rows_of("runs") if row["split"] == "val"}
    (row,) = [row for row in rows_of("comparisons") if row["split"] == "val"]
    differences = [runs[row["candidate"], str(number)] - runs[row["rival"], str(number)] for number in range(3)]
    expected = corrected_t(np.array(differences), 1.0)
    assert (float(row["mean"]), float(row["low90"])) == pytest.approx((expected.mean, expected.interval(0.9)[0]))
    assert all(float(row["test_se"]) > 0 for row in rows_of("comparisons") if row["split"] == "test")
    assert "val is small" in str(verdict()["reasons"])


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("pool", [0, 40])
def test_the_learning_curve_is_written_and_told(capsys: pytest.CaptureFixture[str], pool: int) -> None:
    named(toy_set(dict.fromkeys(COUNTS, pool or 1), seed=5).take(range(3 * pool)), "pool").save("data/prepared/pool")
    stage.evaluate(params(learning_curve="on", steps=30))
    sizes = ["6", "11", "16", "20"] + (["40"] if pool else [])
    line = f"evaluate: learning curve of {verdict()['chosen_real']}: {', '.join(sizes)} images"
    assert line in capsys.readouterr().err
    rows = rows_of("learning_curve")
    assert len(rows) == len(sizes) * 2 * (1 + len(COUNTS))
    exchange = json.loads(Path("reports/evaluation/verdict.json").read_text())["exchange"]
    assert [point["images"] for point in exchange["curve"]] == [float(size) for size in sizes]
    for point in exchange["curve"]:
        own = [float(row["value"]) for row in rows if float(row["images"]) == point["images"] and not row["label"]]
        assert point["mean"] == pytest.approx(np.mean(own))
    of_runs = [float(row["primary"]) for row in rows_of("runs")
               if (row["arm"], row["split"]) == (exchange["arm"], "test")]  # fmt: skip
    whole = [float(row["value"]) for row in rows if row["fraction"] == "1.0" and not row["label"]]
    assert whole == pytest.approx(of_runs), "all images are the run that there was anyway"
    stage.evaluate(params())
    assert not Path("reports/evaluation/learning_curve.csv").exists()
    assert verdict()["exchange"] is None


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("changed", [{}, FAR, {"protocol": "repeated"}], ids=["split", "recall", "folds"])
def test_images_from_elsewhere_are_scored_by_every_arm_and_decide_nothing(changed: dict[str, object]) -> None:
    toy_set(COUNTS).take([]).save("data/prepared/pool")
    chosen = params(**changed)
    stage.evaluate(chosen)
    before = {name: rows_of(name) for name in ("arms", "comparisons", "runs")}
    assert verdict()["external"] == []
    assert not Path("reports/evaluation/external.csv").exists()
    elsewhere = toy_set({"crack": 6, "fine": 3}, seed=9)
    for image, source in zip(elsewhere.images, elsewhere.sources.tolist(), strict=True):
        path = Path("data/external") / source
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image[0]).save(path)
    stage.evaluate(chosen)
    for name, rows in before.items():
        assert rows_of(name) == rows, name
    found = rows_of("external")
    assert [row["arm"] for row in found] == list(chosen.evaluate.arm_names)
    assert {(row["images"], row["groups"], row["figure"]) for row in found} == {("9", "9", "balanced accuracy")}, (
        "three normal images are too few for the other figure"
    )
    arms = {row["arm"]: row for row in rows_of("arms")}
    for row in found:
        assert [row[f"internal_{key}"] for key in ("mean", "low", "high")] == [arms[row["arm"]][key] for key in
                                                                               ("mean", "low", "high")]  # fmt: skip
        assert 0 <= float(row["low"]) <= float(row["mean"]) <= float(row["high"]) <= 1
