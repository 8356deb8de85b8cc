"""Synthetic images in a training loop: right class, right number, right range, every draw named."""

import pickle
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import ConcatDataset, DataLoader, TensorDataset

from augment import SyntheticDataset, SyntheticMix
from augment.core.errors import ArgumentError
from augment.gan.generators import ClassGenerator, GeneratorSet
from augment.gan.networks.architecture import Architecture
from augment.gan.networks.build import build

PLAN = Architecture("dcgan", 1, 6, 5, latent=4, features=4)
SET = GeneratorSet({label: ClassGenerator(label, build(PLAN, seed)[0]) for seed, label in enumerate("abc")})
WITH_FAILED = GeneratorSet({"a": SET["a"], "b": SET["b"]}, {"c": "collapsed"})


class Flat(ClassGenerator):
    """A generator whose n-th image has the grey level `level` + n everywhere."""

    def __init__(self, label: str, level: int) -> None:
        super().__init__(label, build(PLAN, 0)[0])
        self.level = level

    def sample(self, n: int, *, seed: int = 0, start: int = 0) -> torch.Tensor:
        levels = self.level + torch.arange(start, start + n) % 80
        return levels.to(torch.uint8)[:, None, None, None].expand(n, *self.shape)


FLAT = GeneratorSet({"a": Flat("a", 100), "b": Flat("b", 180)})


def numbers(fakes: SyntheticDataset) -> dict[str, int]:
    return {label: fakes.targets.count(index) for index, label in enumerate(fakes.classes)}


def test_items_are_the_generators_samples() -> None:
    fakes = SyntheticDataset(SET, {"b": 70, "a": 2}, seed=4)
    assert len(fakes) == 72
    expected = torch.cat([SET["a"].sample(2, seed=4), SET["b"].sample(70, seed=4)])
    for index in (0, 1, 2, 65, 71):
        image, target = fakes[index]
        assert torch.equal(image, expected[index])
        assert (image.dtype, type(target), target) == (torch.uint8, int, int(index >= 2))
    with pytest.raises(IndexError):
        fakes[72]


def test_counts_are_what_is_added() -> None:
    assert numbers(SyntheticDataset(SET, 3)) == {"a": 3, "b": 3, "c": 3}
    assert numbers(SyntheticDataset(SET, {"c": 4})) == {"a": 0, "b": 0, "c": 4}
    assert numbers(SyntheticDataset(SET, 0)) == {"a": 0, "b": 0, "c": 0}
    assert SyntheticDataset(SET, 0).images.shape == (0, 1, 6, 5)


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=40))
def test_balance_raises_every_class_to_the_largest(labels: list[str]) -> None:
    fakes = SyntheticDataset(SET, "balance", real_labels=labels)
    largest = max(labels.count(label) for label in "abc")
    assert {label: labels.count(label) + added for label, added in numbers(fakes).items()} == dict.fromkeys(
        "abc", largest
    )


@pytest.mark.parametrize("kind", [list, np.array, torch.tensor])
def test_labels_may_be_names_or_indices_of_an_order(kind: type) -> None:
    order = ["c", "a", "b"]
    real = kind([0, 0, 0, 2])
    fakes = SyntheticDataset(SET, "balance", real_labels=real, classes=order)
    assert numbers(fakes) == {"c": 0, "a": 3, "b": 2}
    assert fakes.targets == [1, 1, 1, 2, 2]
    assert torch.equal(fakes[0][0], SET["a"].sample(1)[0])


def test_an_image_depends_on_seed_label_and_number_alone() -> None:
    few, many = SyntheticDataset(SET, {"b": 3}, seed=1), SyntheticDataset(SET, 130, seed=1)
    assert torch.equal(few.images, many.images[130:133])
    assert not torch.equal(few.images, SyntheticDataset(SET, {"b": 3}, seed=2).images)


@pytest.mark.parametrize("tensors", [True, False])
def test_it_stands_beside_a_real_set_in_worker_processes(tensors: bool) -> None:
    labels = [0] * 7 + [1] * 3
    images = torch.zeros((10, 1, 6, 5), dtype=torch.uint8)
    real = TensorDataset(images, torch.tensor(labels)) if tensors else list(zip(images, labels, strict=True))
    target_transform = torch.tensor if tensors else None
    fakes = SyntheticDataset(SET, "balance", real_labels=labels, target_transform=target_transform)
    fakes = pickle.loads(pickle.dumps(fakes))
    loader = DataLoader(ConcatDataset([real, fakes]), batch_size=8, num_workers=2)
    targets = torch.cat([found for _, found in loader])
    assert torch.bincount(targets).tolist() == [7, 7, 7]


def test_a_transform_is_applied_to_each_image() -> None:
    fakes = SyntheticDataset(SET, 2, transform=lambda image: image.float() / 255)
    assert fakes[3][0].dtype == torch.float32
    assert torch.equal(fakes[3][0] * 255, fakes.images[3].float())


@pytest.mark.parametrize(
    ("counts", "options", "words"),
    [
        ("balance", {}, "needs real_labels"),
        ("balance", {"real_labels": ["a", "z"]}, "holds 'z'"),
        ("balance", {"real_labels": [0, 3]}, "holds 3"),
        ("balance", {"real_labels": [-1]}, "holds -1"),
        ("all", {}, "or \"balance\", got 'all'"),
        (-1, {}, "negative"),
        ({"z": 3}, {}, r"names \['z'\]"),
        (3, {"classes": ["a", "z"]}, r"do not fit the generators, which are of \['a', 'b', 'c'\]"),
        (3, {"classes": ["a", "a"]}, "each class once"),
    ],
)
def test_what_does_not_fit_is_refused(counts: object, options: dict, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        SyntheticDataset(SET, counts, **options)


def test_a_class_whose_gan_failed_is_named_when_its_images_are_wanted() -> None:
    with pytest.raises(ArgumentError, match=r"5 images of 'c' wanted, and it has no generator \(collapsed\)"):
        SyntheticDataset(WITH_FAILED, 5)
    assert numbers(SyntheticDataset(WITH_FAILED, {"b": 5})) == {"a": 0, "b": 5, "c": 0}
    balanced = SyntheticDataset(WITH_FAILED, "balance", real_labels=list("abbcc"))
    assert numbers(balanced) == {"a": 1, "b": 0, "c": 0}, "c is the largest already"


def batch(count: int = 400) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.zeros((count, 1, 6, 5), dtype=torch.uint8), torch.arange(count) % 2


def test_a_share_of_each_class_is_replaced_by_its_own_class() -> None:
    images, labels = batch()
    mixed, same = SyntheticMix(FLAT, 0.3, seed=5)(images, labels)
    assert same is labels
    assert (images == 0).all(), "the batch given is left as it was"
    levels = mixed.flatten(1).float().mean(1)
    replaced = levels > 0
    assert 0.2 < replaced.float().mean() < 0.4
    assert ((levels >= 180) == (labels == 1))[replaced].all()
    assert mixed.dtype == torch.uint8


def test_no_synthetic_image_comes_twice_and_all_come_in_order() -> None:
    mix = SyntheticMix(SET, 1.0, seed=2)
    images = torch.zeros((50, 1, 6, 5), dtype=torch.uint8)
    one = torch.full((50,), 1)
    seen = torch.cat([mix(images, one)[0] for _ in range(3)])
    assert torch.equal(seen, SET["b"].sample(150, seed=2))


def test_equal_seeds_mix_equally() -> None:
    images, labels = batch(60)
    runs = [
        torch.cat([mix(images, labels)[0] for _ in range(2)])
        for mix in (SyntheticMix(SET, 0.5), SyntheticMix(SET, 0.5))
    ]
    assert torch.equal(*runs)
    assert not torch.equal(runs[0], torch.cat([SyntheticMix(SET, 0.5, seed=1)(images, labels)[0]] * 2))


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_never_and_always(share: float) -> None:
    images, labels = batch(40)
    mixed, _ = SyntheticMix(FLAT, share)(images, labels)
    assert (mixed.flatten(1).float().mean(1) > 0).float().mean() == share


@pytest.mark.parametrize(("value_range", "low"), [((0, 1), 0.0), ((-1, 1), -1.0)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64])
def test_floats_keep_their_range(value_range: tuple[int, int], low: float, dtype: torch.dtype) -> None:
    images, labels = torch.full((8, 1, 6, 5), low, dtype=dtype), torch.zeros(8, dtype=torch.long)
    mixed, _ = SyntheticMix(FLAT, 1.0, value_range=value_range)(images, labels)
    assert mixed.dtype == dtype
    expected = low + (value_range[1] - low) * (100 + torch.arange(8)) / 255
    assert torch.allclose(mixed[:, 0, 0, 0].double(), expected.double(), atol=1e-2 if dtype.itemsize < 4 else 1e-6)


def test_indices_follow_the_order_of_classes() -> None:
    images, labels = torch.zeros((6, 1, 6, 5), dtype=torch.uint8), torch.zeros(6, dtype=torch.long)
    mixed, _ = SyntheticMix(FLAT, 1.0, classes=["b", "a"])(images, labels)
    assert mixed.min() >= 180


def test_a_class_without_a_generator_stays_real() -> None:
    images, labels = torch.zeros((30, 1, 6, 5), dtype=torch.uint8), torch.arange(30) % 3
    mixed, _ = SyntheticMix(WITH_FAILED, 1.0)(images, labels)
    assert (mixed[labels == 2] == 0).all()
    assert (mixed[labels != 2].flatten(1).amax(1) > 0).all()


@pytest.mark.parametrize(
    ("images", "labels", "options", "words"),
    [
        (torch.zeros(2, 1, 6, 5), torch.tensor([0, 1]), {}, r"state value_range=\(0, 1\) or \(-1, 1\)"),
        (torch.zeros(2, 1, 6, 5) - 1, torch.tensor([0, 1]), {"value_range": (0, 1)}, "from -1 to -1, outside"),
        (torch.zeros(2, 1, 6, 5) + 2, torch.tensor([0, 1]), {"value_range": (-1, 1)}, "from 2 to 2, outside"),
        (torch.zeros(2, 1, 6, 5, dtype=torch.int64), torch.tensor([0, 1]), {}, "torch.int64; give uint8"),
        (torch.zeros(2, 3, 6, 5, dtype=torch.uint8), torch.tensor([0, 1]), {}, r"make \(N, 1, 6, 5\)"),
        (torch.zeros(2, 1, 6, 5, dtype=torch.uint8), torch.tensor([0, 3]), {}, "from 0 to 3, and there are 3"),
        (torch.zeros(2, 1, 6, 5, dtype=torch.uint8), torch.tensor([-1, 0]), {}, "from -1 to 0"),
        (torch.zeros(2, 1, 6, 5, dtype=torch.uint8), torch.eye(2), {}, r"class indices \(2,\)"),
        (torch.zeros(2, 1, 6, 5, dtype=torch.uint8), torch.tensor([0]), {}, r"class indices \(2,\)"),
    ],
)
def test_batches_that_do_not_fit(images: torch.Tensor, labels: torch.Tensor, options: dict, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        SyntheticMix(SET, 0.5, **options)(images, labels)


@pytest.mark.parametrize(
    ("p", "options", "words"),
    [
        (1.5, {}, "from 0 to 1"),
        ("0.5", {}, "from 0 to 1, got '0.5'"),
        (float("nan"), {}, "from 0 to 1"),
        (0.5, {"value_range": (0, 255)}, "mix before you normalise"),
        (0.5, {"classes": ["x"]}, "do not fit the generators"),
    ],
)
def test_settings_that_do_not_fit(p: Any, options: dict, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        SyntheticMix(SET, p, **options)


def test_an_empty_batch_passes() -> None:
    images, labels = torch.zeros((0, 1, 6, 5)), torch.zeros(0, dtype=torch.long)
    assert SyntheticMix(SET, 0.5)(images, labels)[0].shape == (0, 1, 6, 5)
