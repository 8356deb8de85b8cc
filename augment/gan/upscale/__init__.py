"""Super-resolution: small samples at the size of originals, by a GAN of patches of the user's own images."""
