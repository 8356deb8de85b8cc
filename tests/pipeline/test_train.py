"""The train stage: what it leaves in models/, and a shared generator that is pinned for the next run."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from augment.core.errors import BundleError, StoreError
from augment.core.files import write_json
from augment.data.imageset import ImageSet
from augment.evaluation.experiment.experiment import further_generators
from augment.evaluation.experiment.protocol import Replicate, Splits
from augment.evaluation.experiment.training_sets import paired_seeds
from augment.gan.bundle import load_bundle, load_generators
from augment.gan.checkpoint_store import FinishedGan
from augment.gan.per_class import TrainedClasses, train_classes
from augment.gan.settings import start_backend
from augment.params import Params, check
from pipeline import train as stage
from pipeline.train import train
from tests.toy import toy_set


def settings(**values: object) -> Params:
    quick = {"width": 4, "latent": 4, "steps": 6, "shared_steps": 6, "batch_size": 4}
    return check({"train": quick | values, "compute": {"engine": "serial"}})


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    toy_set({"a": 6, "b": 5}).save(tmp_path / "data/prepared/train")
    write_json(tmp_path / "data/prepared/sizes.json", {"working": (8, 8), "native": (200, 300)})
    write_json(tmp_path / "data/prepared/classes.json", [{"val": 1, "test": 2}, {"val": 3, "test": 4}])
    (tmp_path / "data/base").mkdir()
    (tmp_path / "data/base/README.md").touch()
    return tmp_path


def weights(project: Path) -> dict[str, bytes]:
    return {path.parent.name: path.read_bytes() for path in project.glob("models/*/generator.safetensors")}


def test_models_are_the_classes_and_the_shared_generator(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train(settings())
    told = capsys.readouterr().err
    assert told.count("shared GANs: 1 of 1") == told.count(" steps: ") == 1, "trained and told of once"
    assert told.index("3 GANs, 18 steps: ") < told.index("shared GANs"), "before it begins"
    assert set(weights(project)) == {"a", "b", "_shared"}
    assert set(json.loads((project / "models/index.json").read_text())["classes"]) == {"a", "b"}
    assert list(load_generators(project / "models")) == ["a", "b"]
    shared = load_bundle(project / "models/_shared")
    assert (shared.label, shared.training["images"], shared.training["steps"]) == ("shared", 11, 6)
    images = ImageSet.load(project / "data/prepared/train")
    assert shared.training["images_sha256"] == images.fingerprint()
    one = load_bundle(project / "models/a").training
    assert (one["images"], one["images_sha256"]) == (
        images.counts()["a"],
        images.of_class("a").fingerprint(),
    )
    assert {path.name for path in (project / "models/a").iterdir()} == {
        "manifest.json", "generator.safetensors", "curve.csv", "samples.png",
    }  # fmt: skip


def test_the_repeats_of_evaluate_train_what_the_stage_delivers(project: Path) -> None:
    """With the seed of the first repeat the two stages come to the same weights."""
    train(settings())
    images = ImageSet.load(project / "data/prepared/train")
    protocol = replace(paired_seeds(Splits(images, images, images), [0]), first_is_delivered=False)
    (again,) = further_generators(protocol, settings(), start_backend(settings().compute))
    delivered = load_generators(project / "models")
    assert list(again) == list(delivered)
    for label in delivered:
        assert torch.equal(again[label].sample(3), delivered[label].sample(3))


def test_every_repeat_trains_on_its_own_training_images(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = toy_set({"a": 6, "b": 5}), toy_set({"a": 7, "b": 4})
    repeats = [Replicate(seed, Splits(own, own, own)) for seed, own in enumerate((first, second))]
    protocol = replace(paired_seeds(Splits(first, first, first), [0, 1]), replicates=repeats, first_is_delivered=False)
    made = further_generators(protocol, settings(), start_backend(settings().compute))
    for own, generators in zip((first, second), made, strict=True):
        assert generators.shared is not None
        assert generators.shared.training["images_sha256"] == own.fingerprint()
        for label, generator in generators.items():
            assert generator.training["images_sha256"] == own.of_class(label).fingerprint()
    assert capsys.readouterr().err.count(" steps: ") == 1, "what all take is told once"


def test_without_transfer_there_is_no_shared_generator(project: Path) -> None:
    train(settings(transfer="none"))
    assert set(weights(project)) == {"a", "b"}


def test_a_pinned_generator_lets_a_new_class_train_alone(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    train(settings())
    for file in (project / "models/_shared").iterdir():
        shutil.copy(file, project / "data/base")
    shutil.rmtree(project / "models")
    train(settings())
    assert "every class starts from the generator in data/base" in capsys.readouterr().err
    before, finished = weights(project), set(project.glob(".work/*/finished.pt"))
    toy_set({"a": 6, "b": 5, "c": 4}).save(project / "data/prepared/train")
    train(settings())
    after = weights(project)
    assert set(after) == {"a", "b", "c"}
    assert {label: after[label] for label in "ab"} == before
    assert len(set(project.glob(".work/*/finished.pt")) - finished) == 1


def test_a_class_that_fails_is_named_with_its_reason(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def b_fails(*arguments: object) -> list[TrainedClasses]:
        (trained,) = train_classes(*arguments)
        lost = FinishedGan(replace(trained.classes["b"].result, reason="collapsed"), None)
        return [TrainedClasses(trained.shared, trained.classes | {"b": lost})]

    monkeypatch.setattr(stage, "train_classes", b_fails)
    train(settings())
    told = capsys.readouterr().err
    assert told.count(" failed: ") == 1
    assert "train: the GAN of class 'b' failed: collapsed. It gets no synthetic images" in told
    assert list(load_generators(project / "models")) == ["a"]


def test_a_bundle_of_another_size_is_one_message(project: Path) -> None:
    train(settings())
    shutil.copytree(project / "models/_shared", project / "mine")
    toy_set({"a": 6, "b": 5}, side=12).save(project / "data/prepared/train")
    with pytest.raises(BundleError, match=r"train\.base: mine makes images of 8 x 8 .* training images are 12 x 12"):
        train(settings(base="mine"))


@pytest.mark.usefixtures("project")
def test_a_disk_too_small_for_what_is_delivered_stops_the_run_before_it_trains(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    disk = SimpleNamespace(free=5_000_000)
    monkeypatch.setattr("augment.project.disk_space.shutil.disk_usage", lambda path: disk)
    with pytest.raises(StoreError, match=r"train on \(data/augmented\).* set assemble.size to less than 200x"):
        train(settings())
    assert "GANs" not in capsys.readouterr().err
    smaller = settings().model_copy(update={"assemble": settings().assemble.model_copy(update={"size": "working"})})
    train(smaller)
