"""`augment run` from a folder of images to a verdict, under DVC, on tiny images with tiny settings."""

import json
from pathlib import Path

from tests.test_pipeline import build


def test_one_command_from_images_to_a_verdict(tmp_path: Path) -> None:
    project = build(tmp_path)
    project.run("git", "add", "params.yaml", "dvc.yaml")
    before = (project.root / "params.yaml").read_bytes()
    wrong = project.run("augment", "run", "data/raw", "--set", "train.stepz=3")
    assert (wrong.returncode, before) == (2, (project.root / "params.yaml").read_bytes())
    assert "did you mean `train.steps`?" in wrong.stderr

    done = project.run("augment", "run", "data/raw", "--seeds", "2", "--set", "evaluate.second_classifier=off")
    assert done.returncode == 0, done.stdout + done.stderr
    word = json.loads((project.root / "reports/metrics.json").read_text())["verdict"]
    said = done.stdout
    assert "data/raw: 36 usable images, 3 classes" in said
    assert "the whole run: " in said
    assert "2 paired seeds this set" in said
    assert f"\n{word}\n" in said[said.index("Running stage 'report'") :]
    assert "\nThe page: reports/report.html\nNext: " in said
    assert " left of the run" in done.stderr
    assert "Traceback" not in said + done.stderr

    again = project.run("augment", "run", "data/raw")
    assert again.returncode == 0, again.stdout + again.stderr
    assert "Running stage" not in again.stdout
    assert f"\n{word}\n" in again.stdout
    assert "The page: reports/report.html" in again.stdout

    plain = project.run("dvc", "repro", "-f", "-s", "report")
    assert f"{word}: " in plain.stderr
    assert "The page: reports/report.html" in plain.stderr
