"""Images and generators handed on: files that other programs read, and the cards beside them."""
