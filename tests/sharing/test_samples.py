"""Samples in files: those of the library, the same after a stop, and nothing of anybody else's is touched."""

import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from augment import ClassGenerator, GeneratorSet, load_generators
from augment.cli import main
from augment.gan.generators import CHUNK
from augment.gan.networks.architecture import Architecture
from augment.gan.networks.build import build
from augment.sharing import samples

COUNT = 2 * CHUNK + 6


def save_models(seed: int) -> None:
    network = Architecture("dcgan", 1, 8, 6, latent=4, features=4)
    made = {label: ClassGenerator(label, build(network, seed + number)[0]) for number, label in enumerate("ab")}
    GeneratorSet(made, {"c": "collapsed"}).save("models")


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Generators of two classes, and shards of so many images as one forward pass makes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(samples, "IMAGES", CHUNK)
    save_models(0)
    return tmp_path


def sample(out: str, *options: str) -> int:
    return main(["sample", "models", "-n", str(COUNT), "--seed", "3", "-o", out, *options])


def in_shards(folder: str) -> Iterator[tuple[str, dict[str, bytes]]]:
    """Name and files of each image of all shards, as webdataset finds them."""
    for path in sorted(Path(folder).glob("*.tar")):
        found: dict[str, dict[str, bytes]] = {}
        with tarfile.open(path) as archive:
            for member in archive:
                name, ending = member.name.split(".")
                found.setdefault(name, {})[ending] = archive.extractfile(member).read()  # type: ignore[union-attr]
        yield from found.items()


def contents(folder: str) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


def test_shards_hold_the_samples_of_the_library() -> None:
    assert sample("out", "--format", "webdataset") == 0
    names, images = zip(*in_shards("out"), strict=True)
    assert len(set(names)) == len(names) == 2 * COUNT
    for target, (label, generator) in enumerate(load_generators("models").items()):
        drawn = generator.sample(COUNT, seed=3).numpy()
        mine = [image for image in images if int(image["cls"]) == target]
        for image, expected in zip(mine, drawn, strict=True):
            assert np.array_equal(np.asarray(Image.open(io.BytesIO(image["png"]))), expected[0])
            assert json.loads(image["json"]) == {"label": label, "synthetic": True, "weight": 1.0}


@pytest.mark.parametrize("form", ["png", "webdataset"])
def test_a_stopped_run_goes_on_where_it_was(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert sample("whole", "--format", form) == 0
    draw, asked = ClassGenerator.sample, list[int]()

    def stopped(self: ClassGenerator, n: int, **others: Any) -> Any:
        asked.append(n)
        if len(asked) == 4:
            raise KeyboardInterrupt
        return draw(self, n, **others)

    with monkeypatch.context() as patched:
        patched.setattr(ClassGenerator, "sample", stopped)
        assert sample("out", "--format", form) == 130
        assert len(contents("out")) > 3 if form == "png" else len(contents("out")) == 4
        (Path("out") / ".half.tmp").write_bytes(b"of a killed run")
        assert sample("out", "--format", form) == 0
    assert contents("out") == contents("whole")
    assert max(asked) == CHUNK, "no more in memory than one forward pass makes"
    assert len(asked) == 7, "what stood was not made again"


def test_other_samples_and_foreign_folders_stay_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert sample("out", "--format", "webdataset") == 0
    before = contents("out")
    assert main(["sample", "models", "-n", "3", "-o", "out", "--format", "webdataset"]) == 2
    assert "as many of each class" in capsys.readouterr().err
    save_models(5)
    assert sample("out") == 2
    assert "no samples of these generators (samples.json). Name a new folder" in capsys.readouterr().err
    assert contents("out") == before
    Path("mine").mkdir()
    Path("mine/holiday.png").write_text("mine")
    assert sample("mine") == 2
    assert contents("mine") == {"holiday.png": b"mine"}
    assert main(["sample", "models", "-o", "mine/holiday.png"]) == 2
    (Path("out") / samples.RECORD).write_text("{")
    assert sample("out") == 2
    assert capsys.readouterr().err.count("Name a new folder") == 3


def test_one_folder_holds_several_seeds_and_classes_of_png() -> None:
    for options in (
        ["--class", "a", "-n", "2"],
        ["--class", "b", "-n", "3"],
        ["--class", "b", "-n", "2", "--seed", "1"],
    ):
        assert main(["sample", "models", "-o", "out", *options]) == 0
    found = sorted(path.relative_to("out").as_posix() for path in Path("out").rglob("*.png"))
    assert found == ["a/0-000000.png", "a/0-000001.png", "b/0-000000.png", "b/0-000001.png", "b/0-000002.png",
                     "b/1-000000.png", "b/1-000001.png"]  # fmt: skip
