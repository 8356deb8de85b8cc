"""`augment run`: what must be there before a look, how it ends, and what waits for the stages."""

import subprocess
import sys
from pathlib import Path

import pytest

from augment.commands.running import requirements
from augment.commands.running import run as command
from augment.commands.running.wishes import Wishes
from augment.core.errors import AugmentError, WorkerError
from augment.core.files import write_json
from augment.core.progress.run_clock import RunClock
from tests.commands.conftest import TEXT


@pytest.fixture
def in_git(project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (project / "dvc.yaml").write_text("stages: {}\n")
    (project / ".dvc").mkdir()
    monkeypatch.setattr(requirements, "_in_git", lambda _: True)
    monkeypatch.setattr(requirements, "_no_scm", lambda _: False)
    requirements.require_project(project)
    return project


def told_by(project: Path) -> str:
    with pytest.raises(AugmentError) as told:
        requirements.require_project(project)
    return str(told.value)


def test_outside_of_a_project_it_says_where_to_go(tmp_path: Path) -> None:
    assert "it has no params.yaml and dvc.yaml" in told_by(tmp_path)


def test_without_git_it_says_what_to_do(in_git: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requirements, "_in_git", lambda _: False)
    assert "not in git, and DVC wants it: `git init`; or without git, `dvc init --no-scm`" in told_by(in_git)
    monkeypatch.setattr(requirements.shutil, "which", lambda _: None)
    assert "git is not installed" in told_by(in_git)
    monkeypatch.setattr(requirements, "_no_scm", lambda _: True)
    requirements.require_project(in_git)


def test_without_dvc_it_says_what_to_do(in_git: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (in_git / ".dvc").rmdir()
    assert "`dvc init`" in told_by(in_git)
    monkeypatch.setattr(requirements.importlib.util, "find_spec", lambda _: None)
    assert "pip install 'gan-augment[pipeline]'" in told_by(in_git)


def test_a_folder_that_cannot_be_written_is_told_before_a_look(in_git: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (in_git / "models").mkdir()
    monkeypatch.setattr(requirements.os, "access", lambda folder, _: Path(folder).name != "models")
    assert f"{in_git / 'models'}: cannot be written" in told_by(in_git)
    with pytest.raises(AugmentError, match="Nothing was written"):
        command.run(Path("data/raw"), Wishes())
    assert Path("params.yaml").read_text() == TEXT
    (in_git / "models").rmdir()
    (in_git / "models").touch()
    assert "a file, and the stages write a folder of that name" in told_by(in_git)


def test_a_look_that_was_killed_says_what_to_set(in_git: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise WorkerError("its process was killed")

    monkeypatch.setattr(command, "in_own_process", killed)
    with pytest.raises(WorkerError, match=r"look ahead of the run: its process was killed\. Set ingest\.size"):
        command.run(Path("data/raw"), Wishes())


def test_a_pipeline_that_stops_is_told_and_says_what_next(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert command.reproduce(RunClock([])) == command.STOPPED  # DVC: there is no project here
    assert "you are not inside of a DVC repository" in capfd.readouterr().err
    assert "`augment doctor`" in command.stopped(command.STOPPED, Path("my images"))
    assert "`augment run 'my images'` goes on where it was" in command.stopped(command.INTERRUPTED, Path("my images"))


@pytest.mark.parametrize(
    ("word", "quick", "following"),
    [
        ("harms", False, "dvc exp run -S assemble.use=real"),
        ("helps", False, "augment trial "),
        ("helps", True, "augment run 'my images'"),
    ],
)
def test_it_ends_with_the_verdict_the_page_and_the_next_command(
    project: Path, monkeypatch: pytest.MonkeyPatch, word: str, quick: bool, following: str
) -> None:
    values = {"verdict": word, "deciding": None, "delivery": {"arm": "gan_half_filtered"}}
    write_json(project / "reports/evaluation/verdict.json", values)
    monkeypatch.setattr(command, "last_verdict", lambda reports, explain: [word, "because"])
    lines = command.closing(Path("my images"), quick)
    assert lines[:2] == [word, "because"]
    assert "The page: reports/report.html" in lines
    assert lines[-2].startswith("Next: ")
    assert lines[-1].startswith(f"  {following}")
    assert ("first look" in " ".join(lines)) == quick


def test_what_waits_for_the_stages_is_small() -> None:
    code = "import sys, augment.commands.running.run; sys.exit('torch' in sys.modules or 'sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
