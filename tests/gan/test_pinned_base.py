"""A pinned generator in the place of the shared GAN: classes train alone, and what does not fit is refused."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from augment.core.engine import Engine
from augment.core.errors import BundleError, ParamsError
from augment.core.files import write_text
from augment.data.imageset import ImageSet
from augment.gan.backend import Backend
from augment.gan.checkpoint_store import fingerprint
from augment.gan.generators import ClassGenerator
from augment.gan.networks.architecture import Architecture
from augment.gan.networks.build import build
from augment.gan.per_class import train_classes
from augment.gan.settings import class_training, load_pinned_start, start_from_bundle
from augment.gan.training.run import GanJob, Start, players_of
from augment.gan.training.trainer import fit
from augment.params import Train, check

PLAN = Architecture("dcgan", 1, 8, 8, latent=4, features=4)
QUICK = {"width": 4, "latent": 4, "steps": 6, "shared_steps": 6, "batch_size": 4, "precision": "fp32"}
HERE = Backend(Engine("serial", 1), "cpu", None, 30.0)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    ClassGenerator("shared", build(PLAN, 5)[0]).save(tmp_path / "base")
    return tmp_path / "base"


def test_a_bundle_is_where_every_class_starts(base: Path, job: GanJob) -> None:
    start = start_from_bundle(base, PLAN)
    assert start is not None
    expected = build(PLAN, 5)[0].state_dict()
    assert all(torch.equal(start.generator[name], value) for name, value in expected.items())
    assert start.discriminator is None
    players = players_of(replace(job, start=start))
    assert torch.equal(players.generator.project.weight, expected["project.weight"])
    assert torch.equal(players.average.project.weight, expected["project.weight"])
    fresh = build(PLAN, job.seed)[1].state_dict()
    assert all(torch.equal(players.discriminator.state_dict()[name], value) for name, value in fresh.items())
    assert fit(replace(job, start=start)).reason == ""


def test_only_a_readme_means_none(tmp_path: Path) -> None:
    (tmp_path / "README.md").touch()
    (tmp_path / ".DS_Store").touch()
    assert start_from_bundle(tmp_path, PLAN) is None


def test_the_shipped_folder_pins_nothing() -> None:
    root = Path(__file__).parents[2]
    assert Train().base == "data/base"
    assert [path.name for path in (root / "data/base").iterdir() if path.suffix == ".md"] == ["README.md"]


def test_classes_train_alone(base: Path, two_classes: ImageSet) -> None:
    """With a pinned start, neither a class that goes nor one that changes moves another."""
    start = load_pinned_start(Train(base=str(base), **QUICK), 1, 8, 8)
    settings = {"flips": "none", "height": 8, "width": 8, "device": "cpu", "pinned_start": start}
    (both,) = train_classes(two_classes, class_training(Train(**QUICK), two_classes.counts(), **settings), [0], HERE)
    alone = two_classes.of_class("a")
    training = class_training(Train(**QUICK), alone.counts(), **settings)
    assert training.shared is None
    (one,) = train_classes(alone, training, [0], HERE)
    weights = one.classes["a"].whole().generator
    assert all(torch.equal(both.classes["a"].whole().generator[name], value) for name, value in weights.items())
    (scratch,) = train_classes(
        alone,
        class_training(Train(**QUICK, transfer="none"), alone.counts(), **settings | {"pinned_start": None}),
        [0],
        HERE,
    )
    assert not torch.equal(scratch.classes["a"].whole().generator["project.weight"], weights["project.weight"])


def test_the_start_is_part_of_the_fingerprint(job: GanJob, base: Path) -> None:
    pinned_job = replace(job, start=start_from_bundle(base, PLAN))
    other = replace(job, start=Start(build(PLAN, 6)[0].state_dict(), None))
    assert len({fingerprint(one) for one in (job, pinned_job, other)}) == 3


def test_without_transfer_nothing_is_read(tmp_path: Path) -> None:
    assert load_pinned_start(Train(base=str(tmp_path / "nowhere"), transfer="none"), 1, 8, 8) is None


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (Architecture("dcgan", 1, 28, 28, 4, 4), "8 x 8 pixels in grey, and the training images are 28 x 28 pixels"),
        (Architecture("dcgan", 3, 8, 8, 4, 4), "training images are 8 x 8 pixels in RGB"),
        (
            Architecture("dcgan", 1, 8, 8, 64, 4),
            "width 4, latent 4, and params.yaml says network dcgan, width 4, latent",
        ),
    ],
)
def test_a_bundle_that_does_not_fit_is_one_message(base: Path, wanted: Architecture, words: str) -> None:
    with pytest.raises(BundleError, match=words) as caught:
        start_from_bundle(base, wanted)
    assert str(caught.value).startswith(f"train.base: {base} ")


def test_a_folder_without_a_bundle_is_one_message(tmp_path: Path, base: Path) -> None:
    with pytest.raises(BundleError, match=r"holds no manifest\.json"):
        start_from_bundle(tmp_path / "nowhere", PLAN)
    (base / "manifest.json").unlink()
    with pytest.raises(BundleError, match=r"holds no manifest\.json"):
        start_from_bundle(base, PLAN)
    write_text(base / "manifest.json", "{}")
    with pytest.raises(BundleError, match=r"manifest\.json"):
        start_from_bundle(base, PLAN)


@pytest.mark.parametrize("name", ["models", "models/_shared", "./models/_shared"])
def test_a_folder_that_every_run_empties_is_refused(name: str) -> None:
    with pytest.raises(ParamsError, match=r"params\.yaml: train\.base: .* every run empties; copy"):
        check({"train": {"base": name}})
