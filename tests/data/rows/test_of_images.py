"""Settings of images are told where somebody set them for rows, and nowhere else."""

from pathlib import Path

import pytest

from augment.data.rows.of_images import FOLDERS, KEYS, image_notes
from augment.params import Params, check


def test_nothing_is_told_of_settings_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert image_notes(Params()) == []
    (tmp_path / "data/base").mkdir(parents=True)
    (tmp_path / "data/base/README.md").touch()
    assert image_notes(check({"evaluate": {"second_classifier": "off"}, "train": {"width": 8}})) == []


def test_what_plays_no_part_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    params = check({
        "ingest": {"flips": "both", "size": 32}, "train": {"network": "residual"}, "generate": {"borrowed": 0.0},
        "evaluate": {"second_classifier": "imagenet", "steps": 9},
    })  # fmt: skip
    (note,) = image_notes(params)
    assert note.endswith(
        ": ingest.size, ingest.flips, train.network, generate.borrowed, evaluate.second_classifier, evaluate.steps"
    )
    (tmp_path / "data/selection").mkdir(parents=True)
    (tmp_path / "data/selection/selection.json").touch()
    (note,) = image_notes(Params())
    assert note.endswith("rows: generate.selection")


def test_every_key_is_one() -> None:
    sections = Params().model_dump()
    assert all(key.split(".")[1] in sections[key.split(".")[0]] for key in (*KEYS, *FOLDERS))
