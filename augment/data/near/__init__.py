"""Near duplicates, found by comparing all images: from crops and descriptors to pairs, clusters and groups."""
