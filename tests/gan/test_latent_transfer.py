"""Latent transfer: who is a donor, where images lie in the latent space, and what a sample is made of."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from augment.data.imageset import ImageSet
from augment.gan import latent_transfer
from augment.gan.generators import ClassGenerator
from augment.gan.latent_transfer import (
    SHIFT_STRENGTH,
    LatentTransfer,
    donor_classes,
    invert,
    latent_transfers,
    min_sample_distance,
    near_copies,
    residuals,
)
from augment.gan.networks.architecture import Architecture
from augment.gan.networks.build import new_generator, to_float, to_uint8
from tests.toy import toy_set

COUNTS = st.dictionaries(st.sampled_from("abcdef"), st.integers(1, 60), min_size=1)


class Identity(nn.Module):
    """A generator whose latents are its images."""

    architecture = Architecture("linear", 1, 4, 4, 16, 4)

    def forward(self, z: Tensor) -> Tensor:
        return z.view(-1, 1, 4, 4)


def identity() -> Any:
    return Identity()


def by_hand(latents: Tensor, undrawn: Tensor, *donors: Tensor, min_distance: float = 0.0) -> LatentTransfer:
    known = to_uint8(latents.view(-1, 1, 4, 4) + undrawn).numpy()
    return LatentTransfer("a", identity(), latents, undrawn, donors, known, min_distance, np.arange(len(latents)))


@given(COUNTS)
def test_classes_with_half_of_the_largest_ones_images_are_donors(counts: dict[str, int]) -> None:
    most = max(counts.values())
    assert donor_classes(counts) == [label for label, count in counts.items() if 2 * count >= most and count > 1]


def test_balanced_classes_are_all_donors_and_minority_ones_never() -> None:
    assert donor_classes({"a": 20, "b": 20, "c": 18}) == ["a", "b", "c"]
    assert donor_classes({"a": 150, "b": 10, "c": 80}) == ["a", "c"]
    assert donor_classes({"a": 1, "b": 1}) == []


def test_an_image_of_the_generator_is_found_again() -> None:
    torch.manual_seed(0)
    network = new_generator(Architecture("dcgan", 1, 8, 8, 6, 8)).eval().requires_grad_(False)
    images = network(torch.randn(5, 6)).detach()
    latents = invert(network, images)
    assert latents.shape == (5, 6)
    undrawn = residuals(network, images, latents)
    assert undrawn.square().mean() < images.square().mean() / 50
    torch.testing.assert_close(network(latents) + undrawn, images)


def test_the_passes_of_a_search_are_those_that_are_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each image has its steps, and each trial a drawing."""
    monkeypatch.setattr(latent_transfer, "MAX_PASS_PIXELS", 8 * 16)
    forwards: list[tuple[int, bool]] = []

    class Watched(Identity):
        def forward(self, z: Tensor) -> Tensor:
            forwards.append((len(z), torch.is_grad_enabled()))
            return super().forward(z)

    network: Any = Watched()
    train = toy_set({"a": 20, "b": 2, "c": 1})
    invert(network, torch.zeros(23, 1, 4, 4))
    assert max(size for size, _ in forwards) == 8, "however many there are"
    learnt, tried = (sum(size for size, graded in forwards if graded == way) for way in (True, False))
    assert learnt + tried // 3 == latent_transfer.inversion_passes(train.counts())
    assert latent_transfer.inversion_passes({"a": 1, "b": 1}) == 0


def test_the_search_weighs_nearness_against_the_prior() -> None:
    """With images = latents the best latent is image / (1 + PRIOR), in closed form."""
    images = torch.linspace(-0.9, 0.9, 32).view(2, 1, 4, 4)
    found = invert(identity(), images)
    torch.testing.assert_close(found, images.flatten(1) / (1 + latent_transfer.PRIOR_WEIGHT), atol=0.01, rtol=0)


def test_a_sample_is_an_own_image_moved_by_a_difference_within_one_donor() -> None:
    rng = torch.Generator().manual_seed(1)
    own, undrawn = torch.rand(3, 16, generator=rng) * 0.2, torch.rand(3, 1, 4, 4, generator=rng) * 0.1
    donors = [torch.rand(4, 16, generator=rng) * 0.5, torch.rand(2, 16, generator=rng) * 0.5]
    possible = [
        (s, b, ((own[s] + SHIFT_STRENGTH * (bank[i] - bank[j])).view(1, 4, 4) + undrawn[s]))
        for s in range(3) for b, bank in enumerate(donors) for i in range(len(bank)) for j in range(len(bank)) if i != j
    ]  # fmt: skip
    expected = torch.stack([image for _, _, image in possible])
    samples = to_float(by_hand(own, undrawn, *donors).sample(120, seed=4))
    distance = (samples[:, None] - expected).abs().amax(dim=(2, 3, 4))
    assert (distance.amin(dim=1) <= 1 / 255 + 1e-6).all(), "nothing else than these sums"
    nearest = [possible[at] for at in distance.argmin(dim=1).tolist()]
    assert {s for s, _, _ in nearest} == {0, 1, 2}
    assert by_hand(own, undrawn, *donors).sources(120, seed=4).tolist() == [s for s, _, _ in nearest]
    shares = np.bincount([b for _, b, _ in nearest]) / 120
    assert 0.35 < shares[0] < 0.65, "each donor is drawn equally often, however many images it has"


def test_samples_depend_on_seed_and_position() -> None:
    made = by_hand(torch.rand(3, 16), torch.zeros(3, 1, 4, 4), torch.rand(5, 16))
    first = made.sample(8, seed=0)
    assert first.dtype == torch.uint8
    assert torch.equal(made.sample(3, seed=0), first[:3])
    assert not torch.equal(made.sample(8, seed=1), first)
    assert made.sample(0, seed=0).shape == (0, 1, 4, 4)
    sources = made.sources(8, seed=0)
    assert (sources.dtype, made.sources(0, seed=0).shape) == (np.int64, (0,))
    assert np.array_equal(made.sources(5, seed=0, start=3), sources[3:])


def test_a_callers_autocast_changes_no_sample() -> None:
    network = new_generator(Architecture("dcgan", 1, 16, 16, 6, 8)).eval().requires_grad_(False)
    own, nothing, donor = torch.randn(3, 6), torch.zeros(3, 1, 16, 16), torch.randn(5, 6)
    made = LatentTransfer("a", network, own, nothing, (donor,), to_uint8(nothing).numpy(), 0.0, np.arange(3))
    expected = made.sample(20, seed=0)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(made.sample(20, seed=0), expected)


def test_sums_beyond_black_and_white_are_cut_off() -> None:
    made = by_hand(torch.full((1, 16), 0.9), torch.full((1, 1, 4, 4), 0.9), torch.zeros(2, 16))
    assert made.sample(2, seed=0).eq(255).all()


def test_a_move_that_changes_too_little_is_drawn_again() -> None:
    """Of three donor images two are nearly equal: a third of the moves changes next to nothing, 1/81 in all draws."""
    own, nothing = torch.zeros(1, 16), torch.zeros(1, 1, 4, 4)
    donor = torch.stack([torch.zeros(16), torch.full((16,), 0.01), torch.full((16,), 0.5)])
    change = {
        min_distance: to_float(by_hand(own, nothing, donor, min_distance=min_distance).sample(300, seed=0))
        .abs()
        .amax(dim=(1, 2, 3))
        for min_distance in (0.0, 0.1)
    }
    assert 0.25 < (change[0.0] < 0.1).float().mean() < 0.42
    assert (change[0.1] < 0.1).float().mean() < 0.04
    kept = change[0.0] >= 0.1
    assert torch.equal(change[0.1][kept], change[0.0][kept]), "no other move is drawn again"


def test_a_move_that_ends_at_another_image_of_the_class_is_drawn_again() -> None:
    """A class is its own donor, and `SHIFT_STRENGTH` of the way from the moved image to a third nearly the third."""
    images = torch.eye(16)[:3]
    first, again = (
        to_float(by_hand(images, torch.zeros(3, 1, 4, 4), images, min_distance=min_distance).sample(300, seed=0))
        for min_distance in (0.0, 0.1)
    )
    copies = [torch.cdist(some.flatten(1), images).amin(dim=1) / 4 < 0.1 for some in (first, again)]
    assert 0.2 < copies[0].float().mean() < 0.5, "a third of the moves begins where its difference does"
    assert copies[1].float().mean() < 0.04, "1/81 in all draws"
    assert torch.equal(again[~copies[0]], first[~copies[0]]), "no other move is drawn again"


def test_nearness_is_the_root_mean_square_of_pixels() -> None:
    rng = np.random.default_rng(0)
    images, known = (rng.integers(0, 256, (count, 3, 4, 5), np.uint8) for count in (20, 7))
    differences = (images[:, None].astype(float) - known[None]) / 127.5
    distances = np.sqrt((differences**2).mean(axis=(2, 3, 4))).min(axis=1)
    for min_distance in (*np.quantile(distances, [0.2, 0.7]), 0.0, 9.0):
        assert (
            near_copies(torch.from_numpy(images), known, min_distance).tolist() == (distances < min_distance).tolist()
        )


def test_the_min_distance_is_a_share_of_the_usual_one() -> None:
    """Constant images at 0, 10, 30 and 70: the nearest others lie at 10, 10, 20 and 40."""
    images = np.array([0, 10, 30, 70], np.uint8)[:, None, None, None].repeat(5, 2).repeat(5, 3)
    assert min_sample_distance(images) == pytest.approx(latent_transfer.COPY_DISTANCE_SHARE * 15 / 127.5)
    assert min_sample_distance(images[:1]) == 0


@pytest.mark.parametrize("minority", [1, 2])
def test_minority_classes_vary_as_the_majority_ones_do(minority: int) -> None:
    train = toy_set({"a": 70, "b": minority, "c": 40})
    shared = ClassGenerator("shared", new_generator(Architecture("linear", 1, 8, 8, 4, 4)))
    found = latent_transfers(shared, train, seed=0)
    assert set(found) == {"b", "c"}, "no larger than the median class"
    for own in found.values():
        assert [len(donor) for donor in own.donors] == [64, 40], "at most so many images are looked for"
    images = to_float(torch.from_numpy(train.of_class("b").images))
    drawn = found["b"].network(found["b"].latents)
    torch.testing.assert_close(drawn + found["b"].residuals, images, atol=1e-5, rtol=0)
    again = latent_transfers(shared, train, seed=0)["b"].sample(4, seed=3)
    assert torch.equal(found["b"].sample(4, seed=3), again)
    assert latent_transfers(shared, toy_set({"a": 1, "b": 1}), seed=0) == {}


def test_of_a_large_class_some_images_are_varied_and_known_by_their_positions() -> None:
    train = toy_set({"a": 70, "b": 70})
    shared = ClassGenerator("shared", new_generator(Architecture("linear", 1, 8, 8, 4, 4)))
    own = latent_transfers(shared, train, seed=0)["b"]
    varied = to_float(torch.from_numpy(train.of_class("b").images[own.positions]))
    torch.testing.assert_close(own.network(own.latents) + own.residuals, varied, atol=1e-5, rtol=0)
    sources = own.sources(300, seed=1)
    assert 50 < len(np.unique(sources)) <= len(own.positions) == 64
    assert set(sources.tolist()) <= set(own.positions.tolist()), "positions in the class, not in the part of it"
    assert sources.max() >= 64


def test_many_classes_bring_fewer_images_each() -> None:
    train = toy_set({f"{number:03d}": 20 for number in range(100)}, side=202)
    small = ImageSet(train.images[:, :, :4, :4].copy(), train.labels, train.groups, train.sources)
    shared = ClassGenerator("shared", new_generator(Architecture("linear", 1, 4, 4, 4, 4)))
    found = latent_transfers(shared, small, seed=0)
    assert {len(own.latents) for own in found.values()} == {8}
