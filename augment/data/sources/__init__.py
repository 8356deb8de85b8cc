"""Where images come from: class folders, IDX files, images.csv, meta.csv, built-in sets."""
