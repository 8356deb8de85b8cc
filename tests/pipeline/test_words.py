"""From a file of descriptions to `draw`: ingest keeps them, train learns them, nothing of them is delivered."""

import json
from functools import partial
from pathlib import Path

import pytest

from augment.core.errors import TrainingError
from augment.gan.bundle import load_generators
from augment.gan.words.training import train_words
from augment.params import Params, check
from pipeline import train as stage
from pipeline.ingest import ingest
from pipeline.train import train


def settings(**values: object) -> Params:
    quick = {"width": 4, "latent": 4, "steps": 4, "shared_steps": 4, "batch_size": 4, "transfer": "none"}
    chosen = {"source": "slanted", "train_per_class": 10} | values
    return check({"ingest": chosen, "train": quick, "compute": {"engine": "serial"}})


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data/base").mkdir(parents=True)
    monkeypatch.setattr(stage, "train_words", partial(train_words, steps=2))
    return tmp_path


def weights(models: Path) -> dict[str, bytes]:
    return {path.parent.name: path.read_bytes() for path in models.glob("*/generator.safetensors")}


def test_descriptions_become_words_and_change_nothing_else(project: Path) -> None:
    ingest(settings())
    train(settings())
    plain, index = weights(project / "models"), (project / "models/index.json").read_bytes()
    assert set(plain) == {"face", "noise"}
    (project / "said.yaml").write_text("face: dark falling diagonal\nnoise: grey anything\nstripe: dark rows\n")
    described = settings(descriptions="said.yaml")
    ingest(described)
    train(described)
    made = weights(project / "models")
    assert {name: made[name] for name in plain} == plain
    assert (project / "models/_words/samples.png").stat().st_size > 100
    generators = load_generators("models")
    assert list(generators) == ["face", "noise"], "what has no image has no generator, so nothing delivers it"
    assert json.loads((project / "models/index.json").read_text())["words"] is True
    assert generators.draw("dark diagonal", n=3, seed=0).shape == (3, 1, 2, 2)
    with pytest.warns(UserWarning, match="left out: 'rows'"):
        generators.draw("dark rows", n=1)
    (project / "models/index.json").unlink()
    ingest(settings())
    train(settings())
    assert (project / "models/index.json").read_bytes() == index


def test_words_that_fail_cost_nothing_else(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise TrainingError("the generator of words diverged")

    monkeypatch.setattr(stage, "train_words", fail)
    (project / "said.json").write_text('{"face": "dark diagonal", "noise": "grey"}')
    described = settings(descriptions="said.json")
    ingest(described)
    train(described)
    assert "train: words: the generator of words diverged. There is no `draw`" in capsys.readouterr().err
    assert list(load_generators("models")) == ["face", "noise"]
