"""What DVC would stop at in its own words is known before."""

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from augment import params
from augment.project.dvc_yaml import obstacles

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folders = ("raw", "base", "external", "selection", "descriptions")
    for name in ("dvc.yaml", "params.yaml", *(f"data/{folder}/README.md" for folder in folders)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    return tmp_path


def found(project: Path) -> list[tuple[str, str]]:
    file = project / "params.yaml"
    return obstacles(file, params.read(file))


def test_the_shipped_project_has_none(project: Path) -> None:
    assert found(project) == []


def test_every_key_that_dvc_reads_is_missed(project: Path) -> None:
    (project / "params.yaml").write_text("")
    stages = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"].values()
    watched = {"ingest.path", "ingest.descriptions", "train.base", "generate.selection", "evaluate.external"}
    read = {key for stage in stages for key in stage["params"]} | watched
    assert {message.split()[0] for code, message in found(project) if code == "missing_key"} == read
    assert len(found(project)) == len(read)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("  flips: ", "ingest.flips is missing, and DVC reads it: write `flips: none`"),
        ("  size: auto", "assemble.size is missing, and DVC reads it: write `size: auto`"),
        ("  size: null", "ingest.size is missing, and DVC reads it: write `size: null`"),
        ("  path: ", "ingest.path is missing, and DVC reads it: write `path: data/raw`"),
        ("  base: ", "train.base is missing, and DVC reads it: write `base: data/base`"),
        ("  selection: ", "generate.selection is missing, and DVC reads it: write `selection: data/selection`"),
        ("  external: ", "evaluate.external is missing, and DVC reads it: write `external: data/external`"),
        ("seed: ", "seed is missing, and DVC reads it: write `seed: 0`"),
    ],
)
def test_a_deleted_line_is_one_message(project: Path, line: str, message: str) -> None:
    text = (project / "params.yaml").read_text().splitlines(keepends=True)
    (project / "params.yaml").write_text("".join(one for one in text if not one.startswith(line)))
    ((code, words),) = found(project)
    assert (code, words) == ("missing_key", f"{message} (docs/params.md)")


def test_paths_that_dvc_watches_must_be_there(project: Path) -> None:
    text = (project / "params.yaml").read_text()
    (project / "params.yaml").write_text(text.replace("path: data/raw", "path: my data").replace("data/base", "b"))
    assert found(project) == [
        ("missing_input", "ingest.path: there is no 'my data', and DVC watches it; make that folder, or name another"),
        ("missing_input", "train.base: there is no 'b', and DVC watches it; make that folder, or name another"),
    ]
    (project / "my data").mkdir()
    (project / "b").mkdir()
    assert found(project) == []


def test_only_what_dvc_reads_is_looked_at(project: Path) -> None:
    (project / "params.yaml").rename(project / "other.yaml")
    (project / "other.yaml").write_text("")
    assert obstacles(project / "other.yaml", {}) == []
    (project / "dvc.yaml").unlink()
    assert obstacles(project / "params.yaml", {}) == []


@pytest.mark.parametrize("text", ["", "[", "stages: 3", "stages: {a: 3}", "stages: {a: {params: [x: [y]]}}"])
def test_somebodys_own_dvc_yaml_is_left_to_dvc(project: Path, text: str) -> None:
    (project / "dvc.yaml").write_text(text)
    assert found(project) == []
