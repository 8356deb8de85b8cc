"""Samples in a training loop at the size that people train at: edits of originals, else enlarged samples."""

import pickle
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from augment import ImageSet, SyntheticDataset, SyntheticMix
from augment.core.errors import ArgumentError
from augment.gan.generators import ClassGenerator, GeneratorSet
from augment.gan.networks.architecture import Architecture
from augment.gan.networks.build import new_generator
from augment.synthesis import larger
from augment.synthesis.larger import Enlarger
from augment.synthesis.native import Varied, native_samples, upscaled
from augment.synthesis.samplers import Mixture, samplers
from tests.toy import toy_set

TRAIN = toy_set({"a": 12, "b": 4, "c": 9})
PLAN = Architecture("linear", 1, 8, 8, 4, 4)
LARGE = ImageSet(upscaled(TRAIN.images, (20, 20)), TRAIN.labels, TRAIN.groups, TRAIN.sources)


def generator(label: str) -> ClassGenerator:
    torch.manual_seed(len(label))
    return ClassGenerator(label, new_generator(PLAN), {"images_sha256": TRAIN.fingerprint()})


SET = GeneratorSet({label: generator(label) for label in "abc"}, shared=generator("shared"))


class Copies:
    """Latent transfer without a change: the i-th sample is training image i of the class, modulo their number."""

    def __init__(self, label: str) -> None:
        self.known = TRAIN.of_class(label).images

    def sample(self, n: int, *, seed: int = 0, start: int = 0) -> torch.Tensor:
        return torch.from_numpy(self.known[self.sources(n, start=start)])

    def sources(self, n: int, *, seed: int = 0, start: int = 0) -> np.ndarray:
        return np.arange(start, start + n) % len(self.known)


def batch(count: int, *size: int) -> torch.Tensor:
    return torch.zeros((count, 1, *size), dtype=torch.uint8)


def dataset(counts: Any, **options: Any) -> SyntheticDataset:
    return SyntheticDataset(SET, counts, borrow_from=TRAIN, originals=LARGE, **options)


def test_a_sample_that_changes_nothing_is_its_original_of_the_class_and_others_are_enlarged() -> None:
    transfer: Any = Copies("b")
    mixture = Mixture(SET["b"], transfer, 0.5)
    enlarger = Enlarger(mixture, TRAIN, LARGE, np.flatnonzero(TRAIN.labels == "b"))
    made, samples = batch(9, 20, 20), mixture.sample(9, seed=3, start=2)
    enlarger.fill(made, samples, seed=3, start=2)
    transferred = mixture.is_transferred(9, 2)
    assert transferred.sum() == 4
    assert np.array_equal(made.numpy()[transferred], LARGE.of_class("b").images[[1, 2, 3, 0]])
    assert np.array_equal(made.numpy()[~transferred], upscaled(samples.numpy()[~transferred], (20, 20)))


def test_parts_of_a_few_images_give_what_one_part_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = dataset({"b": 9}).images
    monkeypatch.setattr(larger, "PART_VALUES", 2 * 20 * 20)
    assert (dataset({"b": 9}).images.int() - whole.int()).abs().max() <= 1, "up to float rounding"


def test_a_data_set_holds_edits_of_originals_alone_where_a_class_has_any() -> None:
    fakes, small = dataset({"a": 2, "b": 6}, seed=4), SyntheticDataset(SET, {"a": 2, "b": 6}, borrow_from=TRAIN, seed=4)
    assert fakes.images.shape == (8, 1, 20, 20)
    assert fakes.targets == small.targets
    transfer: Any = samplers(SET, TRAIN, 4)["b"].transfer  # type: ignore[attr-defined]
    own, pictures = LARGE.of_class("b").images, TRAIN.of_class("b").images
    varied = Varied(transfer.sample(6, seed=4).numpy(), transfer.sources(6, seed=4), pictures)
    assert (varied.source >= 0).all()
    assert np.array_equal(fakes.images.numpy()[2:], native_samples(varied, own))
    assert np.array_equal(fakes.images.numpy()[:2], upscaled(small.images.numpy()[:2], (20, 20)))
    plain = torch.from_numpy(upscaled(varied.samples, (20, 20)))
    assert not torch.equal(fakes.images[2:], plain), "an edit is no enlarged sample"


def test_an_image_depends_on_seed_label_and_number_alone() -> None:
    few, many = dataset({"b": 3}, seed=1), dataset(5, seed=1)
    assert torch.equal(few.images, many.images[5:8])
    assert torch.equal(few.images, dataset({"b": 3}, seed=1).images)
    assert not torch.equal(few.images, dataset({"b": 3}, seed=2).images)


@pytest.mark.parametrize(("size", "expected"), [(16, (16, 16)), ((16, 24), (16, 24)), (8, (8, 8)), ([9, 8], (9, 8))])
def test_size_alone_enlarges(size: Any, expected: tuple[int, int]) -> None:
    small = SyntheticDataset(SET, 3, seed=2).images
    made = SyntheticDataset(SET, 3, seed=2, size=size).images
    assert np.array_equal(made.numpy(), upscaled(small.numpy(), expected))


def test_a_mix_gives_what_a_data_set_gives_whatever_the_batches() -> None:
    expected = dataset({"b": 7}, seed=2).images
    for parts in ([7], [3, 4], [1] * 7):
        mix = SyntheticMix(SET, 1.0, borrow_from=TRAIN, originals=LARGE, seed=2)
        mixed = [mix(batch(count, 20, 20), torch.ones(count, dtype=torch.long))[0] for count in parts]
        assert (torch.cat(mixed).int() - expected.int()).abs().max() <= 1, "up to float rounding"


def test_a_mix_without_originals_enlarges_to_the_size_of_each_batch() -> None:
    small = SyntheticDataset(SET, {"b": 6}, seed=2).images.numpy()
    mix = SyntheticMix(SET, 1.0, seed=2)
    made = [mix(batch(2, side, side), torch.ones(2, dtype=torch.long))[0].numpy() for side in (8, 19, 32)]
    assert np.array_equal(made[0], small[:2])
    assert np.array_equal(made[1], upscaled(small[2:4], (19, 19)))
    assert np.array_equal(made[2], upscaled(small[4:], (32, 32)))
    floats = SyntheticMix(SET, 1.0, seed=2, value_range=(0, 1))(batch(2, 19, 19).float(), torch.ones(2).long())[0]
    assert np.allclose(floats.numpy() * 255, upscaled(small[:2], (19, 19)), atol=1e-3)


class InBatches:
    def __init__(self, mix: SyntheticMix) -> None:
        self.mix = mix

    def __call__(self, items: list[int]) -> torch.Tensor:
        return self.mix(batch(len(items), 20, 20), torch.ones(len(items), dtype=torch.long))[0]


def test_worker_processes_make_edits_of_their_own() -> None:
    mix = pickle.loads(pickle.dumps(SyntheticMix(SET, 1.0, borrow_from=TRAIN, originals=LARGE)))
    runs = []
    for _ in range(2):
        torch.manual_seed(5)
        loader: Any = DataLoader(range(8), batch_size=4, num_workers=2, collate_fn=InBatches(mix))  # type: ignore
        runs.append(list(loader))
    first, second = runs[0]
    assert not torch.equal(first, second)
    assert all(torch.equal(one, other) for one, other in zip(*runs, strict=True))


def test_numbers_of_double_precision_are_no_obstacle() -> None:
    expected = dataset({"b": 3}).images
    torch.set_default_dtype(torch.float64)
    try:
        assert (dataset({"b": 3}).images.int() - expected.int()).abs().max() <= 1
    finally:
        torch.set_default_dtype(torch.float32)


TALL = GeneratorSet({"a": ClassGenerator("a", new_generator(Architecture("linear", 1, 8, 6, 4, 4)))})


@pytest.mark.parametrize("size", [(8, 6), (299, 224), (298, 224), (9, 7)])
def test_a_batch_of_the_same_aspect_up_to_rounding_is_filled(size: tuple[int, int]) -> None:
    assert SyntheticMix(TALL, 1.0)(batch(2, *size), torch.zeros(2, dtype=torch.long))[0].shape == (2, 1, *size)


@pytest.mark.parametrize(
    ("size", "words"),
    [
        ((224, 224), r"images are \(2, 1, 224, 224\), the generators make \(N, 1, 8, 6\), of another aspect: bring the "
                     r"batch to 299 x 224"),
        ((224, 299), "of another aspect"),
        ((7, 6), "enlarge the batch, or train generators of smaller images"),
        ((8, 5), "enlarge the batch"),
    ],
)  # fmt: skip
def test_another_batch_is_refused(size: tuple[int, int], words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        SyntheticMix(TALL, 0.0)(batch(2, *size), torch.zeros(2, dtype=torch.long))


def test_with_originals_a_batch_is_of_their_size() -> None:
    mix = SyntheticMix(SET, 0.0, borrow_from=TRAIN, originals=LARGE)
    with pytest.raises(ArgumentError, match="originals are 20 x 20: give batches or load_originals the other's size"):
        mix(batch(2, 8, 8), torch.zeros(2, dtype=torch.long))


def changed(**parts: Any) -> ImageSet:
    named = {name: getattr(LARGE, name) for name in ("images", "labels", "groups", "sources")}
    return ImageSet(**(named | parts))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"originals": LARGE}, "originals need borrow_from, the images that the generators were trained on"),
        ({"originals": TRAIN, "borrow_from": TRAIN}, "originals are 8 x 8, borrow_from 8 x 8: give larger ones"),
        ({"originals": LARGE.take(np.arange(25)[::-1]), "borrow_from": TRAIN}, "not the images of borrow_from"),
        ({"originals": LARGE.take([0, 1]), "borrow_from": TRAIN}, "same labels and sources in the same order"),
        ({"originals": changed(sources=LARGE.labels), "borrow_from": TRAIN}, "not the images of borrow_from"),
        ({"originals": changed(images=LARGE.images.repeat(3, 1)), "borrow_from": TRAIN}, "of 1 channels"),
    ],
)
@pytest.mark.parametrize("way", [SyntheticDataset, SyntheticMix])
def test_originals_that_do_not_fit(way: Any, options: dict, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        way(SET, 1, **options)


def test_sizes_that_do_not_fit() -> None:
    with pytest.raises(ArgumentError, match=r"size=4 is below 8 x 8, at which GANs work: name at least 8"):
        SyntheticDataset(SET, 1, size=4)
    with pytest.raises(ArgumentError, match=r"size=224 is \(224, 224\), and originals are \(20, 20\)"):
        dataset(1, size=224)
    assert dataset({"a": 1}, size=20).images.shape == (1, 1, 20, 20)
    with pytest.raises(ArgumentError, match=r"600000 images of \(1, 224, 224\) take 28.0 GiB, at most 8; give less"):
        SyntheticDataset(SET, 200_000, size=224)
