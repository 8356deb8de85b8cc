"""A project depends on the installed code that its stages import, and on nothing else of it."""

import hashlib
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from augment.core.errors import AugmentError
from augment.project.starter import code
from augment.project.starter.code import (
    CODE,
    code_of_stages,
    has_other_code,
    listing,
    listings,
    projects_dvc_yaml,
    require_recorded,
)

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "dvc.yaml").read_text()


def test_a_projects_dvc_yaml_is_the_clones_but_for_one_file_in_the_place_of_each_list() -> None:
    ours, theirs = (YAML(typ="safe").load(text) for text in (TEXT, projects_dvc_yaml(TEXT)))
    lists = code_of_stages(TEXT)
    assert set(lists) == set(ours["stages"])
    for name, stage in ours["stages"].items():
        assert lists[name] == [dep for dep in stage["deps"] if dep.startswith("augment/")] != []
        own = theirs["stages"][name]["deps"]
        assert own.count(f".augment/code/{name}") == 1
        stage["deps"] = [dep for dep in stage["deps"] if not dep.startswith("augment/")]
        own.remove(f".augment/code/{name}")
    assert theirs == ours
    assert [line for line in TEXT.splitlines() if "#" in line] == [
        line for line in projects_dvc_yaml(TEXT).splitlines() if "#" in line
    ]


def test_a_listing_has_the_hash_of_every_file_of_files_and_folders(tmp_path: Path) -> None:
    for name, content in {"a.py": "1", "room/b.py": "2", "room/page.html": "3", "room/__pycache__/b.pyc": "4"}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    expected = [("1", "augment/a.py"), ("2", "augment/room/b.py"), ("3", "augment/room/page.html")]
    lines = [f"{hashlib.sha256(content.encode()).hexdigest()}  {name}" for content, name in expected]
    assert listing(["augment/room", "augment/a.py"], tmp_path).splitlines() == lines


def test_the_installed_code_of_a_stage_is_all_that_dvc_yaml_lists() -> None:
    named = {line.split("  ")[1] for line in listings()["train"].splitlines()}
    assert {"augment/gan/training/losses.py", "augment/core/seeds.py"} <= named
    assert not [name for name in named if "evaluation" in name or "report" in name]
    for path in code_of_stages(TEXT)["train"]:
        assert any(name == path or name.startswith(f"{path}/") for name in named), path


def test_other_code_is_told_and_a_clone_knows_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not has_other_code(tmp_path)
    require_recorded(tmp_path)
    (tmp_path / CODE).mkdir(parents=True)
    for stage, text in listings().items():
        (tmp_path / CODE / stage).write_text(text)
    require_recorded(tmp_path)
    (tmp_path / CODE / "train").write_text("of an older version\n")
    with pytest.raises(AugmentError, match="`augment upgrade` brings the project to it"):
        require_recorded(tmp_path)
    monkeypatch.setattr(code, "listings", dict)
    require_recorded(tmp_path)
