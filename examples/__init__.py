"""Small programs to read; each runs as `python examples/<name>.py`."""
