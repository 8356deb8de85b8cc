"""What README.md, docs/guide.md and docs/training-code.md say is true."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from augment import ImageSet
from augment.gan.generators import ClassGenerator, GeneratorSet
from augment.gan.networks.architecture import Architecture
from augment.gan.networks.build import build
from tests.delivered import deliver, recipe

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
PAGES = [README, *((ROOT / f"docs/{name}.md").read_text() for name in ("guide", "training-code"))]


def blocks(language: str) -> list[str]:
    """The fenced parts of these pages, in order."""
    parts = [part for page in PAGES for part in page.split("```")[1::2]]
    return [body for part in parts for kind, body in [part.split("\n", 1)] if kind == language]


def stripped(text: str) -> str:
    return "\n".join(line.strip() for line in text.strip().splitlines())


def test_every_python_block_is_run_below_or_stands_in_an_example() -> None:
    delivered, generators, *parts = blocks("python")
    assert "load_augmented" in delivered
    assert "load_generators" in generators
    examples = "\n\n".join(stripped(file.read_text()) for file in (ROOT / "examples").glob("*.py"))
    assert len(parts) == 5
    assert not [part for part in parts if stripped(part) not in examples]


def test_the_python_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = Architecture("dcgan", 1, 8, 8, latent=4, features=4)
    made = {label: ClassGenerator(label, build(plan, seed)[0]) for seed, label in enumerate(("3", "8"))}
    GeneratorSet(made).save(tmp_path / "models")
    names = np.array([str(position) for position in range(10)])
    images = np.zeros((10, 1, 8, 8), np.uint8)
    ImageSet(images, np.array(["3", "8", "3", "3", "8"] * 2), names, names).save(tmp_path / "data/prepared/train")
    monkeypatch.chdir(tmp_path)
    example = blocks("python")[1]
    found: dict[str, object] = {}
    exec(example, found)
    assert found["batch"].shape[1:] == (1, 8, 8)
    assert len(found["loader"].dataset) == 12


def test_the_fine_tuning_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a small network in the place of the pretrained one, which would be downloaded."""
    pictures = [
        (split, label, False, weight, Image.new("L", (50, 40), level + number))
        for split in ("train", "test")
        for label, level, weight in (("dark", 10, 0.5), ("light", 200, 1.5))
        for number in range(4)
    ]
    deliver(tmp_path / "data/augmented", pictures, recipe(classes=("dark", "light")))

    def create_model(name: str, *, pretrained: bool, num_classes: int, in_chans: int) -> nn.Module:
        assert (name, pretrained, in_chans) == ("resnet18", True, 1)
        torch.manual_seed(0)
        return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1, num_classes))

    monkeypatch.setitem(sys.modules, "timm", SimpleNamespace(create_model=create_model))
    monkeypatch.chdir(tmp_path)
    found: dict[str, object] = {}
    exec(blocks("python")[0].replace("1e-4", "1e-1"), found)
    assert found["images"].shape == (8, 1, 224, 224)
    assert found["loader"].sampler.weights.tolist() == [0.5] * 4 + [1.5] * 4
    assert capsys.readouterr().out == "accuracy on test: 100.0%\n"


def test_the_two_commands_are_the_ones_that_ci_runs() -> None:
    commands = [line for line in README.splitlines() if line.startswith("python3 -m venv ")]
    assert [command.split("&& ")[-1] for command in commands] == ["dvc repro", "pytest"]
    script = (ROOT / ".ci/run").read_text()
    assert "README.md" in script
    subprocess.run(["bash", "-n", str(ROOT / ".ci/run")], check=True)


def test_one_command_is_enough_here_and_in_the_guide() -> None:
    first = [block.split("#")[0].rstrip() for block in blocks("") if block.startswith("augment ")]
    assert first[:2] == ["augment run data/raw"] * 2


def test_every_file_and_folder_of_the_tree_exists() -> None:
    tree = next(block for block in blocks("") if block.startswith("params.yaml"))
    named, folder = [], ""
    for line in tree.splitlines():
        name = line.split()[0]
        folder = "" if not line.startswith(" ") else folder
        named.append(folder + name)
        folder = name if not line.startswith(" ") and name.endswith("/") else folder
    missing = [name for name in named if not (ROOT / name).exists()]
    assert not missing


def test_no_placeholder_is_left() -> None:
    assert not any(word in page for page in PAGES for word in ("RESULTS", "CAPTION", "TODO"))
