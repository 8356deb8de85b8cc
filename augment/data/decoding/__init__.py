"""From bytes to clean uint8 pixels, or the reason why not."""
