"""The GANs: networks, training, one per class, bundles."""
