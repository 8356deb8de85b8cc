"""`augment doctor`: every fault is found and named, its command mends it, and health is not accused."""

import contextlib
import json
import re
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from augment.cli import main
from augment.project import doctor
from augment.project.dvc_cache import locked_outputs, md5
from augment.project.mends import Fault, free_folders
from tests.project.test_work_store import put

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project as DVC leaves it after a run: a folder `out` of two files and a file `c`, cached and locked."""
    for folder in (".dvc/tmp", "out"):
        (tmp_path / folder).mkdir(parents=True)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    (tmp_path / ".dvc/config").touch()
    (tmp_path / "dvc.yaml").write_text("stages: {}\n")
    (tmp_path / "out/a").write_text("first")
    (tmp_path / "out/b").write_text("second")
    (tmp_path / "c").write_text("third")
    listing = [{"md5": md5(tmp_path / "out" / name), "relpath": name} for name in "ab"]
    (tmp_path / "listing").write_text(json.dumps(listing))
    folder_md5 = md5(tmp_path / "listing")
    keep(tmp_path, tmp_path / "listing", suffix=".dir")
    for name in ("out/a", "out/b", "c"):
        keep(tmp_path, tmp_path / name)
    (tmp_path / "dvc.lock").write_text(
        "schema: '2.0'\nstages:\n  one:\n    cmd: make\n    outs:\n"
        f"    - path: out\n      hash: md5\n      md5: {folder_md5}.dir\n      size: 11\n      nfiles: 2\n"
        f"  two:\n    cmd: make\n    deps:\n"
        f"    - path: out\n      hash: md5\n      md5: {folder_md5}.dir\n      size: 11\n      nfiles: 2\n"
        f"    outs:\n    - path: c\n      hash: md5\n      md5: {md5(tmp_path / 'c')}\n      size: 5\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:/usr/bin:/bin")
    return tmp_path


def keep(project: Path, file: Path, suffix: str = "") -> Path:
    digest = md5(file)
    target = project / ".dvc/cache/files/md5" / digest[:2] / (digest[2:] + suffix)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(file, target)
    return target


def cached(project: Path, name: str) -> Path:
    digest = md5(project / name)
    return project / ".dvc/cache/files/md5" / digest[:2] / digest[2:]


def faults(project: Path) -> list[Fault]:
    return doctor.faults(project, free_folders(project))


def only(found: list[Fault]) -> Fault:
    (fault,) = found
    return fault


def test_health_is_not_accused(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert faults(project) == []
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert "2 outputs in dvc.lock, all as they should be" in out
    assert out.endswith("No fault found.\n")


def test_a_clone_without_outputs_or_cache_is_healthy(project: Path) -> None:
    shutil.rmtree(project / ".dvc/cache")
    shutil.rmtree(project / "out")
    (project / "c").unlink()
    assert faults(project) == []
    (project / "dvc.lock").unlink()
    assert faults(project) == []


def test_outputs_that_dvc_deleted_before_a_stage_was_killed(project: Path) -> None:
    shutil.rmtree(project / "out")
    fault = only(faults(project))
    assert fault.what.startswith("out: deleted")
    assert fault.mend == "dvc checkout out"
    (project / "c").unlink()
    assert only(faults(project)).mend == "dvc checkout out c"


def test_any_cut_of_dvc_lock_is_found_or_loses_whole_stages_only(project: Path) -> None:
    whole = (project / "dvc.lock").read_text()
    full = locked_outputs(project / "dvc.lock")
    accepted = []
    for length in range(len(whole)):
        (project / "dvc.lock").write_text(whole[:length])
        with contextlib.suppress(ValueError):
            assert locked_outputs(project / "dvc.lock") == full[:1]
            accepted.append(whole[:length])
    assert accepted == [whole[: whole.index("  two:")]]
    (project / "dvc.lock").write_text(whole[:100])
    fault = only(faults(project))
    assert fault.what.startswith("dvc.lock: ")
    assert fault.mend == "mkdir -p .work/aside/1 && mv dvc.lock .work/aside/1/ && dvc repro"


@pytest.mark.parametrize("content", ["[]\n", "schema: '2.0'\nstages: [a]\n", "\x00\n", "stages: {a: {outs: 3}}\n"])
def test_a_dvc_lock_that_is_something_else(project: Path, content: str) -> None:
    (project / "dvc.lock").write_text(content)
    assert only(faults(project)).what.startswith("dvc.lock: ")


@pytest.mark.parametrize(
    "content",
    ["", '{"read": {', "[]", "\xff", '{"write": 3}', '{"read": {"out": {}}}', '{"other": {}}',
     '{"write": {"out": {"pid": 1}}}', '{"write": {"out": {"pid": true, "cmd": "x"}}}',
     '{"write": {"out": {"pid": 2, "cmd": "x", "more": 1}}}'],
)  # fmt: skip
def test_a_cut_rwlock(project: Path, content: str) -> None:
    (project / ".dvc/tmp/rwlock").write_text("{}")
    assert faults(project) == []
    (project / ".dvc/tmp/rwlock").write_bytes(content.encode("latin-1"))
    mend = "mkdir -p .work/aside/1/.dvc/tmp && mv .dvc/tmp/rwlock .work/aside/1/.dvc/tmp/"
    assert only(faults(project)).mend == mend


@pytest.mark.parametrize("name", ["c", "out/b", "listing"])
def test_a_cached_file_that_does_not_match_its_hash(project: Path, name: str) -> None:
    damaged = cached(project, name)
    damaged = damaged if damaged.exists() else damaged.with_name(f"{damaged.name}.dir")
    damaged.write_bytes(damaged.read_bytes()[:-1])
    fault = only(faults(project))
    output = "c" if name == "c" else "out"
    assert fault.what.startswith(f"{output}: 1 of its cached files do not match their hash")
    object_name = damaged.relative_to(project)
    assert f"mv {object_name} .work/aside/1/{object_name.parent}/" in fault.mend
    assert f"mv {output} .work/aside/1/ && dvc repro" in fault.mend


def test_the_cache_may_lie_elsewhere(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("cache")
    shutil.move(project / ".dvc/cache/files", elsewhere)
    (project / ".dvc/config").write_text("[core]\n    analytics = false\n['remote \"a\"']\n    url = %x\n")
    (project / ".dvc/config.local").write_text(f"[cache]\n    dir = {elsewhere}\n")
    digest = md5(project / "c")
    (elsewhere / "files/md5" / digest[:2] / digest[2:]).write_text("x")
    assert str(elsewhere) in only(faults(project)).mend


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("out/a", "changed", "a differs"),
        ("out/b", None, "b is missing"),
        ("c", "changed", "(its content differs)"),
        ("out/sub/new", "x", "sub/new is not among its files"),
    ],
)
def test_an_output_that_is_not_what_was_locked(project: Path, name: str, content: str | None, words: str) -> None:
    (project / name).unlink(missing_ok=True)
    if content is not None:
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text(content)
    fault = only(faults(project))
    assert words in fault.what
    assert fault.mend == f"mkdir -p .work/aside/1 && mv {Path(name).parts[0]} .work/aside/1/ && dvc repro"


def test_a_file_that_a_desktop_leaves_is_no_fault(project: Path) -> None:
    (project / "out/.DS_Store").touch()
    (project / "out/Thumbs.db").touch()
    assert faults(project) == []


def test_dvc_without_git_or_without_its_folder(project: Path) -> None:
    shutil.rmtree(project / ".git")
    assert only(faults(project)).mend == "dvc config core.no_scm true"
    (project / ".dvc/config").write_text("[core]\n    no_scm = True\n")
    assert faults(project) == []
    (project / ".dvc/config").unlink()
    assert only(faults(project)).mend == "mkdir -p .dvc && touch .dvc/config && dvc config core.no_scm true"
    (project / ".git").mkdir()
    assert only(faults(project)).mend == "mkdir -p .dvc && touch .dvc/config"


@pytest.mark.parametrize("path", ["../elsewhere", "/etc", ".", ".dvc", ".git/objects", ".work"])
def test_an_output_outside_the_project_is_never_touched(project: Path, path: str) -> None:
    lock = project / "dvc.lock"
    lock.write_text(lock.read_text().replace("path: c\n", f"path: {path}\n"))
    fault = only(faults(project))
    assert "no path within the project" in fault.what
    assert fault.mend == "mkdir -p .work/aside/1 && mv dvc.lock .work/aside/1/ && dvc repro"


def test_missing_distributions_are_named_with_one_command(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = metadata.version

    def version(name: str) -> str:
        if name in ("dvc", "ruamel.yaml", "safetensors"):
            raise metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(metadata, "version", version)
    assert main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "fault: not installed: safetensors, dvc, ruamel.yaml\n" in out
    assert out.count("mend: ") == 1
    assert '  mend: pip install -c constraints.txt -e ".[pipeline]"\n' in out
    (project / "dvc.yaml").unlink()
    assert main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "fault: not installed: safetensors\n  mend: pip install gan-augment\n" in out
    assert "only the library was looked at" in out


def test_the_requirements_are_those_of_pyproject(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", absent)
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    def names(lines: list[str]) -> list[str]:
        return [re.split("[<>=]", line)[0] for line in lines]

    assert doctor.required("") == names(declared["dependencies"])
    assert doctor.required("pipeline") == names(declared["optional-dependencies"]["pipeline"])
    monkeypatch.setattr(metadata, "requires", lambda _: ["a>=1", 'b.c<4,>=3; extra == "pipeline"', "d; extra == 'x'"])
    assert (doctor.required(""), doctor.required("pipeline")) == (["a"], ["b.c"])
    assert declared["requires-python"] == ">=" + ".".join(map(str, doctor.MIN_PYTHON))


def test_a_python_that_is_too_old(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "MIN_PYTHON", (4, 0))
    assert main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "at least 4.0 is needed\n  mend: python4.0 -m venv .venv && . .venv/bin/activate && pip install" in out


def test_another_python_on_the_path(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    other = project / "bin"
    other.mkdir()
    for path, words in ((f"{other}", "`python` is not on the PATH"), (f"{other}:/none", "of another environment")):
        monkeypatch.setenv("PATH", path)
        assert main(["doctor"]) == 1
        out = capsys.readouterr().out
        assert words in out
        assert str(Path(sys.executable).parent) in out.split("mend: ")[1]
        (other / "python").write_text("#!/bin/sh\n")
        (other / "python").chmod(0o755)


def test_the_work_store_is_shown_and_pruned(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(project / ".work", "a", 40, size=2_000_000)
    unfinished = put(project / ".work", "b", 1 / 12, finished=False)
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert ".work: 1 finished and 1 unfinished GANs, 2.0 MB, last used 2 hours ago" in out
    assert f"unfinished: {'b' * 32}, 0.0 MB, 2 hours ago; `dvc repro` goes on with it" in out
    assert main(["doctor", "--prune", "30"]) == 0
    out = capsys.readouterr().out
    assert "removed 1 finished and 0 unfinished GANs, 2.0 MB. They are trained again if a run asks for them" in out
    assert ".work: 0 finished and 1 unfinished GANs" in out
    assert unfinished.exists()
    with pytest.raises(SystemExit):
        main(["doctor", "--prune", "-1"])
