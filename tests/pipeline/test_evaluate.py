"""Both stages of the comparison without DVC and without GANs: what they tell before, and what they leave behind."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from augment.core.errors import DataError, ParamsError
from augment.core.files import read_csv
from augment.data.imageset import ImageSet
from augment.evaluation.columns import columns
from augment.evaluation.experiment import running, settings
from augment.evaluation.experiment.settings import arms_for
from augment.evaluation.experiment.training_sets import paired_seeds, repeat_seeds
from augment.evaluation.verdict.summary import fingerprints
from augment.gan.generators import GeneratorSet
from augment.measure.backbone import lite0
from augment.project.query_ledger import LEDGER
from pipeline import experiment as stage
from tests.pipeline.evaluated import COUNTS, compare, named, params, rows_of, verdict
from tests.toy import Fixed, bars, toy_set

ARMS = arms_for(params().evaluate, 8, 8)  # the images of the toy project
FAR = {"primary": "recall_at_far", "normal": "fine", "false_alarm_rate": 0.1}


@pytest.mark.usefixtures("toy_project")
def test_cost_and_smallest_gain_come_first_and_everything_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    compare(params())
    lines = capsys.readouterr().err.splitlines()
    assert lines[1].startswith("experiment: with 12 independent test images in a class and 2 paired seeds this set")
    assert re.match(r"experiment: 4 GANs, as far as .work does not hold them: [^;]+ min[^;]*; 24 classifiers", lines[2])
    assert any("only configuration that has looked" in line for line in lines)
    found = verdict()
    assert set(found["smallest_gain"]) == {"announced", "measured"}
    assert found["objections"]["repeats"] == 2
    assert set(found["as_delivered"]) == {"gross", "net"}
    for path in Path("reports/evaluation").glob("*.csv"):
        rows = read_csv(path)
        if path.stem != "predictions":  # its columns are arms and repeats
            assert not rows or tuple(rows[0]) == columns(path.stem), path
    facts = {row["fact"]: row for row in read_csv(Path("reports/evaluation/facts.csv"))}
    assert float(facts["repeats_objecting"]["value"]) == found["objections"]["objected"]
    told = [line for line in found["explanation"] if line["source"].startswith("membership.csv")]
    assert len(told) == 2
    assert all("anonymous" in line["text"] for line in told)
    bins = read_csv(Path("reports/evaluation/reliability.csv"))
    assert {row["arm"] for row in bins} == set(ARMS)
    assert sum(int(row["answers"]) for row in bins if row["arm"] == "none") == 2 * 36
    arms = {row["arm"]: row for row in read_csv(Path("reports/evaluation/arms.csv"))}
    metrics = json.loads(Path("reports/metrics.json").read_text())
    assert list(metrics) == ["verdict", "net", "gross", "val", "test", "copy_rate", "policy"], (
        "columns of `dvc exp show`, in order"
    )
    of_policy = arms[metrics["policy"]]
    for side, column in (("val", "val_mean"), ("test", "mean")):
        assert metrics[side] == pytest.approx(float(of_policy[column]), abs=5e-5)
    for kind, gain in found["gain"].items():
        row = facts[f"gain_{kind}"]
        assert [float(row[column]) for column in ("value", "low", "high")] == [gain[k] for k in ("mean", "low", "high")]
        assert metrics[kind] == pytest.approx(gain["mean"], abs=5e-5)
    assert metrics["policy"] == found["policy"]["arm"]
    assert list(arms) == list(ARMS)
    assert all(0 <= float(row["auroc"]) <= 1 and float(row["brier"]) > 0 for row in arms.values())
    for row in arms.values():
        assert float(row["mean"]) == pytest.approx(float(row["balanced_accuracy"]))


@pytest.mark.usefixtures("toy_project")
def test_made_images_are_added_to_what_val_or_the_user_chooses(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    used: list[str] = []

    def noted(job: Any) -> np.ndarray:
        used.append(f"{job.fit.arm} on {job.fit.base}")
        answers = np.zeros(len(job.val) + len(job.test.array), dtype=int)
        answers[: len(job.val)] = 2 if job.fit.arm == "mixup_cutmix" else 0  # the largest class of val
        return np.eye(3)[answers]

    monkeypatch.setattr(running, "_score_network", noted)
    val = ImageSet.load("data/prepared/val")
    val.take(val.labels == "hole").save("data/prepared/val")
    compare(params())
    assert verdict()["augmentation"] == "mixup_cutmix"
    assert "made images are added to mixup_cutmix" in capsys.readouterr().err
    assert "gan_half_filtered on mixup_cutmix" in used
    assert "gan_half_filtered on classical" not in used
    compare(params(augmentation="randaugment"))
    assert verdict()["augmentation"] == "randaugment"
    assert "gan_half_filtered on randaugment" in used


@pytest.mark.usefixtures("toy_project")
def test_a_class_whose_gan_failed_is_told_and_the_rest_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    made = {label: Fixed(label, bars(index, 8, seed=3)) for index, label in enumerate(("crack", "fine"))}
    half = GeneratorSet(made, classes=["crack", "fine", "hole"], failed={"hole": "collapsed"})
    monkeypatch.setattr(stage, "kept_generators", lambda folder: half)
    compare(params())
    assert any("The GANs of these classes failed: 'hole' (1 of 2 repeats)" in line for line in verdict()["reasons"])


@pytest.mark.usefixtures("toy_project")
def test_privacy_is_measured_and_a_replaying_generator_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def privacy() -> tuple[float, float]:
        """AUC of the attack on pixels, and the copy rate."""
        compare(params())
        row = read_csv(Path("reports/evaluation/membership.csv"))[0]
        assert (row["space"], row["figure"]) == ("pixels", "auc")
        return float(row["value"]), json.loads(Path("reports/metrics.json").read_text())["copy_rate"]

    assert 0.2 < privacy()[0] < 0.8
    train = ImageSet.load("data/prepared/train")
    made = GeneratorSet({label: Fixed(label, train.of_class(label).images) for label in train.classes})
    monkeypatch.setattr(stage, "kept_generators", lambda folder: made)
    monkeypatch.setattr(
        stage,
        "further_generators",
        lambda protocol, params, backend: [made] * (len(protocol.replicates) - protocol.first_is_delivered),
    )
    assert privacy() == (pytest.approx(0.95, abs=0.05), 1.0)


@pytest.mark.usefixtures("toy_project")
@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"second_classifier": "imagenet"}, "evaluate.second_classifier: imagenet"),
        ({"arms": ["none", "probe", "gan_half_filtered", "copies_half"]}, "evaluate: probe"),
        ({"classifier": "finetune"}, "evaluate: finetune"),
    ],
)
def test_what_is_not_installed_is_told_before_anything_is_trained(
    changed: dict[str, object], key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lite0, "is_installed", lambda: False)
    monkeypatch.setattr(settings, "BACKBONE_FROM_PX", 2)
    monkeypatch.setattr(stage, "measure_cost", lambda *arguments: pytest.fail("too late"))
    with pytest.raises(ParamsError, match=f"{key}: needs the package"):
        compare(params(**changed))


@pytest.mark.usefixtures("toy_project")
def test_the_other_primary_metric_decides_where_it_is_asked_to() -> None:
    compare(params(**FAR))
    assert "points of recall at 10 % false alarms" in str(verdict()["sentence"])
    runs = [row for row in read_csv(Path("reports/evaluation/runs.csv")) if row["split"] == "test"]
    test = ImageSet.load("data/prepared/test")
    assert {float(row["primary"]) * 12 % 0.5 for row in runs} == {0.0}, "24 images of the two other classes"
    assert len(test) == 36
    assert verdict()["primary"] == "recall_at_far"
    for row in read_csv(Path("reports/evaluation/arms.csv")):
        of_arm = [float(run["primary"]) for run in runs if run["arm"] == row["arm"]]
        assert float(row["mean"]) == pytest.approx(np.mean(of_arm))


@pytest.mark.usefixtures("toy_project")
def test_a_configuration_counts_once_and_another_one_more() -> None:
    for chosen in (params(), params(), params(learning_rate=0.004)):
        compare(chosen)
    entries = [line.split(",") for line in LEDGER.read_text().splitlines()]
    assert len(entries) == 2
    assert len({test for test, _ in entries}) == 1
    assert entries[1] == [verdict()["looked"]["test"], verdict()["looked"]["configuration"]]


@pytest.mark.usefixtures("toy_project")
@pytest.mark.parametrize(
    ("changed", "error", "words"),
    [
        (
            {"arms": ["none", "probe", "gan_half_filtered", "copies_half"]},
            ParamsError,
            "evaluate: probe needs images of 16 px",
        ),
        ({"normal": "fin"}, ParamsError, "evaluate.normal: there is no class 'fin'; did you mean 'fine'"),
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
    monkeypatch.setattr(stage, "measure_cost", lambda *arguments: pytest.fail("too late"))
    with pytest.raises(error, match=words):
        compare(params(**{**FAR, **changed}))


def test_the_normal_class_and_the_primary_metric_go_together() -> None:
    with pytest.raises(ParamsError, match=r"needs evaluate\.normal"):
        params(primary="recall_at_far")
    with pytest.raises(ParamsError, match="for primary recall_at_far, normal_distance and translated samples only"):
        params(normal="fine")
    assert params(primary="recall_at_far", normal=0).evaluate.normal == "0", "labels that look like numbers are labels"


@pytest.mark.usefixtures("toy_project")
@pytest.mark.parametrize("pool", [0, 40])
def test_the_learning_curve_is_written_and_told(capsys: pytest.CaptureFixture[str], pool: int) -> None:
    named(toy_set(dict.fromkeys(COUNTS, pool or 1), seed=5).take(range(3 * pool)), "pool").save("data/prepared/pool")
    compare(params(learning_curve="on", steps=30))
    sizes = ["6", "11", "16", "20"] + (["40"] if pool else [])
    line = f"experiment: learning curve of {verdict()['chosen_real']}: {', '.join(sizes)} images"
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
    compare(params())
    assert not Path("reports/evaluation/learning_curve.csv").exists()
    assert verdict()["exchange"] is None


@pytest.mark.usefixtures("toy_project")
@pytest.mark.parametrize(
    ("changed", "normals", "figure"),
    [
        ({}, 3, "balanced accuracy"),
        ({"protocol": "repeated"}, 3, "balanced accuracy"),
        (FAR, 8, "balanced accuracy"),  # too few normal images for one false alarm in ten
        (FAR, 9, "recall at 10 % false alarms"),
    ],
    ids=["split", "folds", "few", "recall"],
)
def test_images_from_elsewhere_are_scored_by_every_arm_and_decide_nothing(
    changed: dict[str, object], normals: int, figure: str
) -> None:
    toy_set(COUNTS).take([]).save("data/prepared/pool")
    chosen = params(**changed)
    compare(chosen)
    before = {name: rows_of(name) for name in ("arms", "comparisons", "runs")}
    assert verdict()["external"] == []
    assert not Path("reports/evaluation/external.csv").exists()
    elsewhere = toy_set({"crack": 6, "fine": normals}, seed=9)
    for image, source in zip(elsewhere.images, elsewhere.sources.tolist(), strict=True):
        path = Path("data/external") / source
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image[0]).save(path)
    compare(chosen)
    for name, rows in before.items():
        assert rows_of(name) == rows, name
    found = rows_of("external")
    assert [row["arm"] for row in found] == [arm for arm in ARMS if arm in chosen.evaluate.arm_names]
    images = str(6 + normals)
    assert {(row["images"], row["groups"], row["figure"]) for row in found} == {(images, images, figure)}
    arms = {row["arm"]: row for row in rows_of("arms")}
    for row in found:
        assert [row[f"internal_{key}"] for key in ("mean", "low", "high")] == [arms[row["arm"]][key] for key in
                                                                               ("mean", "low", "high")]  # fmt: skip
        assert 0 <= float(row["low"]) <= float(row["mean"]) <= float(row["high"]) <= 1


@pytest.mark.usefixtures("toy_project")
def test_what_changes_nothing_of_the_verdict_is_no_other_query() -> None:
    def known(pinned: dict[str, str] | None = None, **changed: object) -> str:
        chosen = params(**changed)
        splits, _ = stage.load_prepared(chosen.evaluate)
        protocol = paired_seeds(splits, repeat_seeds(0, 2))
        return fingerprints(protocol, splits.test, pinned, chosen)["configuration"]

    first = known()
    assert known(second_classifier="off", external="elsewhere") == first
    assert len({first, known(seeds=3), known(augmentation="classical")}) == 3
    assert known({"images_sha256": "other"}) != first, "generators that start elsewhere are others"


def test_nothing_but_its_scores_depends_on_the_test_images(toy_project: Path) -> None:
    """Other pixels in test: what was learned, filtered and chosen stays, and so does all that is said of val."""
    found = []
    for _ in range(2):
        compare(params())
        val = [row for row in rows_of("runs") if row["split"] == "val"]
        policy = {name: verdict()[name] for name in ("policy", "chosen_real", "objections")}
        found.append((val, rows_of("acceptance"), policy, [row for row in rows_of("runs") if row["split"] == "test"]))
        test = ImageSet.load(toy_project / "data/prepared/test")
        replace(test, images=255 - test.images).save(toy_project / "data/prepared/test")
    (*first, before), (*second, after) = found
    assert first == second
    assert before != after, "the scores on test are others"
