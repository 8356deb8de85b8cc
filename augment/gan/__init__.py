"""The GANs: networks, losses, training, bundles."""
