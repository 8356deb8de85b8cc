"""Synthetic images beside real ones of another range, classes called by numbers, and copies in worker processes."""

from typing import Any

import pytest
import torch
from torch.utils.data import ConcatDataset, DataLoader, TensorDataset

from augment import SyntheticDataset, SyntheticMix
from augment.core.errors import ArgumentError
from augment.gan.generators import ClassGenerator, GeneratorSet
from augment.gan.networks.architecture import Architecture
from augment.gan.networks.build import build

PLAN = Architecture("dcgan", 1, 6, 5, latent=4, features=4)


def generators(*labels: str) -> GeneratorSet:
    made = {label: ClassGenerator(label, build(PLAN, seed)[0]) for seed, label in enumerate(labels)}
    return GeneratorSet(made, classes=labels)


SET = generators("a", "b")
REAL = torch.rand((10, 1, 6, 5))
TARGETS = torch.tensor([0, 1] * 5)


@pytest.mark.parametrize("real_first", [True, False])
def test_bytes_never_stand_in_a_batch_of_floats(real_first: bool) -> None:
    fakes = SyntheticDataset(SET, 5, target_transform=torch.tensor)
    sets = [TensorDataset(REAL, TARGETS), fakes] if real_first else [fakes, TensorDataset(REAL, TARGETS)]
    with pytest.raises(ArgumentError, match=r"uint8 from 0 to 255.*value_range=\(0, 1\)"):
        list(DataLoader(ConcatDataset(sets), batch_size=20))
    with pytest.raises(ArgumentError, match="uint8 from 0 to 255"):  # as worker processes join a batch
        torch.stack([REAL[0], fakes[0][0]], out=torch.empty((2, 1, 6, 5)))
    with pytest.raises(ArgumentError, match="uint8 from 0 to 255"):
        torch.cat([REAL, fakes.images])


@pytest.mark.parametrize("value_range", [(0, 1), (-1.0, 1.0)])
@pytest.mark.parametrize("workers", [0, 2])
def test_a_stated_range_is_that_of_every_batch(value_range: Any, workers: int) -> None:
    fakes = SyntheticDataset(SET, 5, value_range=value_range, target_transform=torch.tensor)
    loader = DataLoader(ConcatDataset([TensorDataset(REAL, TARGETS), fakes]), batch_size=20, num_workers=workers)
    ((images, _),) = loader
    assert images.dtype == torch.float32
    low, high = value_range
    assert low <= images.min() <= images.max() <= high
    expected = fakes.images.float() / 255 * (high - low) + low
    torch.testing.assert_close(images[10:], expected.as_subclass(torch.Tensor))


def test_bytes_beside_bytes_are_plain_tensors() -> None:
    fakes = SyntheticDataset(SET, 5, target_transform=torch.tensor)
    real = TensorDataset((REAL * 255).to(torch.uint8), TARGETS)
    for workers in (0, 2):
        ((images, _),) = DataLoader(ConcatDataset([real, fakes]), batch_size=20, num_workers=workers)
        assert (type(images), images.dtype) == (torch.Tensor, torch.uint8)
        assert torch.equal(images[10:], fakes.images)
    assert type(fakes[0][0].float() / 255) is torch.Tensor


def test_a_transform_that_forgets_to_scale_is_warned_of() -> None:
    with pytest.warns(UserWarning, match=r"transform gives floats up to \d+.*divide by 255"):
        SyntheticDataset(SET, 1, transform=lambda image: image.float())[0]
    normalised = SyntheticDataset(SET, 1, value_range=(0, 1), transform=lambda image: (image - 0.5) / 0.1)
    assert normalised[0][0].dtype == torch.float32


@pytest.mark.parametrize("make", [
    lambda made: SyntheticDataset(made, "balance", real_labels=[0, 1, 1, 2]),
    lambda made: SyntheticMix(made, 0.5),
])  # fmt: skip
def test_numbers_as_names_in_another_order_are_not_taken_for_indices(make: Any) -> None:
    with pytest.raises(ArgumentError, match=r"called by numbers.*1 -> '10'.*State classes"):
        make(generators("1", "10", "2"))
    with pytest.raises(ArgumentError, match="called by numbers"):
        make(generators(*sorted(str(number) for number in range(11))))
    make(generators("0", "1", "2"))
    make(generators("1", "ten", "2"))


def test_a_stated_order_says_what_an_index_means() -> None:
    made = generators("1", "10", "2")
    fakes = SyntheticDataset(made, "balance", real_labels=[0, 0, 1], classes=["1", "2", "10"])
    assert [fakes.classes[target] for target in fakes.targets] == ["2", "10", "10"]
    named = SyntheticDataset(made, "balance", real_labels=["10", "10", "2"])
    assert [named.classes[target] for target in named.targets] == ["1", "1", "2"], "names are never in doubt"
    SyntheticMix(made, 0.5, classes=["1", "2", "10"])


class Mixing:
    """Collates a batch and mixes it, as a worker does."""

    def __init__(self, mix: SyntheticMix) -> None:
        self.mix = mix

    def __call__(self, items: list[Any]) -> torch.Tensor:
        images, labels = zip(*items, strict=True)
        return self.mix(torch.stack(images), torch.stack(labels))[0]


@pytest.mark.parametrize("persistent", [False, True])
def test_workers_and_epochs_draw_different_samples(persistent: bool) -> None:
    real = TensorDataset(torch.zeros((16, 1, 6, 5), dtype=torch.uint8), torch.zeros(16, dtype=torch.int64))

    def epochs() -> list[torch.Tensor]:
        torch.manual_seed(3)
        loader = DataLoader(
            real,
            batch_size=4,
            num_workers=2,
            collate_fn=Mixing(SyntheticMix(SET, p=1.0)),
            persistent_workers=persistent,
        )
        return [image for _ in range(2) for batch in loader for image in batch]

    found = epochs()
    assert len({image.numpy().tobytes() for image in found}) == len(found) == 32
    assert all(torch.equal(first, second) for first, second in zip(found, epochs(), strict=True))
