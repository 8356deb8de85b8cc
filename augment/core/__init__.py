"""What every room stands on: errors, seeds, files, processes, the engine. Knows nothing of images or GANs."""
