"""Descriptions of classes and images: short texts, read from a file and kept beside the prepared images."""
