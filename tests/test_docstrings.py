"""The examples in docstrings are true."""

import doctest
import importlib
import tempfile
from pathlib import Path

import pytest
from PIL import Image

import augment
from augment.data.prepare import prepare
from augment.params import load
from tests.delivered import deliver, recipe

GREY = Image.linear_gradient("L").resize((8, 8))
TRAIN = [("train", label, made, 1.0, GREY) for made in (0, 0, 0, 1) for label in ("dent", "scratch")]


@pytest.mark.parametrize(
    ("module", "examples"),
    [
        ("augment", 10),
        ("augment.data.imageset", 6),
        ("augment.data.prepared_originals", 5),
        ("augment.gan.api", 5),
        ("augment.gan.bundle", 12),
        ("augment.gan.generators.class_generator", 5),
        ("augment.gan.generators.generator_set", 8),
        ("augment.synthesis.training_code.augmented", 11),
        ("augment.synthesis.training_code.datasets", 10),
        ("augment.synthesis.training_code.mix", 8),
        ("augment.synthesis.training_code.over_sampler", 5),
    ],
)
def test_examples_run(module: str, examples: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    deliver(tmp_path / "data/augmented", TRAIN, recipe())
    if module == "augment.data.prepared_originals":
        prepare_photos()
    result = doctest.testmod(importlib.import_module(module))
    assert result.failed == 0
    assert result.attempted >= examples


def prepare_photos() -> None:
    """data/prepared of 28 photos in data/raw, eight of either class in train."""
    for number in range(28):
        photo = Path("data/raw") / ("dent", "scratch")[number % 2] / f"{number}.png"
        photo.parent.mkdir(parents=True, exist_ok=True)
        Image.linear_gradient("L").rotate(12 * number).resize((40, 40)).save(photo)
    Path("params.yaml").write_text("ingest: {source: folder, path: data/raw, size: 8, near_duplicates: off}")
    prepare(load().ingest, 0, Path("data/prepared"))


@pytest.mark.parametrize("name", [name for name in augment.__all__ if name != "AugmentError"])
def test_every_public_name_shows_how_it_is_used(name: str) -> None:
    assert ">>> " in getattr(augment, name).__doc__
