"""`compute: {engine: ray}` is the only change: every file of the first five stages is the same, bit for bit."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

from augment.params import check
from benchmarks.machines import Machines
from pipeline.evaluate import evaluate
from pipeline.experiment import experiment
from pipeline.generate import generate
from pipeline.ingest import ingest
from pipeline.train import train

pytest.importorskip("ray", reason="Ray is not installed: pip install 'gan-augment[ray]'")
SETTINGS = {
    "ingest": {"source": "folder", "train_per_class": None, "min_per_class": 5},
    "train": {"width": 4, "latent": 4, "steps": 6, "shared_steps": 6, "batch_size": 4},
    "generate": {"per_class": 6, "oversample": 2, "folds": 2, "filter_steps": 4},
    "evaluate": {"seeds": 2, "steps": 4, "batch_size": 8, "resamples": 200},
}
NOT_COMPARED = {"report.html", "arm_seconds.json", "repeat_minutes.json"}  # minutes


def add_images(project: Path) -> None:
    digits = load_digits()
    for label, digit in (("one", 1), ("two", 2), ("three", 3)):
        folder = project / "data/raw" / label
        folder.mkdir(parents=True)
        for number, image in enumerate(digits.images[digits.target == digit][:14]):
            Image.fromarray((image * 255 / 16).round().astype(np.uint8)).save(folder / f"{number}.png")


def outputs(project: Path, compute: dict[str, object], monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """All that the stages write in a project of its own."""
    for name in ("base", "external"):
        (project / "data" / name).mkdir(parents=True)
    monkeypatch.chdir(project)
    add_images(project)
    params = check({**SETTINGS, "compute": compute})
    for stage in (ingest, train, generate, experiment, evaluate):
        stage(params)
    files = [path for folder in ("data", "models", "reports") for path in (project / folder).rglob("*")]
    return {str(path.relative_to(project)): path.read_bytes() for path in files if path.is_file()}


def test_five_stages_on_two_machines_write_what_one_process_writes(
    machines: Machines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    serial = outputs(tmp_path / "serial", {"engine": "serial"}, monkeypatch)
    there = outputs(tmp_path / "ray", {"engine": "ray", "address": machines.address}, monkeypatch)
    assert {"models/index.json", "data/synthetic/manifest.csv", "reports/evaluation/verdict.json"} <= serial.keys()
    assert serial.keys() == there.keys()
    assert [name for name in serial if serial[name] != there[name] and Path(name).name not in NOT_COMPARED] == []
    gans = [{path.parent.name for path in (tmp_path / kind).glob(".work/*/finished.pt")} for kind in ("serial", "ray")]
    assert gans[0] == gans[1] != set()
