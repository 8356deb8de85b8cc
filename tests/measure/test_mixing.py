"""Mixup and cutmix against their definitions: what is in the image is what is in the label."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from augment.measure.augmentations import cutmix, mixup, mixup_or_cutmix
from augment.measure.classifiers import FitSettings, fit_classifier, probabilities

LEVELS = torch.tensor([0.0, 0.15, 0.5, 1.0])  # every image of a class has its one grey level


def flat_classes(height, width, rng):
    targets = torch.randint(len(LEVELS), (16,), generator=rng)
    return LEVELS[targets].view(-1, 1, 1, 1).expand(-1, 1, height, width), targets


@given(st.integers(2, 9), st.integers(2, 12), st.integers(0, 10_000))
def test_the_label_says_what_the_image_holds(height, width, seed):
    rng = torch.Generator().manual_seed(seed)
    images, rows = mixup_or_cutmix(4)(*flat_classes(height, width, rng), rng)
    assert images.shape == (16, 1, height, width)
    assert rows.shape == (16, 4)
    assert images.min() >= 0
    assert images.max() <= 1
    torch.testing.assert_close(rows.sum(dim=1), torch.ones(16))
    torch.testing.assert_close(images.mean(dim=(1, 2, 3)), rows @ LEVELS, rtol=1e-4, atol=1e-4)


def test_both_ways_come_up_and_classes_meet():
    rng = torch.Generator().manual_seed(0)
    boxes, shares = [], []
    for _ in range(200):
        images, rows = mixup_or_cutmix(4)(*flat_classes(8, 8, rng), rng)
        known = torch.isin(images, LEVELS).all()
        boxes.append(bool(known))
        shares.append(float(rows.max(dim=1).values.mean()))
    assert 0.3 < np.mean(boxes) < 0.7
    assert np.mean(shares) < 0.95


def test_mixup_is_the_weighted_sum_with_the_partner():
    images = torch.rand(5, 3, 4, 6)
    order = torch.tensor([1, 2, 3, 4, 0])
    blended, kept = mixup(images, order, 0.3)
    assert kept == 0.3
    for index in range(5):
        torch.testing.assert_close(blended[index], 0.3 * images[index] + 0.7 * images[(index + 1) % 5])


@given(st.floats(0, 1), st.integers(0, 1000))
def test_cutmix_pastes_one_box_of_the_partner(share, seed):
    images = torch.stack([torch.full((1, 8, 10), float(value)) for value in range(4)])
    order = torch.tensor([1, 2, 3, 0])
    pasted, kept = cutmix(images, order, share, torch.Generator().manual_seed(seed))
    inside = pasted[0, 0] == 1
    assert kept == pytest.approx(1 - inside.float().mean().item())
    rows, columns = inside.any(dim=1), inside.any(dim=0)
    assert inside.sum() == rows.sum() * columns.sum(), "the pasted part is no rectangle"
    assert inside.sum() <= (round(8 * (1 - share) ** 0.5) + 1) * (round(10 * (1 - share) ** 0.5) + 1)
    assert torch.equal(images[0], torch.zeros(1, 8, 10)), "the images of the batch are left alone"


def test_the_weights_of_a_row_move_with_its_image():
    rng = torch.Generator().manual_seed(3)
    images, targets = flat_classes(6, 6, rng)
    weighted = F.one_hot(targets, 4) * torch.arange(1.0, 17.0)[:, None]
    _, rows = mixup_or_cutmix(4)(images, weighted, rng)
    assert rows.sum().item() == pytest.approx(weighted.sum().item(), rel=1e-5)
    assert not torch.equal(rows, weighted)


def test_a_classifier_learns_from_blended_labels():
    stripes = torch.zeros(3, 1, 8, 8, dtype=torch.uint8)
    stripes[0, :, ::2], stripes[1, :, :, ::2] = 255, 255  # lying, standing, none

    def batch(rng):
        targets = torch.randint(3, (16,), generator=rng)
        return stripes[targets], targets

    network = fit_classifier(batch, (1, 8, 8), 3, FitSettings(60, 5e-3), None, 0, blend=mixup_or_cutmix(3))
    assert (probabilities(network, stripes.numpy()).argmax(axis=1) == np.arange(3)).all()
