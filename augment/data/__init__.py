"""Images in: decode, clean, group, split."""
