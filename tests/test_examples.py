"""The examples run, and say what they promise. Those of a library that is not installed are skipped."""

import gc
import importlib
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader, TensorDataset

from augment import ClassGenerator, GeneratorSet, params
from augment.gan.networks.architecture import Architecture
from augment.gan.networks.build import build
from examples.downstream_training import main
from tests.delivered import deliver, recipe

ROOT = Path(__file__).parent.parent


def example(name: str, library: str) -> Any:
    pytest.importorskip(library)
    return importlib.import_module(f"examples.{name}")


def test_downstream_training(capsys: pytest.CaptureFixture[str]) -> None:
    accuracies = main(gan_steps=2, shared_steps=2, steps=150)
    assert len(accuracies) == 3
    assert accuracies["real images alone"] > 0.6
    assert all(0 <= accuracy <= 1 for accuracy in accuracies.values())
    assert capsys.readouterr().out.count("%") == 3


def test_over_sampling(capsys: pytest.CaptureFixture[str]) -> None:
    accuracies = example("over_sampling", "imblearn").main(gan_steps=2, shared_steps=2)
    assert list(accuracies) == ["no more images", "SMOTE", "GANs"]
    assert accuracies["no more images"] > 0.7
    assert capsys.readouterr().out.count("%") == 3


@pytest.mark.filterwarnings("ignore")  # Lightning gives advice as warnings
def test_lightning_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = example("lightning_training", "lightning")
    assert found.main(gan_steps=2, shared_steps=2, epochs=8) > 0.2


@pytest.mark.filterwarnings("ignore")
def test_a_checkpoint_of_lightning_holds_the_position_of_the_mix(tmp_path: Path) -> None:
    found = example("lightning_training", "lightning")
    plan = Architecture("dcgan", 1, 8, 8, latent=4, features=4)
    network = build(plan, 0)[0]
    module = found.Classifier(GeneratorSet({label: ClassGenerator(label, network) for label in "0123456789"}))
    data = TensorDataset(torch.zeros((40, 1, 8, 8), dtype=torch.uint8), torch.arange(40) % 10)
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    trainer = found.lightning.Trainer(max_epochs=1, accelerator="cpu", enable_model_summary=False, **quiet)
    trainer.fit(module, DataLoader(data, batch_size=20))
    trainer.save_checkpoint(tmp_path / "checkpoint")
    state = torch.load(tmp_path / "checkpoint", weights_only=True)["state_dict"]
    assert sum(state["mix._extra_state"]["taken"].values()) > 3
    assert state["mix._extra_state"]["taken"] == module.mix.get_extra_state()["taken"]


@pytest.mark.filterwarnings("ignore")
def test_hugging_face_datasets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a network, and only what the column `weight` draws: a third class, of weight 0, is never learnt."""
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    found = example("hugging_face_datasets", "datasets")
    levels = {"dark": 10, "grey": 120, "light": 230}
    pictures = [
        (split, label, number == 0, 0.0 if label == "grey" and split == "train" else 1.0, Image.new("L", (8, 6), level))
        for split in ("train", "val", "test")
        for label, level in levels.items()
        for number in range(3)
    ]
    deliver(tmp_path / "augmented", pictures, recipe(classes=tuple(levels)))
    assert found.main(str(tmp_path / "augmented"), steps=60) == pytest.approx(2 / 3)
    assert "synthetic" in capsys.readouterr().out
    gc.collect()  # the library leaves files open, which another test would be blamed for


def test_the_second_example_is_params_yaml_but_for_what_keeps_it_short() -> None:
    usual, plates = (params.load(ROOT / name).model_dump() for name in ("params.yaml", "examples/plates.yaml"))
    differing = {
        f"{section}.{key}"
        for section, values in usual.items()
        if isinstance(values, dict)
        for key, value in values.items()
        if plates[section][key] != value
    }
    assert plates["ingest"]["source"] == "surfaces"
    assert plates["generate"]["sources"] == "translated"
    assert "untranslated_half" in plates["evaluate"]["arms"]
    assert differing == {
        "ingest.source", "ingest.flips", "ingest.train_per_class", "train.width", "train.shared_steps",
        "train.steps", "train.batch_size", "generate.filter_steps",
        "generate.per_class", "generate.sources", "evaluate.arms", "evaluate.classifier", "evaluate.seeds",
        "evaluate.second_classifier", "evaluate.steps",
    }  # fmt: skip
