"""`generate.sources: learned` through the stages: a translator in models/, its samples in data/synthetic."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from augment.core.engine import Engine
from augment.core.files import read_csv, write_json
from augment.data.imageset import ImageSet
from augment.evaluation.experiment.experiment import further_generators
from augment.evaluation.experiment.protocol import Splits
from augment.evaluation.experiment.training_sets import paired_seeds
from augment.gan.backend import backend_on
from augment.gan.bundle import load_generators
from augment.gan.translate import guards, training
from augment.params import Params, check
from augment.report.carried import read_carried
from pipeline.generate import generate
from pipeline.train import train
from tests.synthesis.transplant.test_learning import small_set

SETS = small_set(good=60, pit=6, chip=6)
SETTINGS = {
    "train": {"width": 4, "latent": 4, "steps": 6, "shared_steps": 6, "batch_size": 4},
    "generate": {"per_class": 8, "filter_steps": 5, "folds": 2, "sources": {"pit": "learned", "chip": "translated"}},
    "compute": {"engine": "serial"},
}


def settings() -> Params:
    return check(SETTINGS)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """In which translators learn next to nothing, and that is well."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(training, "BATCH", 4)
    monkeypatch.setattr(guards, "MAX_ERROR", 1e9)
    monkeypatch.setattr(guards, "MIN_DIVERSITY", 0.0)
    SETS.save(tmp_path / "data/prepared/train")
    write_json(tmp_path / "data/prepared/sizes.json", {"working": (32, 32), "native": (32, 32)})
    write_json(tmp_path / "data/prepared/classes.json", [{"val": 1, "test": 2}] * 3)
    for folder in ("data/base", "data/selection"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "README.md").touch()
    return tmp_path


def test_the_stages_learn_draw_and_tell(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train(settings())
    loaded = load_generators("models")
    assert list(loaded.translators) == ["pit"]
    (row,) = read_csv(project / "models/translators.csv")
    assert (row["label"], row["learned"]) == ("pit", "1")
    generate(settings())
    rows = read_csv(project / "data/synthetic/manifest.csv")
    assert {(row["label"], row["source"]) for row in rows} == {
        ("pit", "learned"), ("chip", "translated"), ("good", "own"),
    }  # fmt: skip
    prepared = ImageSet.load(project / "data/prepared/train")
    for row in rows:
        if row["label"] == "pit":
            assert prepared.labels[int(row["lender_image"])] == "good"
            assert prepared.labels[int(row["source_image"])] == "pit"
    words = {one.label: one.words for one in read_carried(project / "data/synthetic")}
    assert "a network of the class learnt them" in words["pit"]
    assert "carried onto images of good" in words["chip"]


def test_where_nothing_is_learnt_defects_are_carried_as_they_are(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(guards, "MAX_ERROR", -1.0)
    train(settings())
    assert load_generators("models").translators == {}
    (row,) = read_csv(project / "models/translators.csv")
    assert row["learned"] == "0"
    assert "misses its defects" in row["reason"]
    assert "train: no translator of class 'pit': pit: the translator learnt nothing" in capsys.readouterr().err
    generate(settings())
    rows = read_csv(project / "data/synthetic/manifest.csv")
    assert {row["source"] for row in rows if row["label"] == "pit"} == {"translated"}


def test_repeats_have_translators_of_their_own(project: Path) -> None:
    protocol = replace(paired_seeds(Splits(SETS, SETS, SETS), [1, 2]), first_is_delivered=False)
    backend = backend_on("cpu", Engine(), None, 30.0)
    one, two = further_generators(protocol, settings(), backend)
    good = np.ascontiguousarray(SETS.images[:2])
    assert not np.array_equal(one["pit"].translate(good).numpy(), two["pit"].translate(good).numpy())
    assert list(one.translators) == list(two.translators) == ["pit"]
