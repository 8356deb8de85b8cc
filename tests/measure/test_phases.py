"""What a step of the classifier draws and weighs."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.utils.class_weight import compute_class_weight

from augment.measure import classifiers
from augment.measure.augmentations import mixup_or_cutmix
from augment.measure.classifiers import FitSettings, fit_classifier, uniform_batches, weighted_batches
from augment.measure.sampling import class_balanced, uniform

COUNTS = (12, 5, 1)


def images_and_targets():
    targets = np.repeat(np.arange(3), COUNTS)
    return np.arange(18, dtype=np.uint8).reshape(-1, 1, 1, 1).repeat(4, 2).repeat(4, 3), targets


@pytest.mark.parametrize(("steps", "expected"), [(6, "aaabbb"), (5, "aabbb"), (1, "b")])
def test_the_first_half_of_the_steps_draws_from_its_own(steps, expected):
    drawn = []

    def source(name):
        def batch(rng):
            drawn.append(name)
            return torch.zeros(2, 1, 4, 4, dtype=torch.uint8), torch.tensor([0, 1])

        return batch

    fit_classifier(source("b"), (1, 4, 4), 2, FitSettings(steps, 1e-3), None, 0, source("a"))
    assert "".join(drawn) == expected


def test_two_halves_from_one_source_are_the_whole():
    batch = weighted_batches(class_balanced(*images_and_targets()), 4)
    plain, halves = (
        fit_classifier(batch, (1, 4, 4), 3, FitSettings(4, 1e-3), None, 0, half).state_dict() for half in (None, batch)
    )
    assert all(torch.equal(plain[name], halves[name]) for name in plain)


def test_rows_of_classes_train_as_class_indices_do():
    data = uniform(*images_and_targets())

    def rows(rng):
        images, targets = weighted_batches(data, 6)(rng)
        return images, F.one_hot(targets, 3).float()

    first, second = (
        fit_classifier(batch, (1, 4, 4), 3, FitSettings(3, 1e-3), None, 0).state_dict()
        for batch in (weighted_batches(data, 6), rows)
    )
    for name, weights in first.items():
        torch.testing.assert_close(second[name], weights, rtol=0, atol=1e-4)


def test_loss_weights_are_the_balanced_closed_form():
    images, targets = images_and_targets()
    drawn, rows = uniform_batches(class_balanced(images, targets), 4000, 3)(torch.Generator().manual_seed(0))
    numbers = drawn[:, 0, 0, 0].numpy()
    weights = compute_class_weight("balanced", classes=np.arange(3), y=targets)
    expected = weights[targets[numbers], None] * np.eye(3)[targets[numbers]]
    np.testing.assert_allclose(rows.numpy(), expected, rtol=1e-6)
    shares = np.bincount(numbers, minlength=18) / len(numbers)
    assert abs(shares - 1 / 18).max() < 0.02, "images must be drawn equally often"
    assert weights[targets].mean() == pytest.approx(1.0)


def test_the_weighted_loss_is_torchs_own():
    images, targets = images_and_targets()
    _, rows = uniform_batches(class_balanced(images, targets), 50, 3)(torch.Generator().manual_seed(1))
    logits = torch.randn(50, 3, generator=torch.Generator().manual_seed(2))
    weights = torch.tensor([18 / (3 * count) for count in COUNTS])
    own = F.cross_entropy(logits, rows.argmax(dim=1), weight=weights, reduction="sum") / 50
    torch.testing.assert_close(F.cross_entropy(logits, rows), own)


def test_images_are_augmented_several_batches_at_once_and_blended_one_by_one(monkeypatch):
    data, seen = class_balanced(*images_and_targets()), []

    def augment(images):
        seen.append(("augmented", len(images), float(images.max()) <= 1))
        return images / 2

    def blend(images, targets, rng):
        seen.append(("blended", len(images), float(images.max()) <= 0.5))
        return images, targets

    monkeypatch.setattr(classifiers, "MAX_AHEAD_STEPS", 3)
    fit_classifier(weighted_batches(data, 5), (1, 4, 4), 3, FitSettings(7, 1e-3), augment, 0, None, blend)
    three, one, blended = ("augmented", 15, True), ("augmented", 5, True), ("blended", 5, True)
    assert seen == [three, blended, blended, blended, three, blended, blended, blended, one, blended]


@pytest.mark.parametrize("blend", [None, mixup_or_cutmix(3)])
def test_how_many_are_augmented_at_once_changes_nothing_else(monkeypatch, blend):
    data, found = class_balanced(*images_and_targets()), []
    for ahead in (1, 3, 8):
        monkeypatch.setattr(classifiers, "MAX_AHEAD_STEPS", ahead)
        weights = fit_classifier(weighted_batches(data, 5), (1, 4, 4), 3, FitSettings(7, 1e-3), None, 0, None, blend)
        found.append(weights.state_dict())
    assert all(torch.equal(found[0][name], other[name]) for other in found[1:] for name in found[0])


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((1, 2, 2), 50), ((1, 8, 8), 50), ((1, 28, 28), 20), ((3, 32, 32), 5), ((3, 64, 64), 1), ((3, 256, 256), 1)],
)
def test_large_images_are_augmented_batch_by_batch(shape, expected):
    assert classifiers.steps_ahead(shape) == expected
