"""The stages on a tiny table and on vectors, in this process: from a file to a verdict and a page."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from augment import load_generators
from augment.core.errors import AugmentError, DataError, ParamsError
from augment.core.files import read_csv, read_json
from augment.data.rows.rowset import RowSet
from augment.evaluation.last_verdict import last_verdict
from augment.evaluation.rows import experiment as row_experiment
from augment.params import Params, check
from augment.params.arms import FAMILY_WORDS
from pipeline.assemble import assemble
from pipeline.evaluate import evaluate
from pipeline.experiment import experiment
from pipeline.generate import generate
from pipeline.ingest import ingest
from pipeline.report import report
from pipeline.train import train
from tests.rows import COLUMNS, toy_rows, write_toy

COUNTS = {"bolt": 60, "nut": 40, "pin": 24}
ARMS = ["none", "oversample", "class_weights", "logit_adjusted", "logistic", "shrinkage_lda", "smote_half",
        "borrowed_half", "gan_half_filtered", "copies_half"]  # fmt: skip
SETTINGS = {
    "train": {"width": 4, "latent": 4, "shared_steps": 20, "steps": 10},
    "generate": {"per_class": 20},
    "evaluate": {"seeds": 2, "arms": ARMS, "resamples": 200, "learning_curve": "on", "external": "there"},
    "compute": {"engine": "serial"},
}
STAGES = (ingest, train, generate, experiment, evaluate, assemble, report)


def params_of(source: str, path: str, **evaluation: object) -> Params:
    ingested = {"source": source, "path": path} | ({"label_column": "kind"} if source == "table" else {})
    return check({**SETTINGS, "ingest": ingested, "evaluate": {**SETTINGS["evaluate"], **evaluation}})


def write_tables(root: Path, seed: int = 0) -> None:
    """One to learn, and one from elsewhere with a shape of its own."""
    write_toy(root / "parts.csv", COUNTS, seed)
    there = write_toy(root / "there/parts.csv", {"bolt": 20, "pin": 15}, seed + 1)
    there.write_text(there.read_text().replace("flat", "square"))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All stages on a table."""
    root = tmp_path_factory.mktemp("table")
    write_tables(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        for stage in STAGES:
            stage(params_of("table", "parts.csv"))
    return root


def test_the_same_files_hold_the_verdict(run: Path) -> None:
    facts = read_json(run / "data/experiment/experiment.json")
    assert facts["arms"] == ARMS
    assert facts["base"] in ("logistic", "shrinkage_lda")
    verdict = read_json(run / "reports/evaluation/verdict.json")
    assert verdict["classifier"] == facts["base"]
    assert read_json(run / "reports/metrics.json")["verdict"] == verdict["verdict"]
    assert {row["arm"] for row in read_csv(run / "reports/evaluation/arms.csv")} == {*ARMS}
    assert (run / "reports/evaluation/marginals.csv").exists()


def test_no_text_of_the_verdict_or_the_page_speaks_of_images(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(run)
    page = (run / "reports/report.html").read_text()
    texts = re.sub(r"<style>.*?</style>|<script>.*?</script>|<code>.*?</code>|<[^>]*>", " ", page, flags=re.DOTALL)
    for text in (texts, "\n".join(last_verdict(Path("reports"), explain=False))):
        assert "GAN rows" in text
        assert not re.findall(r"[^.]{0,40}\b(?:images?|pixels?|pictures?)\b(?!\.\w)[^.]{0,40}", text)


def test_rows_from_elsewhere_other_sizes_and_another_classifier_are_told(run: Path) -> None:
    results = run / "reports/evaluation"
    external = read_csv(results / "external.csv")
    assert {row["arm"] for row in external} == {*ARMS}
    assert {(row["images"], row["groups"]) for row in external} == {("35", "35")}
    curve = read_csv(results / "learning_curve.csv")
    assert {row["fraction"] for row in curve} >= {"0.25", "0.5", "0.75", "1.0"}
    assert read_json(results / "verdict.json")["exchange"]["arm"] in ARMS
    families = read_csv(results / "families.csv")
    base = read_json(run / "data/experiment/experiment.json")["base"]
    other = {"logistic": "shrinkage_lda", "shrinkage_lda": "logistic"}[base]
    assert {row["arm"] for row in families} == {*ARMS} - {base}
    assert {row["classifier"] for row in families} == {FAMILY_WORDS[other]}
    page = (run / "reports/report.html").read_text()
    assert "35 rows of another source" in page
    assert "Does it hold for another classifier?" in page


def test_leaks_are_looked_for_as_among_images(run: Path) -> None:
    audit = read_csv(run / "reports/evaluation/audit.csv")
    assert [(row["seed"], row["control"]) for row in audit] == [
        ("0", "train"),
        ("0", "val"),
        ("1", "train"),
        ("1", "val"),
    ]
    assert all(0 < float(row["p"]) <= 1 for row in audit if row["control"] == "train")
    page = (run / "reports/report.html").read_text()
    for claim in ("The GANs were trained on the training rows", "No synthetic row equals", "lie no nearer to test"):
        assert re.search(f'scope="row">[^<]*{claim}[^<]*</th><td class="text"><span class="outcome pass">', page), claim
    assert "There are no synthetic rows" not in page
    assert "A sample and the training row nearest to it" in page


def test_a_row_of_training_among_those_from_elsewhere_stops_the_run(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tables(tmp_path)
    shutil.copy(tmp_path / "parts.csv", tmp_path / "there/parts.csv")
    for name in ("models", "data"):
        shutil.copytree(run / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=r"^evaluate\.external: parts\.csv:\d+ equals the training row parts\.csv:\d+"):
        experiment(params_of("table", "parts.csv"))
    assert (tmp_path / "data/experiment/experiment.json").exists(), "nothing is lost"


def test_what_is_delivered_can_be_trained_on(run: Path) -> None:
    rows = read_csv(run / "data/augmented/train.csv")
    assert list(rows[0]) == ["kind", *(column.name for column in COLUMNS), "synthetic", "weight"]
    train_set = RowSet.load(run / "data/prepared/train")
    real = [row for row in rows if row["synthetic"] == "0"]
    assert len(real) == len(train_set)
    assert np.mean([float(row["weight"]) for row in rows]) == pytest.approx(1, abs=1e-3)
    recipe = read_json(run / "data/augmented/recipe.json")
    assert (recipe["real"], recipe["synthetic"]) == (len(real), len(rows) - len(real))
    by_class = {label: sum(float(row["weight"]) for row in rows if row["kind"] == label) for label in COUNTS}
    assert max(by_class.values()) == pytest.approx(min(by_class.values()), rel=1e-3) or recipe["arm"] == "none"
    for side in ("val", "test"):
        held_out = read_csv(run / f"data/augmented/{side}.csv")
        assert {row["synthetic"] for row in held_out} == {"0"}


def test_every_candidate_is_accounted_for_and_kept_ones_are_whole(run: Path) -> None:
    lines = read_csv(run / "data/synthetic/manifest.csv")
    kept = RowSet.load(run / "data/synthetic/kept")
    assert len(kept) == sum(line["kept"] == "1" for line in lines) > 0
    assert {line["reason"] for line in lines} <= {"", "near_copy", "off_class", "surplus"}
    assert len(read_csv(run / "data/synthetic/rows.csv")) == len(kept)
    generators = load_generators(run / "models")
    index = next(int(line["index"]) for line in lines if line["kept"] == "1" and line["label"] == "pin")
    at = kept.sources.tolist().index(f"pin/{index}")
    np.testing.assert_allclose(kept.values[at], generators["pin"].rows(1, seed=0, start=index)[0])


def test_equal_runs_give_equal_files(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_tables(tmp_path)
    monkeypatch.chdir(tmp_path)
    for stage in STAGES[:5]:
        stage(params_of("table", "parts.csv"))
    for name in ("data/experiment/scores.safetensors", "reports/evaluation/verdict.json", "models/index.json"):
        assert (tmp_path / name).read_bytes() == (run / name).read_bytes(), name


def test_generators_of_other_rows_are_a_leak(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_tables(tmp_path, seed=1)
    monkeypatch.chdir(tmp_path)
    params = params_of("table", "parts.csv")
    ingest(params)
    (tmp_path / "models").symlink_to(run / "models")
    with pytest.raises(DataError, match="leak: models: the generator of class 'bolt' was trained on other rows"):
        experiment(params)


def test_vectors_have_a_verdict_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = toy_rows(COUNTS)
    np.savez(tmp_path / "v.npz", x=rows.values[:, :3], y=rows.labels)
    there = toy_rows({"bolt": 20}, 9)
    np.savez(tmp_path / "there.npz", x=there.values[:, :3], y=there.labels)
    monkeypatch.chdir(tmp_path)
    for stage in STAGES:
        stage(
            params_of(
                "vectors", "v.npz", arms=["none", "logistic", "gan_half_filtered", "copies_half"], external="there.npz"
            )
        )
    assert json.loads(Path("reports/metrics.json").read_text())["verdict"]
    with np.load("data/augmented/train.npz") as arrays:
        assert arrays["x"].shape[1] == 3
        assert len(arrays["x"]) == len(arrays["y"]) == len(arrays["weight"]) == len(arrays["synthetic"])


@pytest.mark.parametrize(
    ("arms", "words"),
    [
        (["none", "gan_half_filtered", "copies_half", "randaugment"], "randaugment cannot run where ingest.source is"),
        (["none", "gan_half_filtered", "copies_half", "as_delivered"], "as_delivered cannot run"),
    ],
)
def test_an_arm_of_images_is_named(arms: list[str], words: str) -> None:
    with pytest.raises(ParamsError, match=words):
        params_of("table", "t.csv", arms=arms)
    with pytest.raises(ParamsError, match=r"logistic cannot run where ingest\.source is digits"):
        check({"evaluate": {"arms": ["none", "gan_half_filtered", "copies_half", "logistic"]}})
    with pytest.raises(ParamsError, match="classifier probe cannot learn from"):
        params_of("table", "t.csv", classifier="probe", arms="default")


def test_a_list_without_a_classifier_of_real_rows_is_told_ahead() -> None:
    short = ["none", "gan_half_filtered", "copies_half"]
    with pytest.raises(
        ParamsError, match="it needs one of logistic, shrinkage_lda, gradient_boosting, which made rows"
    ):
        params_of("table", "t.csv", arms=short)
    with pytest.raises(ParamsError, match="it needs gradient_boosting, which made rows"):
        params_of("table", "t.csv", arms=[*short, "logistic"], classifier="gradient_boosting")


def test_a_library_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    write_tables(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(row_experiment, "_is_installed", lambda name: False)
    params = params_of("table", "parts.csv", arms=["none", "logistic", "gan_half_filtered", "copies_half", "smote"])
    for stage in STAGES[:3]:
        stage(params)
    with pytest.raises(AugmentError, match=r"smote needs imbalanced-learn: pip install 'gan-augment\[imblearn\]'"):
        experiment(params)
