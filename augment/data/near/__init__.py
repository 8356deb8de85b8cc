"""Near duplicates: one picture but for size, crop, turn, tint or encoding."""
