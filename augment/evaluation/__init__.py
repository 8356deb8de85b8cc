"""Which way of using the images is best, and what may be said of it."""
