"""Outside of a project one is told where to go."""

from pathlib import Path

import pytest

from augment.project.starter.place import where_to_go


def project(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("params.yaml", "dvc.yaml"):
        (folder / name).touch()


def test_in_a_project_there_is_nothing_to_say(tmp_path: Path) -> None:
    project(tmp_path)
    assert where_to_go(tmp_path) == ""


@pytest.mark.parametrize(
    ("made", "here", "words"),
    [
        ([], "x", "`augment new PROJECT` makes one, `cd` goes to one you have"),
        (["x"], "x/data/raw", "`cd ../..` goes to one"),
        (["x/own one"], "x", "`cd 'own one'` goes to one"),
        (["x/a", "x/b"], "x", "`augment new PROJECT` makes one"),
    ],
)
def test_the_way_there(tmp_path: Path, made: list[str], here: str, words: str) -> None:
    (tmp_path / here).mkdir(parents=True, exist_ok=True)
    for name in made:
        project(tmp_path / name)
    told = where_to_go(tmp_path / here)
    assert words in told
    assert "no project" in told


def test_a_folder_that_cannot_be_read_is_no_project(tmp_path: Path) -> None:
    assert "augment new" in where_to_go(tmp_path / "gone")


@pytest.mark.parametrize("gone", ["params.yaml", "dvc.yaml"])
def test_a_project_that_lost_a_file_is_told_which(tmp_path: Path, gone: str) -> None:
    project(tmp_path)
    (tmp_path / gone).unlink()
    assert where_to_go(tmp_path).startswith(f"{gone} is missing here: `git checkout {gone}`")
