"""One GAN from its first step to its last: losses, step, checks, single and stacked."""
