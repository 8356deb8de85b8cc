"""Generators that stay in their files: the same samples and bytes, and few networks in memory however many classes."""

import pickle
import shutil
import weakref
from pathlib import Path

import numpy as np
import pytest
import torch

from augment.core.engine import Engine
from augment.core.errors import BundleError, StoreError
from augment.data.imageset import ImageSet
from augment.gan import bundle
from augment.gan.api import train_generators
from augment.gan.backend import Backend
from augment.gan.bundle import kept_generators, load_generators
from augment.gan.generators import ClassGenerator, GeneratorSet, KeptGenerator, class_generator
from augment.gan.networks.architecture import Architecture
from augment.gan.networks.build import Generator, build, new_generator
from augment.gan.per_class import ClassTraining, generators_from, train_classes
from augment.gan.training.run import GanSettings
from tests.gan.conftest import images

PLAN = Architecture("dcgan", 1, 6, 5, latent=4, features=4)
LABELS = [str(number) for number in range(9)]
FEW = 4  # the shared one, the first, the one at hand and the next


@pytest.fixture
def models(tmp_path: Path) -> Path:
    made = {
        label: ClassGenerator(label, build(PLAN, seed)[0], {"steps": seed}, {"torch": "x"})
        for seed, label in enumerate(LABELS)
    }
    shared = ClassGenerator("shared", build(PLAN, 99)[0])
    GeneratorSet(made, {"gone": "collapsed"}, ["gone", *LABELS], shared).save(tmp_path / "models")
    return tmp_path / "models"


@pytest.fixture
def alive(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many networks are in memory whenever one more is made."""
    networks, counts = weakref.WeakSet[Generator](), list[int]()

    def watched(architecture: Architecture) -> Generator:
        made = new_generator(architecture)
        networks.add(made)
        counts.append(len(networks))
        return made

    for module in (bundle, class_generator):
        monkeypatch.setattr(module, "new_generator", watched)
    return counts


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_they_draw_and_write_what_those_in_memory_do(models: Path, tmp_path: Path) -> None:
    held, kept = load_generators(models), kept_generators(models)
    assert (list(kept), kept.failed, kept.classes, repr(kept)) == (list(held), held.failed, held.classes, repr(held))
    for label, one in kept.items():
        other = held[label]
        assert (one.training, one.environment, one.shape) == (other.training, other.environment, other.shape)
        assert torch.equal(one.sample(70, seed=2, start=3), other.sample(70, seed=2, start=3))
        assert torch.equal(one.latents(1, [5]), other.latents(1, [5]))
    kept.save(tmp_path / "again")
    assert contents(tmp_path / "again") == contents(models)


def test_few_are_in_memory(models: Path, alive: list[int], tmp_path: Path) -> None:
    held = load_generators(models)
    assert max(alive) == len(held) + 1
    del held
    alive.clear()
    kept = kept_generators(models)
    kept.sample(20)
    kept.save(tmp_path / "again")
    assert len(alive) == 3 * len(LABELS) + 1, "verified, drawn and saved"
    assert max(alive) <= FEW


def test_in_another_process_they_are_held(models: Path) -> None:
    kept = kept_generators(models)["3"]
    before, sent = kept.sample(3), pickle.loads(pickle.dumps(kept))
    shutil.rmtree(models)
    assert type(sent) is ClassGenerator
    assert torch.equal(sent.sample(3), before)
    with pytest.raises(BundleError, match=r"models/3/manifest\.json: No such file"):
        kept.sample(3)


def test_damage_is_told_at_once_and_later(models: Path) -> None:
    kept, path = kept_generators(models), models / "3/generator.safetensors"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    kept["4"].sample(1)
    for use in (lambda: kept["3"].sample(1), lambda: pickle.dumps(kept["3"]), lambda: kept_generators(models)):
        with pytest.raises(BundleError, match=r"3/generator\.safetensors: its SHA-256"):
            use()


def four_classes() -> ImageSet:
    labels = np.repeat(["a", "b", "c", "d"], 4)
    names = np.array([str(index) for index in range(16)])
    return ImageSet(images(16), labels, names, names)


def made_with(store: Path | None, tiny: GanSettings, folder: Path) -> GeneratorSet:
    """The generators of four classes, which are saved too."""
    train = four_classes()
    training = ClassTraining(tiny, dict.fromkeys("abcd", tiny))
    (trained,) = train_classes(train, training, [0], Backend(Engine(), "cpu", store, 30.0))
    generators = generators_from(train, training, trained, "cpu")
    generators.save(folder)
    return generators


def test_with_a_work_store_a_class_is_read_when_it_is_saved_to_the_same_bytes(
    tiny: GanSettings, tmp_path: Path, alive: list[int]
) -> None:
    held = made_with(None, tiny, tmp_path / "held")
    assert {type(one) for one in held.values()} == {ClassGenerator}
    assert max(alive) == 5
    del held
    for _ in ("trained", "found there"):
        alive.clear()
        kept = made_with(tmp_path / "store", tiny, tmp_path / "kept")
        assert {type(one) for one in kept.values()} == {KeptGenerator}
        assert max(alive) <= 3, "the shared one and that at hand"
        assert contents(tmp_path / "kept") == contents(tmp_path / "held")


def test_a_gan_that_has_gone_from_the_store_is_named_and_trained_anew(tiny: GanSettings, tmp_path: Path) -> None:
    generators = made_with(tmp_path / "store", tiny, tmp_path / "models")
    before = generators["b"].sample(2)
    shutil.rmtree(tmp_path / "store")
    with pytest.raises(StoreError, match=r"store/[0-9a-f]{32}/finished\.pt.* Run the same command again"):
        generators["b"].sample(2)
    assert torch.equal(made_with(tmp_path / "store", tiny, tmp_path / "models")["b"].sample(2), before)


def test_generators_of_a_call_need_no_store_any_more(tmp_path: Path) -> None:
    quick = {"width": 4, "latent": 4, "steps": 4, "shared_steps": 4, "progress": False}
    generators = train_generators(images(8), ["a", "b"] * 4, store=tmp_path / "store", **quick)
    shutil.rmtree(tmp_path / "store")
    assert {type(one) for one in generators.values()} == {ClassGenerator}
    assert generators.sample(4)[0].shape == (4, 1, 8, 8)
