"""Outputs come back from the cache byte for byte, as DVC itself would bring them, or nothing is touched."""

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from augment.project import dvc_cache
from augment.project.dvc_cache import bring_back, cached_path, locked_outputs

STAGES = """
stages:
  one:
    cmd: mkdir -p out/in && printf a > out/x && printf b > "out/in/y z" && printf c > single
    outs: [out, single]
  two:
    cmd: mkdir -p empty
    outs: [empty]
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = tmp_path_factory.mktemp("made")
    (project / "dvc.yaml").write_text(STAGES)
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    for command in ("dvc init --no-scm -q", "dvc repro -q"):
        done = subprocess.run(command.split(), cwd=project, env=environment, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
    return project


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "p")
    return tmp_path / "p"


def contents(project: Path) -> dict[str, str]:
    files = [*project.glob("out/**/*"), *project.glob("single*")]
    return {str(path.relative_to(project)): path.read_text() for path in files if path.is_file()}


WHOLE = {"out/x": "a", "out/in/y z": "b", "single": "c"}


def test_whatever_stands_there_is_replaced(project: Path) -> None:
    assert contents(project) == WHOLE
    (project / "out/x").write_text("half")
    (project / "out/more").touch()
    shutil.rmtree(project / "out/in")
    (project / "out/in").symlink_to("..")
    (project / "single").unlink()
    (project / "single").mkdir()
    assert bring_back(project, "one")
    assert contents(project) == WHOLE
    shutil.rmtree(project / "out")
    (project / "out").write_text("a file")
    assert bring_back(project, "one")
    assert contents(project) == WHOLE
    (project / "single").write_text("d")  # a copy: the cache itself stays as it is
    assert cached_path(project / ".dvc/cache/files/md5", locked_outputs(project / "dvc.lock")[1].md5).read_text() == "c"


def test_a_full_disk_gets_links_and_any_other_fault_is_said(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(project / "out")
    numbers = [errno.EIO, errno.ENOSPC]

    def refuse(source: Path, path: Path) -> None:
        path.write_text("half")
        raise OSError(numbers[0], os.strerror(numbers[0]))

    monkeypatch.setattr(dvc_cache.shutil, "copyfile", refuse)
    with pytest.raises(OSError, match="Input/output"):
        bring_back(project, "one")
    del numbers[0]
    assert bring_back(project, "one")
    assert contents(project) == WHOLE
    assert (project / "out/x").stat().st_mode & 0o222 == 0


def test_an_empty_folder_comes_back(project: Path) -> None:
    (project / "empty").rmdir()
    assert bring_back(project, "two")
    assert (project / "empty").is_dir()
    assert contents(project) == WHOLE


def test_a_stage_that_never_ran_has_nothing(project: Path) -> None:
    assert not bring_back(project, "three")
    (project / "dvc.lock").unlink()
    assert not bring_back(project, "one")


@pytest.mark.parametrize("which", ["listing", "file in a folder", "file", "damaged listing"])
def test_what_the_cache_lacks_leaves_all_as_it_is(project: Path, which: str) -> None:
    out, single = locked_outputs(project / "dvc.lock")[:2]
    cache = project / ".dvc/cache/files/md5"
    found = {path.read_text(): path for path in cache.rglob("*") if path.is_file()}
    lost = {
        "listing": cached_path(cache, out.md5),
        "damaged listing": cached_path(cache, out.md5),
        "file in a folder": found["b"],
        "file": cached_path(cache, single.md5),
    }[which]
    lost.unlink()
    if which == "damaged listing":
        lost.write_text("[]")
    (project / "out/x").write_text("newer")
    with pytest.raises(LookupError):
        bring_back(project, "one")
    assert contents(project) == {**WHOLE, "out/x": "newer"}


def test_a_damaged_lock_touches_nothing(project: Path) -> None:
    (project / "dvc.lock").write_text("schema: '2.0'\nstages: [")
    with pytest.raises(ValueError, match="not readable"):
        bring_back(project, "one")
    assert contents(project) == WHOLE
