"""Judges the made images: quality, copies, membership, leakage."""
