"""A project is made whole or not at all, and nothing that exists is written into."""

import os
import stat
import subprocess
import tempfile
from pathlib import Path

import pytest

from augment.core.errors import AugmentError, DataError, StoreError
from augment.project.starter.making import FIRST_COMMIT, make

FILES = {"params.yaml": b"seed: 0\n", ".gitignore": b"/data/\n", ".dvc/config": b"[core]\n    analytics = false\n"}


@pytest.fixture(autouse=True)
def identity(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """git as a person has set it up, whatever this machine's is."""
    config = tmp_path_factory.mktemp("home") / "config"
    config.write_text("[user]\n\tname = A\n\temail = a@b\n[init]\n\tdefaultBranch = main\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL", "EMAIL"):
        monkeypatch.delenv(name, raising=False)
    return config


def contents(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file() and ".git" not in path.relative_to(folder).parts]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def git(folder: Path, *words: str) -> str:
    return subprocess.run(["git", *words], cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize("empty", [False, True])
def test_a_project_holds_the_files_in_one_commit(tmp_path: Path, empty: bool) -> None:
    if empty:
        (tmp_path / "own").mkdir()
    assert make(tmp_path / "own", FILES) == ""
    assert contents(tmp_path / "own") == FILES
    assert git(tmp_path / "own", "status", "--porcelain") == ""
    assert git(tmp_path / "own", "log", "--format=%s") == FIRST_COMMIT
    assert [path.name for path in tmp_path.iterdir()] == ["own"]


def test_the_folder_one_is_in_becomes_a_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own").mkdir()
    monkeypatch.chdir(tmp_path / "own")
    assert make(Path(), FILES) == ""
    assert contents(Path.cwd()) == FILES


def test_a_folder_that_holds_something_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/photo.png").write_bytes(b"1")
    (tmp_path / "file").write_bytes(b"2")
    (tmp_path / "link").symlink_to("nowhere")
    for name, words in (("full", "not empty"), ("file", "a file")):
        with pytest.raises(DataError, match=f"{name}: stands there and is {words}; nothing was written"):
            make(tmp_path / name, FILES)
    assert contents(tmp_path) == {"full/photo.png": b"1", "file": b"2"}


def test_there_must_be_a_folder_around(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no such folder"):
        make(tmp_path / "none/own", FILES)
    assert not list(tmp_path.iterdir())


def test_where_nothing_can_be_written_one_message_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise PermissionError(13, "Permission denied", str(tmp_path))

    if os.geteuid():  # root may write anywhere
        tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    else:
        monkeypatch.setattr(tempfile, "mkdtemp", refuse)
    with pytest.raises(StoreError, match=r"Permission denied, so no folder can be made there\. Nothing"):
        make(tmp_path / "own", FILES)
    tmp_path.chmod(stat.S_IRWXU)
    assert not list(tmp_path.iterdir())


def test_what_git_refuses_leaves_nothing(tmp_path: Path, identity: Path) -> None:
    identity.write_text("[core\n")
    (tmp_path / "empty").mkdir()
    for name in ("empty", "new"):
        with pytest.raises(AugmentError, match=r"`git init --quiet` failed: .*bad config"):
            make(tmp_path / name, FILES)
    assert [path.name for path in tmp_path.rglob("*")] == ["empty"]


def test_a_git_without_a_name_commits_nothing_and_says_so(tmp_path: Path, identity: Path) -> None:
    identity.write_text("[user]\n\tuseConfigOnly = true\n")
    assert "git knows no name of yours" in make(tmp_path / "own", FILES)
    assert contents(tmp_path / "own") == FILES
    assert len(git(tmp_path / "own", "diff", "--cached", "--name-only").splitlines()) == len(FILES)


def test_within_another_repository_it_is_a_part_of_that_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(tmp_path, "init", "-q")
    assert "part of the git repository around it" in make(tmp_path / "own", FILES)
    assert not (tmp_path / "own/.git").exists()
    assert contents(tmp_path / "own") == FILES


def test_a_repository_that_runs_this_as_a_hook_is_not_written_to(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path_factory.mktemp("other")
    git(other, "init", "-q")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    assert make(tmp_path / "own", FILES) == ""
    assert (tmp_path / "own/.git").is_dir()
    assert not (other / ".git/index").exists()
