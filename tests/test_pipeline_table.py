"""A table through the whole pipeline under DVC."""

import json
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from augment import load_generators
from augment.core.files import read_csv
from tests.rows import COLUMNS, write_toy
from tests.test_pipeline import Project

COUNTS = {"bolt": 60, "nut": 40, "pin": 24}
ARMS = ["none", "logistic", "gan_half_filtered", "copies_half"]


@pytest.mark.slow
def test_init_and_dvc_repro_give_a_verdict_and_nothing_runs_twice(tmp_path: Path) -> None:
    project = Project(tmp_path)
    write_toy(tmp_path / "data/parts.csv", COUNTS)
    done = project.run("augment", "init", "data/parts.csv", "--label", "kind")
    assert done.returncode == 0, done.stderr
    project.change("train", steps=10, shared_steps=20, transfer="shared")
    project.change("evaluate", arms=ARMS)
    project.repro()
    assert json.loads((tmp_path / "reports/metrics.json").read_text())["verdict"]
    assert "GAN rows" in (tmp_path / "reports/report.html").read_text()
    rows = read_csv(tmp_path / "data/augmented/train.csv")
    assert list(rows[0]) == ["kind", *(column.name for column in COLUMNS), "synthetic", "weight"]
    assert sorted(load_generators(tmp_path / "models")) == sorted(COUNTS)
    before = project.outputs()
    assert "didn't change" in project.repro()
    assert project.outputs() == before
    write_toy(tmp_path / "data/parts.csv", {"bolt": 60, "nut": 2})
    failed = project.run("dvc", "repro")
    assert failed.returncode != 0
    assert "nut: too_few: 2 usable rows" in failed.stdout + failed.stderr
    assert project.outputs() == before, "nothing is lost"
    kept = YAML(typ="safe").load(tmp_path / "params.yaml")["ingest"]
    assert (kept["source"], kept["label_column"]) == ("table", "kind")
