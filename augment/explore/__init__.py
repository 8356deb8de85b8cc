"""The playground: one local page on which a person moves through the latent space, and keeps or rejects samples."""
