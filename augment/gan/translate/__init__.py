"""Translators: a class's defects drawn onto good images, by a network of its own that plays against a discriminator."""
