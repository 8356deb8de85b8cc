"""The examples in docstrings are true."""

import doctest
import importlib
import tempfile
from pathlib import Path

import pytest
from PIL import Image

import augment
from tests.delivered import deliver, recipe

GREY = Image.linear_gradient("L").resize((8, 8))
TRAIN = [("train", label, made, 1.0, GREY) for made in (0, 0, 0, 1) for label in ("dent", "scratch")]


@pytest.mark.parametrize(
    ("module", "examples"),
    [
        ("augment", 10),
        ("augment.data.imageset", 6),
        ("augment.gan.api", 5),
        ("augment.gan.bundle", 12),
        ("augment.gan.generators", 10),
        ("augment.synthesis.augmented", 11),
        ("augment.synthesis.datasets", 9),
        ("augment.synthesis.mix", 7),
    ],
)
def test_examples_run(module: str, examples: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    deliver(tmp_path / "data/augmented", TRAIN, recipe())
    result = doctest.testmod(importlib.import_module(module))
    assert result.failed == 0
    assert result.attempted >= examples


@pytest.mark.parametrize("name", [name for name in augment.__all__ if name != "AugmentError"])
def test_every_public_name_shows_how_it_is_used(name: str) -> None:
    assert ">>> " in getattr(augment, name).__doc__
