"""The examples in docstrings are true."""

import doctest
import importlib

import pytest


@pytest.mark.parametrize(
    ("module", "examples"), [("augment.gan.arrays", 5), ("augment.synthesis.datasets", 16), ("augment.gan.bundle", 5)]
)
def test_examples_run(module: str, examples: int) -> None:
    result = doctest.testmod(importlib.import_module(module))
    assert result.failed == 0
    assert result.attempted >= examples
