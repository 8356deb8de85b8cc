"""The one classifier: learns, repeats itself, and leaves the world's random numbers alone."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.measure import classifiers
from augment.measure.augmentations import classical_augmentation
from augment.measure.classifiers import (
    FitSettings,
    SmallCnn,
    embeddings,
    fit_classifier,
    probabilities,
    weighted_batches,
)
from augment.measure.sampling import class_balanced
from tests.toy import toy_set

QUICK = FitSettings(steps=3, learning_rate=2e-3)
TOY = toy_set({"a": 9, "b": 9, "c": 9})


def fitted(seed: int = 0, fit: FitSettings = QUICK, augment: classifiers.Augment | None = None) -> SmallCnn:
    batch = weighted_batches(class_balanced(TOY.images, TOY.targets(TOY.classes)), 16)
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
    batch = weighted_batches(class_balanced(TOY.images, TOY.targets(TOY.classes)), 4)

    def counted(rng: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        drawn.append(batch(rng))
        return drawn[-1]

    fit_classifier(counted, (1, 8, 8), 3, FitSettings(7, 1e-3), None, 0)
    assert len(drawn) == 7
    assert len({images.numpy().tobytes() for images, _ in drawn}) == 7, "every batch is drawn anew"


def test_the_maximum_may_stand_before_relu() -> None:
    block = classifiers.Block(1, 8, pool=True, early=False)
    images = torch.rand(4, 1, 8, 8)
    plain = F.max_pool2d(F.relu(block.norm(block.convolution(images))), 2)
    assert torch.equal(block(images), plain)
    weights = list(block.parameters())
    grads, plain_grads = (torch.autograd.grad((made**2).sum(), weights) for made in (block(images), plain))
    assert all(torch.equal(mine, other) for mine, other in zip(grads, plain_grads, strict=True))
