"""Exported images read back with the libraries that others use: the same pixels, labels and weights, and no original's
name."""

import json
import stat
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import augment
from augment import ClassGenerator, GeneratorSet
from augment.cli import main
from augment.gan.networks.architecture import Architecture
from augment.gan.networks.build import build
from augment.sharing import export, parquet, shards
from tests.delivered import MIXED, deliver, recipe

COLOUR = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3) * 14


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small data/augmented and generators of one of its classes; no network."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    deliver(Path("data/augmented"), MIXED, recipe(synthetic=1))
    network = build(Architecture("dcgan", 1, 6, 8, latent=2, features=4), 0)[0]
    GeneratorSet({"scratch": ClassGenerator("scratch", network, {"images": 1})}, {"dent": "collapsed"}).save("models")
    return tmp_path


def expected(split: str) -> list[tuple[Any, int, bool, float]]:
    data = augment.load_augmented("data/augmented", split)
    rows = zip(range(len(data)), data.targets, data.synthetic, data.weights.tolist(), strict=True)
    return [(data[index][0].numpy().tolist(), label, bool(made), weight) for index, label, made, weight in rows]


def pixels(image: Image.Image) -> Any:
    planes = np.asarray(image)
    return (planes[None] if planes.ndim == 2 else planes.transpose(2, 0, 1)).tolist()


@pytest.mark.filterwarnings("ignore")
def test_parquet_is_read_by_hugging_face(project: Path) -> None:
    datasets = pytest.importorskip("datasets")
    assert main(["export", "out", "--samples", "3", "--seed", "5"]) == 0
    cache = str(project / "cache")
    file = {"train": "out/data/train-*.parquet"}
    for data in (
        datasets.load_dataset("out", cache_dir=cache),  # by the card
        datasets.load_dataset("parquet", data_files=file, cache_dir=cache),  # by the files alone
    ):
        train = data["train"]
        assert train.features["image"] == datasets.Image()
        assert train.features["label"].names == ["dent", "scratch"]
        found = [(pixels(row["image"]), row["label"], row["synthetic"], row["weight"]) for row in train]
        assert found == expected("train")
    whole = datasets.load_dataset("out", cache_dir=cache)
    assert {name: len(split) for name, split in whole.items()} == {"train": 4, "validation": 1, "samples": 3}
    drawn = augment.load_generators("models")["scratch"].sample(3, seed=5)
    assert [pixels(row["image"]) for row in whole["samples"]] == drawn.tolist()
    assert set(whole["samples"]["label"]) == {1}
    assert all(whole["samples"]["synthetic"])


def members(path: Path) -> Iterator[dict[str, bytes]]:
    """The files of each image of a shard by ending, in the form that webdataset reads."""
    with tarfile.open(path) as archive:
        infos = archive.getmembers()
        for start in range(0, len(infos), 3):
            part = infos[start : start + 3]
            assert len({info.name.split(".")[0] for info in part}) == 1
            yield {info.name.split(".")[1]: archive.extractfile(info).read() for info in part}  # type: ignore[union-attr]


def test_shards_hold_each_image_once(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "IMAGES", 3)
    assert main(["export", "out", "--format", "webdataset"]) == 0
    parts = sorted(Path("out/data").glob("train-*.tar"))
    assert [path.name for path in parts] == ["train-00000.tar", "train-00001.tar"]
    images = [image for path in parts for image in members(path)]
    for image, (shown, label, made, weight) in zip(images, expected("train"), strict=True):
        (project / "one.png").write_bytes(image["png"])
        assert pixels(Image.open(project / "one.png")) == shown
        assert int(image["cls"]) == label
        told = {"label": ["dent", "scratch"][label], "synthetic": made, "weight": weight}
        assert json.loads(image["json"]) == told


@pytest.mark.filterwarnings("ignore")
def test_webdataset_and_hugging_face_read_the_shards(project: Path) -> None:
    datasets = pytest.importorskip("datasets")
    assert main(["export", "out", "--format", "webdataset"]) == 0
    rows = datasets.load_dataset("out", cache_dir=str(project / "cache"))["train"]
    assert [(pixels(row["png"]), row["cls"]) for row in rows] == [image[:2] for image in expected("train")]
    webdataset = pytest.importorskip("webdataset")
    found = webdataset.WebDataset("out/data/train-00000.tar", shardshuffle=False).decode("torchl8").to_tuple(
        "png", "cls", "json"
    )  # fmt: skip
    rows = [(torch.as_tensor(image).reshape(1, *image.shape[-2:]).tolist(), label) for image, label, _ in found]
    assert rows == [image[:2] for image in expected("train")]


def test_equal_images_give_equal_bytes(project: Path) -> None:
    assert main(["export", "a", "--format", "webdataset"]) == main(["export", "b", "--format", "webdataset"]) == 0
    for path in Path("a").rglob("*.*"):
        assert path.read_bytes() == (Path("b") / path.relative_to("a")).read_bytes(), path


def test_what_a_camera_writes_and_names_of_originals_stay_home(project: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "Jane Doe, ward 7"
    Image.fromarray(COLOUR).save("patient_jane.jpg", exif=exif)
    content = Path("patient_jane.jpg").read_bytes()
    assert b"Jane Doe" in content
    deliver(Path("native"), [("train", "dent", False, 1.0, content)], recipe(channels=3), ending="jpg")
    assert main(["export", "out", "--format", "webdataset", "--data", "native"]) == 0
    for path in Path("out").rglob("*.*"):
        assert b"Jane Doe" not in path.read_bytes()
        assert b"raw/0" not in path.read_bytes()  # the source in manifest.csv


@pytest.mark.parametrize("stands", ["file", "full", "link"])
def test_what_stands_there_is_never_overwritten(stands: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, kept = Path("out"), Path("kept")
    if stands == "full":
        out.mkdir()
        (out / "README.md").write_text("mine")
    elif stands == "file":
        out.write_text("mine")
    else:
        kept.mkdir()
        out.symlink_to(kept)
    assert main(["export", "out", "--format", "webdataset"]) == 2
    assert "augment: out: something stands there, and nothing of it is overwritten." in capsys.readouterr().err
    assert Counter(path.name for path in project.iterdir())["out"] == 1
    assert stands != "full" or (out / "README.md").read_text() == "mine"
    assert stands != "link" or not list(kept.iterdir())


def test_an_empty_folder_is_filled_and_has_the_rights_of_a_new_one(project: Path) -> None:
    Path("out").mkdir()
    Path("like").mkdir()
    assert main(["export", "out", "--format", "webdataset"]) == 0
    assert Path("out/README.md").exists()
    assert stat.S_IMODE(Path("out").stat().st_mode) == stat.S_IMODE(Path("like").stat().st_mode)


def test_damage_found_on_the_way_leaves_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    next(Path("data/augmented/val").rglob("*.png")).write_bytes(b"")
    assert main(["export", "out", "--format", "webdataset"]) == 2
    assert "data/augmented/val/scratch/000004.png" in capsys.readouterr().err
    assert not Path("out").exists()
    assert not [path for path in project.iterdir() if path.name.startswith(".")]


def test_a_folder_that_cannot_be_written_is_said(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(**_: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("augment.core.whole_folder.tempfile.mkdtemp", refuse)
    assert main(["export", "out", "--format", "webdataset"]) == 2
    assert capsys.readouterr().err.startswith("augment: out: cannot be written (Permission denied), and nothing was.")


def test_a_full_disk_on_the_way_leaves_nothing(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shards, "_add", full)
    with pytest.raises(augment.AugmentError, match=r"out: cannot be written \(No space left on device\)"):
        export.run(Path("out"), "webdataset", Path("data/augmented"), Path("reports"), Path("models"), 0, 0)
    assert not Path("out").exists()


def test_a_missing_library_names_the_pip_command(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(parquet.importlib.util, "find_spec", lambda name: None)
    assert main(["export", "out"]) == 2
    assert "Parquet needs datasets, pyarrow: pip install 'gan-augment[datasets]'" in capsys.readouterr().err


def test_generators_of_other_classes_are_refused(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    network = build(Architecture("dcgan", 1, 6, 8, latent=2, features=4), 0)[0]
    GeneratorSet({"bent": ClassGenerator("bent", network)}).save("others")
    assert main(["export", "out", "--format", "webdataset", "--samples", "2", "--models", "others"]) == 2
    assert "others: has a generator of class 'bent', the images are of dent, scratch" in capsys.readouterr().err
