"""Logistic regression on fixed features: the other kind of classifier, without steps, batches or augmentation."""

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from augment.measure.features import Float32
from augment.measure.sampling import WeightedImages

MAX_ITERATIONS = 1000


def fit_logistic(features: Float32, data: WeightedImages, strength: float) -> Pipeline:
    """Logistic regression on standardised features, an image weighing as often as it is drawn.

    features: float32 (N, D) of `data.images`; strength: scikit-learn's C, the inverse of the penalty's weight.
    """
    drawn = data.sampling_weights > 0
    weights = data.sampling_weights[drawn] * drawn.sum()
    model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=MAX_ITERATIONS))
    model.fit(
        features[drawn], data.targets[drawn],
        standardscaler__sample_weight=weights, logisticregression__sample_weight=weights,
    )  # fmt: skip
    return model


def logistic_probabilities(model: Pipeline, features: Float32, classes: int) -> NDArray[np.float64]:
    """Float64 (N, classes): a column for every class, 0 for one that the model was not shown."""
    scores = np.zeros((len(features), classes))
    if len(features):
        scores[:, model.classes_] = model.predict_proba(features)
    return scores
