"""Classes that are translated in data/augmented are so in a training of one's own, at either size."""

from pathlib import Path

import numpy as np
import pytest
import torch

from augment import SyntheticDataset, SyntheticMix
from augment.core.errors import ArgumentError, ParamsError
from augment.data.imageset import ImageSet
from augment.data.sources.built_in import surfaces
from augment.gan.generators import ClassGenerator, GeneratorSet
from augment.gan.networks.architecture import Architecture
from augment.gan.networks.build import build
from augment.synthesis.transplant.settings import TransplantSettings
from augment.synthesis.transplant.transplant import transplants
from tests.gan.translate.test_translator import translator

PLATES, KINDS = surfaces()
AT = np.concatenate([np.flatnonzero(np.array(KINDS) == label)[:count] for label, count in (("good", 60), ("pit", 6))])
NAMES = np.array([str(number) for number in range(len(AT))])
TRAIN = ImageSet(PLATES[AT], np.array(KINDS)[AT], NAMES, NAMES)
LARGE = ImageSet(TRAIN.images.repeat(2, 2).repeat(2, 3), TRAIN.labels, NAMES, NAMES)
PLAN = Architecture("dcgan", 1, 32, 32, latent=2, features=4)


def generator(label: str) -> ClassGenerator:
    return ClassGenerator(label, build(PLAN, len(label))[0], {"images_sha256": TRAIN.fingerprint()})


SET = GeneratorSet({label: generator(label) for label in ("good", "pit")}, shared=generator("shared"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "params.yaml"
    path.write_text("seed: 5\ngenerate: {sources: translated, borrowed: 0.0}\n")
    return path


def plain() -> torch.Tensor:
    one = transplants(TRAIN, None, TransplantSettings("translated"), 5)[0]["pit"]
    return one.sample(8, seed=2)


def test_a_data_set_has_the_samples_that_generate_draws(file: Path) -> None:
    fakes = SyntheticDataset(SET, {"pit": 8}, borrow_from=TRAIN, params=file, seed=2)
    assert torch.equal(fakes.images.as_subclass(torch.Tensor), plain())
    own = SyntheticDataset(SET, {"pit": 8}, borrow_from=TRAIN, seed=2)
    assert not torch.equal(own.images.as_subclass(torch.Tensor), plain())


def test_the_lender_has_samples_of_its_own(file: Path) -> None:
    fakes = SyntheticDataset(SET, {"good": 4}, borrow_from=TRAIN, params=file, seed=2)
    assert torch.equal(fakes.images.as_subclass(torch.Tensor), SET["good"].sample(4, seed=2))


def test_with_originals_a_defect_is_carried_at_their_size(file: Path) -> None:
    fakes = SyntheticDataset(SET, {"pit": 8}, borrow_from=TRAIN, originals=LARGE, params=file, seed=2)
    one = transplants(TRAIN, LARGE, TransplantSettings("translated"), 5)[0]["pit"]
    drawn = one.draws(8, seed=2)
    made = fakes.images.as_subclass(torch.Tensor).numpy()
    assert made.shape == (8, 1, 64, 64)
    assert np.array_equal(made, one.translated(drawn).onto(LARGE.images[drawn.lender]))
    left = (made == LARGE.images[drawn.lender]).mean(axis=(1, 2, 3))
    assert (left > 0.5).all()


def test_a_mix_takes_them_one_after_the_other(file: Path) -> None:
    mix = SyntheticMix(SET, p=1.0, borrow_from=TRAIN, params=file, seed=2)
    batch, targets = torch.zeros(8, 1, 32, 32, dtype=torch.uint8), torch.ones(8, dtype=torch.int64)
    assert torch.equal(mix(batch[:3], targets[:3])[0], plain()[:3])
    assert torch.equal(mix(batch[:5], targets[:5])[0], plain()[3:])


def test_a_class_that_has_learnt_draws_by_its_translator(file: Path) -> None:
    file.write_text("generate: {sources: {pit: learned}}\n")
    learned = SET.with_translators({"pit": translator("pit")})
    fakes = SyntheticDataset(learned, {"pit": 8}, borrow_from=TRAIN, params=file, seed=2)
    one = transplants(TRAIN, None, TransplantSettings({"pit": "learned"}), 0, learned.translators)[0]["pit"]
    assert torch.equal(fakes.images.as_subclass(torch.Tensor), one.sample(8, seed=2))


def test_what_does_not_fit_is_named(file: Path, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="params need borrow_from"):
        SyntheticDataset(SET, 1, params=file)
    with pytest.raises(ArgumentError, match=r"params: .*nowhere\.yaml is no file"):
        SyntheticMix(SET, 0.5, borrow_from=TRAIN, params=tmp_path / "nowhere.yaml")
    file.write_text("generate: {sources: elsewhere}")
    with pytest.raises(ParamsError, match=r"generate\.sources"):
        SyntheticMix(SET, 0.5, borrow_from=TRAIN, params=file)
    with pytest.raises(TypeError, match="params must be a path"):
        SyntheticDataset(SET, 1, borrow_from=TRAIN, params=3)  # type: ignore[arg-type]
