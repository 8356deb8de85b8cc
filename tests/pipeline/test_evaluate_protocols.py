"""Which training sets and which val the repeats have, and that every number of a comparison is theirs."""

import json
import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from augment.core.errors import DataError
from augment.data.imageset import ImageSet
from augment.evaluation.experiment.settings import arms_for
from augment.evaluation.statistics.estimates import corrected_t
from augment.gan.api import train_generators
from augment.params import check
from pipeline import experiment as stage
from tests.pipeline.evaluated import CHOSEN, COUNTS, compare, named, params, rows_of, verdict
from tests.toy import toy_set


@pytest.mark.usefixtures("toy_project")
def test_disjoint_training_sets_where_the_split_left_images_over(capsys: pytest.CaptureFixture[str]) -> None:
    named(toy_set(dict.fromkeys(COUNTS, 165), seed=5), "pool").save("data/prepared/pool")
    compare(params(protocol="repeated"))
    lines = capsys.readouterr().err.splitlines()
    assert lines[1] == (
        "experiment: repeated: 10 disjoint training sets of 20 training and 20 val images, one test set of 36 images"
    )
    assert any("12 independent test images in a class and 10 disjoint training sets this set" in line for line in lines)
    assert any(line.startswith("experiment: 36 GANs") and "; 120 classifiers" in line for line in lines)
    protocol = json.loads(Path("reports/evaluation/verdict.json").read_text())["protocol"]
    assert (protocol["name"], protocol["form"], protocol["repeats"], protocol["ratio"]) == (
        "repeated",
        "subsets",
        10,
        0,
    )
    assert verdict()["protocol"]["name"] == "repeated"
    assert "over 10 disjoint training sets" in str(verdict()["sentence"])
    check_every_number(10)
    assert len(rows_of("predictions")) == 36
    traced = rows_of("replicates")
    trained = [row["group"] for row in traced if row["side"] in ("train", "val")]
    assert len(trained) == len(set(trained)) == 10 * 40
    assert len(rows_of("audit")) == 20


@pytest.mark.usefixtures("toy_project")
def test_folds_where_it_did_not(capsys: pytest.CaptureFixture[str]) -> None:
    few = named(toy_set(dict.fromkeys(COUNTS, 7), seed=2), "test")
    few.save("data/prepared/test")
    few.take([]).save("data/prepared/pool")
    compare(params(protocol="repeated"))
    lines = capsys.readouterr().err.splitlines()
    assert lines[1].startswith("experiment: repeated: 5 times 5 folds of 61 images, ")
    assert any("and 25 folds (5 times 5) this set" in line for line in lines)
    assert any("100 GANs" in line for line in lines), "none of the delivered ones: they know images of every fold"
    protocol = json.loads(Path("reports/evaluation/verdict.json").read_text())["protocol"]
    assert protocol["form"] == "folds"
    assert "no fold uses them" in protocol["speaks"]
    looked = verdict()["looked"]
    assert looked["prepared"] == few.fingerprint(), "what the page compares with data/prepared/test"
    assert looked["test"] != looked["prepared"], "all images are tested"
    check_every_number(25)
    predictions = rows_of("predictions")
    assert len(predictions) == 5 * 61
    assert list(predictions[0]) == ["replicate", "index", "label", "group", *arms_for(params().evaluate, 8, 8)]
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
        differences = np.subtract(*map(np.array, values))
        sd = max(differences.std(ddof=1), one_group(row["split"]))
        half = stats.t.ppf(0.975, repeats - 1) * np.sqrt(1 / repeats + ratio) * sd
        assert float(row["mean"]) == pytest.approx(differences.mean())
        assert (float(row["low"]), float(row["high"])) == pytest.approx(differences.mean() + np.array([-half, half]))
    assert {row["split"] for row in comparisons} == {"test", "val"}


def one_group(side: str) -> float:
    """What a group moves balanced accuracy by, root mean square, in the repeat where that is most."""
    rows = [row for row in rows_of("replicates") if row["side"] == side]
    moved = []
    for replicate in {row["replicate"] for row in rows}:
        own = {(row["label"], row["group"]) for row in rows if row["replicate"] == replicate}
        sizes = np.array(list(Counter(label for label, _ in own).values()))
        moved.append(np.sqrt((1 / sizes).sum() / sizes.sum()) / len(sizes))
    return max(moved)


@pytest.mark.usefixtures("toy_project")
def test_too_few_images_left_over_stops_before_anything_is_trained(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "measure_cost", lambda *arguments: pytest.fail("too late"))
    named(toy_set(dict.fromkeys(COUNTS, 40), seed=5), "pool").save("data/prepared/pool")
    named(toy_set(dict.fromkeys(COUNTS, 30), seed=2), "test").save("data/prepared/test")
    with pytest.raises(DataError, match=r"class 'crack' needs 90 and has 40"):
        compare(params(protocol="repeated"))


def test_a_pinned_generator_holds_every_repeat_to_the_delivered_sides(
    toy_project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It may have seen every image of the delivered train, which a rotated val or a fold would hold out."""
    train = ImageSet.load(Path("data/prepared/train"))
    made = train_generators(train.images, train.labels, width=4, latent=4, shared_steps=4, steps=4)
    assert made.shared is not None
    made.shared.training["images_sha256"] = train.fingerprint()
    made.save(toy_project / "made")
    (toy_project / "made/_shared").rename(toy_project / "data/base/pinned")
    pinned = {"train": {"base": "data/base/pinned", "width": 4, "latent": 4}}
    compare(check({**CHOSEN, **pinned, "evaluate": {**CHOSEN["evaluate"], "gate": "auto"}}))
    assert verdict()["protocol"]["form"] == "split"
    assert "Whether it has seen test images cannot be told" not in capsys.readouterr().err, "it is of this train"
    named(toy_set(COUNTS, seed=7), "train").save("data/prepared/train")
    compare(check({**CHOSEN, **pinned}))
    assert "Whether it has seen test images cannot be told" in capsys.readouterr().err
    assert any("train.base" in reason for reason in verdict()["reasons"])
    monkeypatch.setattr(stage, "measure_cost", lambda *_: pytest.fail("it went on"))
    toy_set(COUNTS).take([]).save("data/prepared/pool")
    for asked in ({"gate": "rotate"}, {"protocol": "repeated"}):
        with pytest.raises(DataError, match=r"^leak: train\.base: "):
            compare(check({**CHOSEN, **pinned, "evaluate": {**CHOSEN["evaluate"], **asked}}))


@pytest.mark.usefixtures("toy_project")
@pytest.mark.parametrize("gate", ["auto", "rotate"])
def test_a_small_val_is_rotated_and_its_gate_is_a_t_over_the_parts(
    capsys: pytest.CaptureFixture[str], gate: str
) -> None:
    """Classes of 5 to 9 val images; the interval on test still draws test groups."""
    compare(params(gate=gate, seeds=3, steps=4))
    lines = capsys.readouterr().err.splitlines()
    assert lines[1] == (
        "experiment: holdout: 3 paired seeds, each with 20 training and 20 val images: "
        "every seed holds out other images as val"
    )
    assert any(line.startswith("experiment: 8 GANs") for line in lines), "as many as without"
    held = [{row["group"] for row in rows_of("replicates") if (row["replicate"], row["side"]) == (str(number), "val")}
            for number in range(3)]  # fmt: skip
    assert held[0] == set(ImageSet.load("data/prepared/val").groups.tolist())
    assert not held[0] & held[1]
    trained = {row["group"] for row in rows_of("replicates") if (row["replicate"], row["side"]) == ("1", "train")}
    assert trained == held[0], "half of the images are held out, so the other half trains"
    runs = {(row["arm"], row["seed"]): float(row["primary"]) for row in rows_of("runs") if row["split"] == "val"}
    (row,) = [row for row in rows_of("comparisons") if row["split"] == "val"]
    differences = [runs[row["candidate"], str(number)] - runs[row["rival"], str(number)] for number in range(3)]
    least = math.sqrt((1 / 5 + 1 / 9 + 1 / 6) / 20) / 3  # what one of the 20 val images moves, in the mean
    expected = corrected_t(np.array(differences), 1.0, least)
    assert (float(row["mean"]), float(row["low90"])) == pytest.approx((expected.mean, expected.interval(0.9)[0]))
    assert all(float(row["test_se"]) > 0 for row in rows_of("comparisons") if row["split"] == "test")
    assert "holds out other images as val" in str(verdict()["reasons"])
