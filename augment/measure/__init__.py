"""Numbers about images: features, metrics, classifiers."""
