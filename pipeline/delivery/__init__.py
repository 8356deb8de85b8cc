"""The images of data/augmented as files: how large, which, how they are made."""
