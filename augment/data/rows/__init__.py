"""Rows of a table, and vectors: reading, typing, splitting and encoding, as the rooms beside do it for images."""
