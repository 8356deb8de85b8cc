"""The one classifier: learns, repeats itself, and leaves the world's random numbers alone."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.measure import classifiers
from augment.measure.classifiers import (
    FitSettings,
    SmallCnn,
    classical_augmentation,
    embeddings,
    fit_classifier,
    jittered,
    probabilities,
)
from augment.measure.weighted import class_balanced
from tests.toy import toy_set

QUICK = FitSettings(steps=3, learning_rate=2e-3)
TOY = toy_set({"a": 9, "b": 9, "c": 9})


def fitted(seed: int = 0, fit: FitSettings = QUICK, augment: classifiers.Augment | None = None) -> SmallCnn:
    batch = class_balanced(TOY.images, TOY.targets(TOY.classes)).batches(16)
    return fit_classifier(batch, (1, 8, 8), 3, fit, augment, seed)


def same(first: SmallCnn, second: SmallCnn) -> bool:
    return all(torch.equal(mine, other) for mine, other in zip(first.parameters(), second.parameters(), strict=True))


def test_it_learns_what_a_person_sees() -> None:
    unseen = toy_set({"a": 20, "b": 20, "c": 20}, seed=1)
    for augment in (None, classical_augmentation("none")):
        network = fitted(fit=FitSettings(steps=60, learning_rate=5e-3), augment=augment)
        found = probabilities(network, unseen.images).argmax(axis=1)
        assert (found == unseen.targets(unseen.classes)).mean() > 0.9


@settings(max_examples=20)
@given(st.sampled_from([1, 3]), st.integers(2, 40), st.integers(2, 40), st.integers(2, 12))
def test_any_size_of_image_gives_a_score_per_class(channels: int, height: int, width: int, classes: int) -> None:
    network = SmallCnn(channels, height, width, classes).eval()
    images = np.random.default_rng(height).integers(0, 256, (3, channels, height, width), dtype=np.uint8)
    scores = probabilities(network, images)
    assert scores.shape == (3, classes)
    assert scores.dtype == np.float64
    assert scores.sum(axis=1) == pytest.approx(1, abs=1e-6)
    assert (scores >= 0).all()


def test_embeddings_are_what_the_head_sees(monkeypatch: pytest.MonkeyPatch) -> None:
    network = fitted()
    found = embeddings(network, TOY.images)
    assert (found.shape, found.dtype) == ((27, 256), np.float32)
    scores = F.softmax(network.head(torch.from_numpy(found)), dim=1).detach().numpy()
    assert scores == pytest.approx(probabilities(network, TOY.images), abs=1e-6)
    monkeypatch.setattr(classifiers, "SCORE_CHUNK", 4)
    assert embeddings(network, TOY.images) == pytest.approx(found, abs=1e-5)
    assert embeddings(network, TOY.images[:0]).shape == (0, 256)


def test_scores_are_the_softmax_of_each_image_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    network = fitted()
    with torch.no_grad():
        expected = F.softmax(network(torch.from_numpy(TOY.images).float() / 255), dim=1).numpy()
    assert probabilities(network, TOY.images) == pytest.approx(expected, abs=1e-6)
    monkeypatch.setattr(classifiers, "SCORE_CHUNK", 4)  # 27 images: six whole chunks and a rest
    assert probabilities(network, TOY.images) == pytest.approx(expected, abs=1e-6)
    assert probabilities(network, TOY.images[:0]).shape == (0, 3)


def test_equal_seeds_give_equal_weights_whatever_was_drawn_before() -> None:
    first = fitted(seed=1, augment=classical_augmentation("both"))
    torch.rand(5)
    before = torch.get_rng_state()
    assert same(fitted(seed=1, augment=classical_augmentation("both")), first)
    assert torch.equal(torch.get_rng_state(), before), "the global generator is left as it was"
    assert not same(fitted(seed=2, augment=classical_augmentation("both")), first)
    assert not same(fitted(seed=1), first)
    assert not first.training


def test_it_takes_the_steps_it_is_told() -> None:
    drawn = []
    batch = class_balanced(TOY.images, TOY.targets(TOY.classes)).batches(4)

    def counted(rng: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        drawn.append(batch(rng))
        return drawn[-1]

    fit_classifier(counted, (1, 8, 8), 3, FitSettings(7, 1e-3), None, 0)
    assert len(drawn) == 7
    assert len({images.numpy().tobytes() for images, _ in drawn}) == 7, "every batch is drawn anew"


def halves(axis: int) -> torch.Tensor:
    """64 images, bright in the first half along an axis and dark in the second."""
    images = torch.zeros(64, 1, 16, 16)
    images.narrow(axis, 0, 8).fill_(1.0)
    return images


@pytest.mark.parametrize("flips", ["none", "horizontal", "vertical", "both"])
def test_only_declared_flips_are_made(flips: str) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for axis, allowed in ((3, ("horizontal", "both")), (2, ("vertical", "both"))):
            images = classical_augmentation(flips)(halves(axis))
            first, second = (images.narrow(axis, start, 8).mean(dim=(1, 2, 3)) for start in (0, 8))
            mirrored = (first < second).float().mean().item()
            assert mirrored == 0 if flips not in allowed else 0.25 < mirrored < 0.75


def test_classical_augmentation_moves_a_little() -> None:
    images = torch.zeros(200, 1, 33, 33)
    images[:, :, 16, 16] = 1.0  # a point at the centre, which rotation and scaling keep
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        moved = classical_augmentation("none")(images)
    assert moved.shape == images.shape
    assert moved.min() >= 0
    assert moved.max() <= 1
    peaks = moved.flatten(1).argmax(dim=1)
    offsets = torch.stack([peaks // 33 - 16, peaks % 33 - 16]).abs()
    assert offsets.max() <= 5  # an eighth of 33 pixels, and one for rounding
    assert offsets.max() >= 3
    assert (moved == images).flatten(1).all(dim=1).float().mean().item() == pytest.approx(0.2, abs=0.12)


def test_jittered_copies_come_from_the_images() -> None:
    levels = np.array([0, 40, 255], dtype=np.uint8)[:, None, None, None].repeat(8, 2).repeat(8, 3)
    copies = jittered(levels, 60, "both", seed=0)
    assert copies.shape == (60, 1, 8, 8)
    assert copies.dtype == np.uint8
    assert np.ptp(copies, axis=(1, 2, 3)).max() <= 1, "shifts fill up with the border: one level stays one"
    nearest = np.abs(copies[:, 0, 4, 4][:, None].astype(int) - [0, 40, 255])
    assert nearest.min(axis=1).max() <= 1
    assert set(nearest.argmin(axis=1)) == {0, 1, 2}, "each image is drawn"
    assert not np.array_equal(
        np.argsort(jittered(levels, 60, "both", seed=1)[:, 0, 4, 4]), np.argsort(copies[:, 0, 4, 4])
    )


def test_jitter_repeats_with_its_seed_and_changes_the_images() -> None:
    before = torch.get_rng_state()
    first, again, other = (jittered(TOY.images, 30, "none", seed) for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    known = {image.tobytes() for image in TOY.images}
    assert sum(image.tobytes() in known for image in first) < 20
    assert torch.equal(torch.get_rng_state(), before)
