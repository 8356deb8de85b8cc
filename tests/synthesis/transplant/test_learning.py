"""Translators of a set: of the classes that ask for one and can have it, from the store where they are there."""

from pathlib import Path

import numpy as np
import pytest
import torch

import augment
from augment.core.engine import Engine
from augment.core.errors import ArgumentError, ParamsError, TrainingError
from augment.data.imageset import ImageSet
from augment.data.sources.built_in import surfaces
from augment.gan.backend import backend_on
from augment.gan.generators import ClassGenerator, GeneratorSet
from augment.gan.networks.architecture import Architecture
from augment.gan.networks.build import build
from augment.gan.settings import class_training
from augment.gan.translate import guards, store, training
from augment.gan.translate.lessons import batch_of
from augment.gan.translate.translator import Translator
from augment.params import Train
from augment.synthesis.transplant.learning import learn_translators, lessons_of, translators_of
from augment.synthesis.transplant.settings import TransplantSettings
from augment.synthesis.transplant.transplant import transplants

LEARNED = TransplantSettings({"pit": "learned", "chip": "translated"}, normal="good")


def small_set(**counts: int) -> ImageSet:
    images, labels = surfaces()
    at = np.concatenate([np.flatnonzero(np.array(labels) == label)[:count] for label, count in counts.items()])
    names = np.array([str(number) for number in range(len(at))])
    return ImageSet(images[at], np.array(labels)[at], names, names)


TRAIN = small_set(good=60, pit=4, chip=4)
QUICK = class_training(Train(steps=6, width=4), TRAIN.counts(), flips="none", height=32, width=32, device="cpu")


@pytest.fixture(autouse=True)
def _lenient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six steps learn nothing; here that is well."""
    monkeypatch.setattr(training, "BATCH", 4)
    monkeypatch.setattr(guards, "MAX_ERROR", 1e9)
    monkeypatch.setattr(guards, "MIN_DIVERSITY", 0.0)


def learnt(folder: Path | None, settings: TransplantSettings = LEARNED) -> dict[str, store.Learnt]:
    (found,) = learn_translators(
        [TRAIN], QUICK, settings, [0], [TRAIN.classes], backend_on("cpu", Engine(), folder, 30)
    )
    return found


def test_only_who_asks_has_one_and_without_a_wish_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    assert learnt(None).keys() == {"pit"}
    monkeypatch.setattr("augment.synthesis.transplant.learning.transplants", None)
    assert learnt(None, TransplantSettings("translated")) == {}


@pytest.mark.parametrize("counts", [{"good": 30, "pit": 6}, {"good": 60, "pit": 1}, {"good": 60}])
def test_a_set_without_what_it_takes_learns_nothing_and_goes_on(counts: dict[str, int]) -> None:
    """No lender; one image of a class; no other class."""
    backend = backend_on("cpu", Engine(), None, 30)
    of = small_set(**counts)
    assert learn_translators([of], QUICK, TransplantSettings("learned"), [0], [of.classes], backend) == [{}]
    made, findings = transplants(of, None, TransplantSettings("learned"), 0)
    assert made == {}
    assert all(one.reason for one in findings)


def test_lessons_are_the_plain_samples() -> None:
    one = transplants(TRAIN, None, LEARNED, 0)[0]["pit"]
    lessons, drawn = lessons_of(one, TRAIN.of_class("pit").images, 0), one.draws(512, seed=0)
    assert np.array_equal(one.positions[lessons.which], drawn.source)
    assert np.array_equal(one.lenders[lessons.lender], drawn.lender)
    assert np.array_equal(lessons.good[lessons.lender[:5]], TRAIN.images[drawn.lender[:5]])
    assert lessons.masks.shape == (len(one.positions), 1, 32, 32)
    batch = batch_of(lessons, lessons.codes(0), torch.arange(40))
    carried = one.sample(40, seed=0).float() / 127.5 - 1
    unclipped = carried.abs() < 1
    assert ((batch.good + batch.change - carried).abs() * unclipped).max() < 0.25
    assert ((batch.good + batch.change - carried).abs() * unclipped).mean() < 0.01


def test_what_is_in_the_store_is_not_learnt_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = learnt(tmp_path)["pit"]
    assert len(list(tmp_path.glob("*/finished.pt"))) == 2
    monkeypatch.setattr(store, "shared_start", None)
    monkeypatch.setattr(store, "class_translator", None)
    again = learnt(tmp_path)["pit"]
    assert (again.diversity, again.ended, again.reason) == (first.diversity, first.ended, first.reason)
    assert first.network is not None
    assert again.network is not None
    theirs = again.network.state_dict()
    assert all(torch.equal(value, theirs[name]) for name, value in first.network.state_dict().items())
    with pytest.raises(TypeError):
        learn_translators([TRAIN], QUICK, LEARNED, [1], [TRAIN.classes], backend_on("cpu", Engine(), tmp_path, 30))


def test_a_class_that_learns_none_says_why_and_is_carried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guards, "MAX_ERROR", -1.0)
    found = learnt(None)
    assert "misses its defects" in found["pit"].reason
    assert translators_of(found) == {}
    made, _ = transplants(TRAIN, None, LEARNED, 0, translators_of(found))
    assert made["pit"].translator is None


def test_samples_are_the_translators_own_and_each_hangs_on_its_index() -> None:
    translators = translators_of(learnt(None))
    made, _ = transplants(TRAIN, None, LEARNED, 0, translators)
    plain, _ = transplants(TRAIN, None, LEARNED, 0)
    learned, carried = made["pit"], plain["pit"]
    assert learned.translator is translators["pit"]
    drawn, by_hand = learned.draws(20, seed=1), carried.draws(20, seed=1)
    assert np.array_equal(drawn.lender, by_hand.lender)
    assert np.array_equal(drawn.place[:, 2:], by_hand.place[:, 2:])
    assert drawn.latents.shape == (20, 32)
    assert by_hand.latents.shape == (20, 0)
    whole = learned.sample(20, seed=1)
    z, place = torch.from_numpy(drawn.latents), torch.from_numpy(drawn.place)
    assert torch.equal(whole, torch.from_numpy(translators["pit"].onto(TRAIN.images[drawn.lender], z, place)))
    assert torch.equal(learned.sample(3, seed=1, start=17), whole[17:])
    large = np.kron(TRAIN.images[drawn.lender], np.ones((1, 1, 2, 2), np.uint8))
    assert learned.translated(drawn).onto(large).shape == (20, 1, 64, 64)
    assert np.array_equal(
        learned.translated(drawn).take(slice(3)).onto(large[:3]), learned.translated(drawn).onto(large)[:3]
    )


def test_a_translator_serves_only_a_class_that_asks_for_it() -> None:
    translators = translators_of(learnt(None))
    made, _ = transplants(TRAIN, None, TransplantSettings("translated", normal="good"), 0, translators)
    assert made["pit"].translator is None


def generators(size: int = 32, channels: int = 1) -> GeneratorSet:
    plan = Architecture("dcgan", channels, size, size, latent=2, features=4)
    return GeneratorSet({label: ClassGenerator(label, build(plan, 0)[0]) for label in ("chip", "good", "pit")})


def test_generators_learn_to_translate_without_the_pipeline() -> None:
    made = augment.train_translators(generators(), TRAIN, steps=6)
    assert list(made.translators) == ["chip", "pit"]
    assert made["pit"].translate(TRAIN.images[:2]).shape == (2, 1, 32, 32)
    again = augment.train_translators(generators(), TRAIN, steps=6)
    assert torch.equal(made["pit"].translate(TRAIN.images[:2]), again["pit"].translate(TRAIN.images[:2]))


def test_why_no_class_learns_is_said() -> None:
    with pytest.raises(TrainingError, match="chip: no class is rich enough to lend"):
        augment.train_translators(generators(), small_set(good=30, pit=4, chip=4), steps=6)
    with pytest.raises(ArgumentError, match="normal is 'nobody', and the classes are"):
        augment.train_translators(generators(), TRAIN, normal="nobody")
    with pytest.raises(ArgumentError, match="the generators draw others"):
        augment.train_translators(generators(16), TRAIN)
    with pytest.raises(ParamsError, match=r"train\.steps"):
        augment.train_translators(generators(), TRAIN, steps=-1)
    with pytest.raises(TypeError, match="generators must be a GeneratorSet"):
        augment.train_translators({}, TRAIN)  # type: ignore[arg-type]


def test_a_translator_in_a_set_is_of_its_class() -> None:
    network = translators_of(learnt(None))["pit"].network
    with pytest.raises(ArgumentError, match="class and channels"):
        generators().with_translators({"chip": Translator("pit", network)})


def test_a_class_without_a_generator_has_no_translator_either(tmp_path: Path) -> None:
    """It would be a part of the generator; nothing is learnt for nobody."""
    backend = backend_on("cpu", Engine(), tmp_path, 30)
    assert learn_translators([TRAIN], QUICK, LEARNED, [0], [[]], backend) == [{}]
    assert not list(tmp_path.iterdir())
