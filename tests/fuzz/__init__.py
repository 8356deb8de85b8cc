"""Harnesses that hand a reader arbitrary bytes: it must give a value, or refuse in its own words.

    python -m tests.fuzz.decoder -max_total_time=3600 corpus/

runs one for as long as you like, with `pip install -e ".[fuzz]"` under atheris (libFuzzer's options, coverage-guided),
else by seeded mutation for `--seconds`. `pytest` runs each for a short while, always by seeded mutation.
"""
