"""Fine-tuning the last layers: it begins where the backbone stands, learns, and leaves the backbone as it is."""

import numpy as np
import pytest
import torch
from torch import nn

from augment.evaluation.arms import finetune
from augment.evaluation.arms.finetune import Rows, finetuned_scores, fit_finetuned
from augment.measure.classifiers import adjusted_loss

RNG = np.random.default_rng(0)
TARGETS = np.repeat([0, 1, 2], [20, 12, 8])
ACTIVATIONS = (RNG.normal(size=(40, 5, 2, 3)) + 9 * np.eye(5)[TARGETS][:, :, None, None]).astype(np.float16)
EVEN = 1 / np.bincount(TARGETS)[TARGETS]


@pytest.fixture(autouse=True)
def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    """These layers know nothing yet."""
    monkeypatch.setattr(finetune, "LEARNING_RATE", 3e-3)


def last() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(5, 7, 1), nn.ReLU())


def rows(weights: np.ndarray = EVEN) -> Rows:
    return of(ACTIVATIONS, TARGETS, weights / weights.sum())


def of(seen: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> Rows:
    return Rows(seen, np.arange(len(seen)), seen[:0], targets, weights)


def test_what_is_drawn_is_what_was_seen_and_then_what_was_made() -> None:
    chosen, made = np.array([7, 7, 2]), ACTIVATIONS[30:32]
    data = Rows(ACTIVATIONS, chosen, made, np.zeros(5, int), np.full(5, 0.2))
    everything = np.concatenate([ACTIVATIONS[chosen], made])
    drawn = np.array([4, 0, 2, 3, 1, 4])
    np.testing.assert_array_equal(data.activations(drawn), everything[drawn])
    assert data.activations(drawn).dtype == np.float16
    for part in (drawn[:0], np.array([3]), np.array([0])):
        np.testing.assert_array_equal(data.activations(part), everything[part])


def test_it_learns_and_repeats_itself() -> None:
    first, again, other = (finetuned_scores(fit_finetuned(rows(), last(), 3, seed), ACTIVATIONS) for seed in (0, 0, 1))
    assert (first.argmax(axis=1) == TARGETS).mean() > 0.9
    assert first.sum(axis=1) == pytest.approx(1)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_before_the_first_step_all_classes_are_alike_and_the_backbone_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    backbone = last()
    before = [parameter.clone() for parameter in backbone.parameters()]
    fit_finetuned(rows(), backbone, 3, 0)
    assert all(torch.equal(*pair) for pair in zip(before, backbone.parameters(), strict=True))
    monkeypatch.setattr(finetune, "STEPS", 0)
    np.testing.assert_allclose(finetuned_scores(fit_finetuned(rows(), backbone, 3, 0), ACTIVATIONS), 1 / 3, atol=1e-6)


def test_the_last_layers_are_trained_and_not_the_new_one_alone() -> None:
    backbone = last()
    network = fit_finetuned(rows(), backbone, 3, 0)
    trained = dict(network.named_parameters())
    assert not torch.equal(trained["last.0.weight"], backbone.get_parameter("0.weight"))
    assert trained["head.weight"].abs().sum() > 0


def test_rows_of_weight_zero_teach_nothing() -> None:
    weights = EVEN.copy()
    weights[TARGETS == 2] = 0
    scores = finetuned_scores(fit_finetuned(rows(weights), last(), 3, 0), ACTIVATIONS)
    assert (scores.argmax(axis=1) != 2).all()


def test_the_first_half_of_the_steps_may_draw_other_rows() -> None:
    wrong = of(ACTIVATIONS, (TARGETS + 1) % 3, EVEN / EVEN.sum())
    only_wrong = finetuned_scores(fit_finetuned(wrong, last(), 3, 0), ACTIVATIONS)
    mended = finetuned_scores(fit_finetuned(rows(), last(), 3, 0, first_half=wrong), ACTIVATIONS)
    assert (only_wrong.argmax(axis=1) == TARGETS).mean() < 0.1
    assert mended[np.arange(40), TARGETS].mean() > only_wrong[np.arange(40), TARGETS].mean() + 0.1
    untouched = finetuned_scores(fit_finetuned(rows(), last(), 3, 0), ACTIVATIONS)
    assert mended[np.arange(40), TARGETS].mean() < untouched[np.arange(40), TARGETS].mean() - 0.1


def test_the_adjusted_loss_takes_the_place_of_balanced_draws() -> None:
    blank = np.ones_like(ACTIVATIONS)
    uniform = np.full(40, 1 / 40)
    frequencies = np.bincount(TARGETS) / 40
    network = fit_finetuned(of(blank, TARGETS, uniform), last(), 3, 0, adjusted_loss(frequencies))
    np.testing.assert_allclose(finetuned_scores(network, blank[:1])[0], 1 / 3, atol=0.1)
    plain = finetuned_scores(fit_finetuned(of(blank, TARGETS, uniform), last(), 3, 0), blank[:1])[0]
    assert plain[0] > 0.4, "the frequent class by itself"


def test_no_images_no_rows() -> None:
    assert finetuned_scores(fit_finetuned(rows(), last(), 3, 0), ACTIVATIONS[:0]).shape == (0, 3)
