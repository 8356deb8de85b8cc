"""Logistic regression with chances: what it learns, and that a chance is a weight."""

import numpy as np
from scipy.optimize import minimize
from scipy.special import softmax

from augment.measure.logistic import fit_logistic, logistic_probabilities
from augment.measure.sampling import WeightedImages

RNG = np.random.default_rng(0)
TARGETS = np.repeat([0, 2], [12, 5])
FEATURES = (RNG.normal(size=(17, 3)) + TARGETS[:, None]).astype(np.float32)


def weighted(sampling_weights, targets=TARGETS):
    return WeightedImages(
        np.zeros((len(targets), 1, 2, 2), np.uint8), targets, np.asarray(sampling_weights) / np.sum(sampling_weights)
    )


def test_equals_the_penalised_likelihood_minimised_by_hand():
    sampling_weights = np.linspace(1, 3, 17)
    model = fit_logistic(FEATURES, weighted(sampling_weights), 0.3)
    weights = sampling_weights / sampling_weights.mean()
    mean = np.average(FEATURES, axis=0, weights=weights)
    scale = np.sqrt(np.average((FEATURES - mean) ** 2, axis=0, weights=weights))
    x = (FEATURES - mean) / scale

    def objective(theta):
        logits = x @ theta[:3] + theta[3]
        loss = np.log1p(np.exp(-np.where(TARGETS == 2, logits, -logits)))
        return 0.3 * (weights * loss).sum() + 0.5 * (theta[:3] ** 2).sum()

    best = minimize(objective, np.zeros(4), tol=1e-10).x
    logits = x @ best[:3] + best[3]
    expected = softmax(np.stack([np.zeros(17), logits], axis=1), axis=1)
    np.testing.assert_allclose(logistic_probabilities(model, FEATURES, 3)[:, [0, 2]], expected, atol=2e-3)


def test_an_image_twice_as_often_is_the_image_twice():
    sampling_weights = np.where(np.arange(17) < 4, 2.0, 1.0)
    again = np.concatenate([np.arange(17), np.arange(4)])
    once = fit_logistic(FEATURES, weighted(sampling_weights), 0.3)
    # the penalty is weighed against the number of images, which is larger by 21 / 17 when they are written out
    twice = fit_logistic(FEATURES[again], weighted(np.ones(21), TARGETS[again]), 0.3 * 17 / 21)
    scores = [logistic_probabilities(model, FEATURES, 3) for model in (once, twice)]
    np.testing.assert_allclose(*scores, atol=2e-3)


def test_what_is_never_drawn_counts_for_nothing():
    sampling_weights = np.where(np.arange(17) < 4, 0.0, 1.0)
    left = fit_logistic(FEATURES[4:], weighted(np.ones(13), TARGETS[4:]), 0.3)
    whole = fit_logistic(FEATURES, weighted(sampling_weights), 0.3)
    assert np.array_equal(*(logistic_probabilities(model, FEATURES, 3) for model in (left, whole)))


def test_a_column_for_every_class_and_no_images_no_rows():
    model = fit_logistic(FEATURES, weighted(np.ones(17)), 0.3)
    scores = logistic_probabilities(model, FEATURES, 4)
    assert scores.shape == (17, 4)
    assert not scores[:, [1, 3]].any()
    np.testing.assert_allclose(scores.sum(axis=1), 1)
    assert logistic_probabilities(model, FEATURES[:0], 4).shape == (0, 4)
