"""Runs in DVC's copies of a project see the inputs of a run in place, or stop."""

from pathlib import Path

import pytest

from augment.core.errors import DataError
from augment.params import Params
from pipeline.temporary import project_of, require_same_inputs

BUILT_IN = Params()
FOLDER = Params.model_validate({"ingest": {"source": "folder"}})


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy that holds all: the README of every folder, and one image."""
    here = tmp_path / ".dvc/tmp/exps/standalone/tmpabc"
    for root in (tmp_path, here):
        for name in ("data/base/README.md", "data/external/README.md", "data/raw/cat/1.png"):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).touch()
    require_same_inputs(FOLDER, here)
    return here


def test_a_run_in_place_is_no_copy(copy: Path, tmp_path: Path) -> None:
    assert project_of(copy) == tmp_path.resolve()
    assert project_of(tmp_path) is None
    (copy / "data/raw/cat/1.png").unlink()
    require_same_inputs(FOLDER, tmp_path)


@pytest.mark.parametrize(
    ("file", "key", "folder"),
    [
        ("data/base/manifest.json", "train.base", "data/base"),
        ("data/external/cat/1.png", "evaluate.external", "data/external"),
        ("data/raw/cat/2.png", "ingest.path", "data/raw"),
    ],
)
def test_what_only_the_project_holds_stops_it(copy: Path, tmp_path: Path, file: str, key: str, folder: str) -> None:
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).touch()
    with pytest.raises(
        DataError, match=rf"{key}: 1 files of {folder}.*(git add -f|dvc add) {folder}`, or run it in place"
    ):
        require_same_inputs(FOLDER, copy)
    (copy / file).parent.mkdir(parents=True, exist_ok=True)
    (copy / file).touch()
    require_same_inputs(FOLDER, copy)


def test_images_that_no_run_reads_are_not_missed(copy: Path) -> None:
    (copy / "data/raw/cat/1.png").unlink()
    require_same_inputs(BUILT_IN, copy)
    with pytest.raises(DataError):
        require_same_inputs(FOLDER, copy)
