"""The sweep goes on where it was broken off, and its tables hold what was measured."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import recipe, recipe_tables
from benchmarks.pools import draw, images_of
from benchmarks.recipe import Unit


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Unit]:
    """The units that were made, by a stand-in that takes no time."""
    units: list[Unit] = []

    def make(unit: Unit) -> dict[str, Any]:
        units.append(unit)
        row = dict(zip(recipe.KEYS, unit.key, strict=True)) | {"cpu_seconds": 2.0 + unit.subset}
        if unit.variant == "hinge":
            return row | {"failed": "collapsed"}
        return row | {"kid": 0.002, "kid poor": 0.003 + 0.001 * unit.subset}

    monkeypatch.setattr(recipe, "make", make)
    monkeypatch.setattr(recipe, "cores", lambda: 1)
    monkeypatch.setattr(recipe, "VARIANTS", {name: recipe.VARIANTS[name] for name in ("default", "hinge")})
    return units


def test_a_sweep_that_was_killed_goes_on(made: list[Unit], tmp_path: Path) -> None:
    results = tmp_path / "rows.jsonl"
    recipe.sweep("screen", results, {"digits": "digits"})
    keys = [unit.key for unit in made]
    assert len(keys) == len(set(keys)) == len(recipe.COUNTS) * recipe.SUBSETS * 2
    whole = results.read_text()
    results.write_text("".join(whole.splitlines(keepends=True)[:3]) + whole.splitlines()[3][:20])
    made.clear()
    recipe.sweep("screen", results, {"digits": "digits"})
    assert [unit.key for unit in made] == keys[3:]
    assert results.read_text() == whole
    recipe.sweep("screen", results, {"digits": "digits"})
    assert len(made) == len(keys) - 3


def test_the_table_has_every_subset_the_seconds_and_the_failures(
    made: list[Unit], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = tmp_path / "rows.jsonl"
    recipe.sweep("screen", results, {"digits": "digits"})
    capsys.readouterr()
    recipe_tables.print_tables([json.loads(line) for line in results.read_text().splitlines()])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "| variant | digits 10 | s | digits 150/10 | s |"
    assert lines[2] == "| default | 3.0, 4.0 | 2 | 3.0 (2.0), 4.0 (2.0) | 2 |"
    assert lines[3] == "| hinge | failed, failed | 2 | failed, failed | 2 |"


def test_what_a_set_has_no_images_for_is_left_out() -> None:
    found = {unit.counts for unit in recipe.units("confirm", {"digits": "digits"})}
    assert found == {"10", "20", "50", "150/10"}, "no digit has 200 images"


def test_a_class_trains_on_as_many_images_as_it_is_told() -> None:
    digits = images_of("digits")
    for wanted in (10, 150):
        train, test = draw(digits, dict.fromkeys(digits.classes, wanted), 500, 1)
        assert set(train.counts().values()) == {wanted}
        assert min(test.counts().values()) >= 20
        assert not set(train.sources.tolist()) & set(test.sources.tolist())
    with pytest.raises(ValueError, match=r"class '8' has 174 images: not 180 to train on"):
        draw(digits, dict.fromkeys(digits.classes, 10) | {"8": 180}, 500, 0)
