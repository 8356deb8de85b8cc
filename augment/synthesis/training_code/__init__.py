"""Ways into a training of one's own: data sets to add or to read, a mix for batches, a sampler of imbalanced-learn."""
