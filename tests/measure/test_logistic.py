"""Weighted logistic regression: what it learns, beside scikit-learn's and by hand, and that a weight is a number of
images."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from augment.measure.logistic import fit_logistic, logistic_probabilities

RNG = np.random.default_rng(0)
TARGETS = np.repeat([0, 2], [12, 5])
FEATURES = (RNG.normal(size=(17, 3)) + TARGETS[:, None]).astype(np.float32)


def fit(features, targets, weights, strength):
    """The weights on a scale on which an image stands for itself on average."""
    return fit_logistic(features, targets, np.asarray(weights) / np.mean(weights), strength)


def test_equals_the_penalised_likelihood_minimised_by_hand():
    sampling_weights = np.linspace(1, 3, 17)
    model = fit(FEATURES, TARGETS, sampling_weights, 0.3)
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
    once = fit(FEATURES, TARGETS, sampling_weights, 0.3)
    # the penalty is weighed against the number of images, which is larger by 21 / 17 when they are written out
    twice = fit(FEATURES[again], TARGETS[again], np.ones(21), 0.3 * 17 / 21)
    scores = [logistic_probabilities(model, FEATURES, 3) for model in (once, twice)]
    np.testing.assert_allclose(*scores, atol=2e-3)


def test_what_is_never_drawn_counts_for_nothing():
    sampling_weights = np.where(np.arange(17) < 4, 0.0, 1.0)
    left = fit_logistic(FEATURES[4:], TARGETS[4:], np.ones(13), 0.3)
    whole = fit_logistic(FEATURES, TARGETS, sampling_weights, 0.3)
    assert np.array_equal(*(logistic_probabilities(model, FEATURES, 3) for model in (left, whole)))


def test_a_column_for_every_class_and_no_images_no_rows():
    model = fit_logistic(FEATURES, TARGETS, np.ones(17), 0.3)
    scores = logistic_probabilities(model, FEATURES, 4)
    assert scores.shape == (17, 4)
    assert not scores[:, [1, 3]].any()
    np.testing.assert_allclose(scores.sum(axis=1), 1)
    assert logistic_probabilities(model, FEATURES[:0], 4).shape == (0, 4)


@pytest.mark.parametrize("classes", [2, 3, 5])
@pytest.mark.parametrize("strength", [1e-2, 1.0])
def test_equals_scikit_learn(classes, strength):
    rng = np.random.default_rng(classes)
    targets = np.concatenate([np.arange(classes), rng.integers(classes, size=60)])
    features = (rng.normal(size=(len(targets), 40)) * rng.uniform(0.1, 9, 40) + targets[:, None]).astype(np.float32)
    weights = rng.uniform(0.2, 2, len(targets))
    scaler = StandardScaler().fit(features, sample_weight=weights)
    reference = LogisticRegression(C=strength, tol=1e-8, max_iter=5000)
    reference.fit(scaler.transform(features), targets, sample_weight=weights)
    found = logistic_probabilities(fit_logistic(features, targets, weights, strength), features, classes)
    np.testing.assert_allclose(found, reference.predict_proba(scaler.transform(features)), atol=2e-3)


def test_a_feature_that_never_varies_is_no_fault():
    features = np.concatenate([FEATURES, np.full((17, 1), 7.0, np.float32)], axis=1)
    found, without = (
        logistic_probabilities(fit_logistic(rows, TARGETS, np.ones(17), 0.3), rows, 3) for rows in (features, FEATURES)
    )
    np.testing.assert_allclose(found, without, atol=1e-4)
