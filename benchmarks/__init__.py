"""Measurements, run as `python -m benchmarks.<name>` after `dvc repro`; each prints a table."""
