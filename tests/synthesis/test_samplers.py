"""A class's own samples and those of latent transfer in one sequence, and who samples in a training loop."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from augment import SyntheticDataset, SyntheticMix, train_generators
from augment.core.engine import Engine
from augment.core.errors import ArgumentError
from augment.gan.generators import ClassGenerator, GeneratorSet
from augment.gan.latent_transfer import MAX_DRAWS, LatentTransfer, latent_transfers, min_sample_distance
from augment.gan.networks.architecture import Architecture
from augment.gan.networks.build import new_generator, to_float
from augment.params import Generate
from augment.synthesis.samplers import DEFAULT_TRANSFER_SHARE, CopyFree, Mixture, class_samplers, samplers
from augment.synthesis.selection import choose_samples
from tests.toy import toy_set

TRAIN = toy_set({"a": 12, "b": 2, "c": 9})
PLAN = Architecture("linear", 1, 8, 8, 4, 4)


def generator(label: str) -> ClassGenerator:
    torch.manual_seed(len(label))
    return ClassGenerator(label, new_generator(PLAN), {"images_sha256": TRAIN.fingerprint()})


SET = GeneratorSet({label: generator(label) for label in "abc"}, shared=generator("shared"))
ALONE = GeneratorSet(dict(SET.items()))


class Numbered:
    """The i-th sample has the grey level `first` + i."""

    shape = (1, 2, 2)

    def __init__(self, first: int) -> None:
        self.first = first

    def sample(self, n: int, *, seed: int = 0, start: int = 0) -> torch.Tensor:
        assert seed == 9
        levels = torch.arange(self.first + start, self.first + start + n, dtype=torch.uint8)
        return levels.view(n, 1, 1, 1).expand(n, *self.shape)

    def sources(self, n: int, *, seed: int = 0, start: int = 0) -> np.ndarray:
        return self.sample(n, seed=seed, start=start)[:, 0, 0, 0].long().numpy()


class Seeded:
    """Samples whose grey levels depend on seed and number alone."""

    shape = (1, 2, 2)

    def sample(self, n: int, *, seed: int = 0, start: int = 0) -> torch.Tensor:
        rows = [np.random.default_rng((seed, index)).integers(0, 256, (1, 2, 2)) for index in range(start, start + n)]
        return torch.from_numpy(np.array(rows, np.uint8).reshape(n, *self.shape))


class Everything:
    """A filter that lets everything pass."""

    thresholds = np.zeros(3)

    def scores(self, images: np.ndarray) -> np.ndarray:
        return np.full((len(images), 3), 1 / 3)


def mixture(share: float) -> Mixture:
    donor_sampler: Any = Numbered(100)
    return Mixture(Numbered(0), donor_sampler, share)


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (0.5, [0, 100, 1, 101, 2, 102]),
        (0.75, [0, 100, 101, 102, 1, 103]),
        (0.25, [0, 1, 2, 100, 3, 4]),
        (1.0, [100, 101, 102, 103, 104, 105]),
        (0.0, [0, 1, 2, 3, 4, 5]),
    ],
)
def test_borrowed_samples_are_spread_among_the_generators_own(share: float, expected: list[int]) -> None:
    images = mixture(share).sample(6, seed=9)
    assert images.dtype == torch.uint8
    assert images[:, 0, 0, 0].tolist() == expected
    assert mixture(share).is_transferred(6).tolist() == [level >= 100 for level in expected]
    assert mixture(share).sources(6, seed=9).tolist() == [level if level >= 100 else -1 for level in expected]


@given(st.floats(0, 1), st.integers(0, 40), st.integers(0, 40))
def test_a_later_beginning_goes_on_where_the_sequence_was(share: float, start: int, n: int) -> None:
    whole = mixture(share).sample(start + n, seed=9)
    assert torch.equal(mixture(share).sample(n, seed=9, start=start), whole[start:])
    assert np.array_equal(mixture(share).is_transferred(n, start), mixture(share).is_transferred(start + n)[start:])
    assert np.array_equal(
        mixture(share).sources(n, seed=9, start=start), mixture(share).sources(start + n, seed=9)[start:]
    )


def distance(images: torch.Tensor, known: np.ndarray) -> torch.Tensor:
    """Of each image to the nearest known one, root mean square of pixels in [-1, 1]."""
    differences = to_float(images)[:, None] - to_float(torch.from_numpy(known))[None]
    return differences.square().mean(dim=(2, 3, 4)).sqrt().amin(dim=1)


def test_samples_that_are_nearly_training_images_are_drawn_again() -> None:
    known = np.full((2, 1, 2, 2), 128, np.uint8)
    first = Seeded().sample(400, seed=9)
    least = float(distance(first, known).median()) + 1e-4
    fresh = CopyFree(Seeded(), known, least)
    again = fresh.sample(400, seed=9)
    near = distance(first, known) < least
    assert torch.equal(again[~near], first[~near]), "the others stay"
    assert float((distance(again, known) < least).float().mean()) == pytest.approx(0.5**MAX_DRAWS, abs=0.04)
    assert torch.equal(fresh.sample(30, seed=9, start=370), again[370:])
    assert fresh.sample(0, seed=9).shape == (0, 1, 2, 2)
    assert torch.equal(CopyFree(Seeded(), known, 0.0).sample(400, seed=9), first)
    assert CopyFree(Seeded(), known, 9.0).sample(3, seed=9).shape == (3, 1, 2, 2), "an end even where all are near"


@pytest.mark.parametrize("share", [0.0, 0.75])
def test_minority_classes_draw_no_near_copies_with_latent_transfer_or_without(share: float) -> None:
    transfers = latent_transfers(generator("shared"), TRAIN, seed=0) if share else {}
    found = class_samplers(SET, TRAIN, transfers, share)
    assert list(found) == list(SET)
    assert found["a"] is SET["a"], "the largest class learns from images enough"
    for label in ("b", "c"):
        sampler: Any = found[label]
        fresh = sampler.generator if share else sampler
        assert np.array_equal(fresh.known, TRAIN.of_class(label).images)
        assert fresh.min_distance == min_sample_distance(fresh.known)


def test_transferred_images_can_begin_anywhere_too() -> None:
    own = latent_transfers(generator("shared"), TRAIN, seed=0)["b"]
    whole = own.sample(600, seed=1)
    assert (own.sample(70, seed=1, start=300).int() - whole[300:370].int()).abs().max() <= 1, "up to float rounding"


def test_the_share_is_the_pipelines() -> None:
    assert Generate().borrowed == DEFAULT_TRANSFER_SHARE


def test_nothing_is_transferred_unless_asked_for() -> None:
    assert samplers(SET, None, seed=0) == dict(SET)
    found = samplers(SET, TRAIN, seed=0)
    assert found["a"] is SET["a"], "majority classes have their own"
    for label in "bc":
        made = found[label]
        assert isinstance(made, Mixture)
        assert isinstance(made.generator, CopyFree)
        assert made.generator.generator is SET[label]
        assert isinstance(made.transfer, LatentTransfer)


def test_what_does_not_fit_is_said() -> None:
    tensor: Any = torch.zeros(3)
    with pytest.raises(ArgumentError, match="must be an ImageSet, got Tensor"):
        samplers(SET, tensor, seed=0)
    with pytest.raises(ArgumentError, match="needs the generator of all classes"):
        samplers(ALONE, TRAIN, seed=0)
    for other in (
        toy_set({"a": 12, "b": 2}),
        toy_set({"a": 12, "b": 2, "c": 9}, side=9),
        toy_set({"a": 12, "b": 2, "c": 9}, seed=1),
    ):
        with pytest.raises(ArgumentError, match="give data/prepared/train of the same run"):
            samplers(SET, other, seed=0)


def test_what_was_trained_from_arrays_knows_its_images_by_any_group() -> None:
    made = train_generators(TRAIN.images, TRAIN.labels, width=4, shared_steps=4, steps=4)
    assert isinstance(samplers(made, TRAIN, seed=0)["b"], Mixture)


def test_latent_transfer_works_where_gradients_are_off() -> None:
    expected = samplers(SET, TRAIN, seed=0)["b"].sample(4)
    with torch.inference_mode():
        assert torch.equal(samplers(SET, TRAIN, seed=0)["b"].sample(4), expected)


def test_a_training_loop_has_latent_transfer_as_the_pipeline_has() -> None:
    judge: Any = Everything()
    (chosen,) = choose_samples(
        [TRAIN],
        [SET],
        [judge],
        [4],
        wanted=6,
        oversample=1,
        transfer_share=Generate().borrowed,
        engine=Engine("serial"),
    )
    expected = torch.from_numpy(np.concatenate([chosen["a"].images[:3], chosen["b"].images]))
    fakes = SyntheticDataset(SET, {"a": 3, "b": 6}, borrow_from=TRAIN, seed=4)
    assert torch.equal(fakes.images, expected)
    mix = SyntheticMix(SET, p=1.0, borrow_from=TRAIN, seed=4)
    mixed, _ = mix(torch.zeros(6, 1, 8, 8, dtype=torch.uint8), torch.ones(6, dtype=torch.long))
    assert torch.equal(mixed, expected[3:])
    plain = SyntheticDataset(SET, {"b": 6}, seed=4).images
    assert np.array_equal(plain[:1], expected[3:4]), "the first is the generator's own"
    assert not torch.equal(plain, expected[3:])
