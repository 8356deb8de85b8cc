"""Estimates, intervals and power from numbers alone: no image and no folder is seen here."""
