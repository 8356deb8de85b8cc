"""scikit-learn and imbalanced-learn: GAN images in the place of SMOTE's, in a pipeline.

    pip install "gan-augment[imblearn]"
    python examples/over_sampling.py

Digits as rows of 64 numbers, 60 images of 0 to 4 and 8 of 5 to 9. One run of each shows how the pieces fit; whether
synthetic images help is a question for `augment trial` and for the pipeline, which repeat and compare fairly.
"""

import numpy as np
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import make_pipeline
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.preprocessing import StandardScaler

import augment


def main(*, shared_steps: int = 1200, gan_steps: int = 300) -> dict[str, float]:
    """Fit a classifier after each way of over-sampling; returns its balanced accuracy on test, a fraction of 1."""
    X, y = load_digits(return_X_y=True)
    position = np.array([np.count_nonzero(y[:row] == label) for row, label in enumerate(y)])  # within its class
    train = position < np.where(y < 5, 60, 8)

    gans = augment.GANOverSampler(random_state=0, shared_steps=shared_steps, steps=gan_steps)
    accuracies = {}
    for name, sampler in {"no more images": "passthrough", "SMOTE": SMOTE(random_state=0), "GANs": gans}.items():
        model = make_pipeline(sampler, StandardScaler(), LogisticRegression(max_iter=1000))
        model.fit(X[train], y[train])
        accuracies[name] = float(balanced_accuracy_score(y[~train], model.predict(X[~train])))
        print(f"{accuracies[name]:6.1%}  {name}")
    return accuracies


if __name__ == "__main__":
    main()
