"""`augment new` and `augment upgrade` as a person types them, and what is said outside of a project."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

import augment
from augment.cli import main
from augment.commands import project as commands
from augment.project.starter.code import CODE, listings
from augment.project.starter.files import RECORD

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    assert main(["new", "own"]) == 0
    monkeypatch.chdir(tmp_path / "own")
    return tmp_path / "own"


def run(project: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """This interpreter, with the code of this clone."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, "-m", *words], cwd=project, env=environment, capture_output=True, text=True, check=False
    )


def status(project: Path) -> list[str]:
    done = subprocess.run(["git", "status", "--porcelain"], cwd=project, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_a_new_project_is_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", "own"]) == 0
    project, said = tmp_path / "own", capsys.readouterr().out
    assert f"own: a project of gan-augment {augment.__version__}" in said
    assert "\n  cd own\n" in said
    assert not [line for line in status(project) if line.startswith("??")]
    stages = YAML(typ="safe").load(project / "dvc.yaml")["stages"]
    for name, stage in stages.items():
        assert (project / f"pipeline/{name}.py").exists()
        assert (project / CODE / name).read_text() == listings()[name]
        own = [dep for dep in stage["deps"] if dep.startswith((".augment/", "pipeline/"))]
        assert all((project / dep).is_file() for dep in own)
        assert not [dep for dep in stage["deps"] if dep.startswith("augment/")]
    assert run(project, "dvc", "config", "--project", "core.analytics").stdout.strip() == "false"
    again = run(project, "dvc", "init")
    assert again.returncode != 0
    assert "'.dvc' exists" in again.stderr


def test_a_stage_of_a_new_project_runs_and_refuses_other_code(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = run(project, "pipeline.ingest")
    assert done.returncode == 0, done.stderr
    assert (project / "data/prepared/classes.json").exists()
    (project / CODE / "train").write_text("older\n")
    done = run(project, "pipeline.ingest")
    assert done.returncode == 2
    assert "`augment upgrade` brings the project to it" in done.stderr
    assert "Traceback" not in done.stderr
    assert main(["check"]) == 1
    assert "augment upgrade" in capsys.readouterr().out
    assert main(["upgrade"]) == 0
    assert "replaced: .augment/code/train" in capsys.readouterr().out
    assert main(["check"]) == 0


def test_an_upgrade_keeps_what_was_changed(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = json.loads((project / RECORD).read_text())
    record["version"] = "0.0.9"
    record["defaults"] |= {"evaluate.seeds": 4, "train.old": 1}
    del record["defaults"]["report.grid"]
    (project / RECORD).write_text(json.dumps(record))
    text = (project / "pipeline/train.py").read_text() + "# mine\n"
    (project / "pipeline/train.py").write_text(text)
    capsys.readouterr()
    assert main(["upgrade"]) == 0
    said = capsys.readouterr().out
    assert "from gan-augment 0.0.9 to" in said
    assert "evaluate.seeds: the default was `4` and is `5`; params.yaml has `5`, which stays" in said
    assert "train.old: gone" in said
    assert "report.grid: new, `8`; write it where `augment check` asks for it" in said
    assert (project / "pipeline/train.py").read_text() == text


def test_a_full_folder_is_never_written_into(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photo.png").touch()
    for name in (".", "photo.png"):
        assert main(["new", name]) == 2
        told = capsys.readouterr().err
        assert "nothing was written" in told
        assert len(told.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["photo.png"]


@pytest.mark.parametrize("missing", ["git", "dvc"])
def test_what_is_missing_is_named_and_nothing_is_made(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    missing: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    words = "new needs git"
    if missing == "git":
        monkeypatch.setattr(commands.shutil, "which", lambda name: None)
    else:
        monkeypatch.setattr("augment.cli.PIPELINE_MODULES", ("no_such_dvc",))
        words = "new needs no_such_dvc: pip install 'gan-augment[pipeline]'"
    assert main(["new", "own"]) == 2
    assert words in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "command", [["init", "x"], ["check"], ["verdict"], ["trial", "true"], ["upgrade"], ["sample", "models", "-o", "x"]]
)
def test_outside_of_a_project_every_command_says_where_to_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(command) == 2
    assert "`augment new PROJECT` makes one" in capsys.readouterr().err


def test_the_doctor_says_it_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    main(["doctor"])
    assert "`augment new PROJECT` makes one" in capsys.readouterr().out


def test_the_version_is_that_of_the_distribution(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"gan-augment {augment.__version__}\n"
    declared = (ROOT / "pyproject.toml").read_text()
    assert f'version = "{augment.__version__}"' in declared
