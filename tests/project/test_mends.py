"""Each fault is put into a real DVC project; its mend loses nothing, and DVC goes on after it."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from augment.core.files import SEEN_STORE
from augment.project.doctor import faults
from augment.project.dvc_cache import cached_path, locked_outputs
from augment.project.dvc_state import asked_dvc
from augment.project.mends import Fault, beside, free_folders, move_aside
from augment.project.sealed import write_sealed
from augment.project.work_store_faults import store_faults

BIN = Path(sys.executable).parent
ENVIRONMENT = {
    **os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b",
    "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b",
}  # fmt: skip
STAGES = """\
stages:
  one:
    cmd: mkdir -p data/out && printf first > data/out/a && printf second > data/out/b
    params: [seed]
    outs: [data/out]
  two:
    cmd: cat data/out/a data/out/b > data/c
    deps: [data/out]
    outs: [data/c]
"""
NAME = "a" * 32
LOOK = f"{'1' * 64},{'2' * 64}\n"


def shell(command: str, folder: Path) -> str:
    done = subprocess.run(command, shell=True, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = tmp_path_factory.mktemp("made")
    (project / "dvc.yaml").write_text(STAGES)
    (project / "params.yaml").write_text("seed: 0\nmore: 1\n")
    (project / ".gitignore").write_text("/.work/\n")
    (project / ".dvcignore").write_text(".work/\n")
    (project / "notes.txt").write_text("a user's own")
    shell("git init -q && dvc init -q -f && dvc repro -q && git add -A && git commit -qm x", project)
    archive = shutil.make_archive(str(project.parent / "weights"), "zip", project, "notes.txt")
    write_sealed(project / ".work" / NAME / "finished.pt", NAME, Path(archive).read_bytes())
    write_sealed(project / SEEN_STORE / "a.strength", "a", b"0.5")
    write_sealed(project / SEEN_STORE / "a.seen", "a", b"features and activations")
    (project / ".work/ledger.csv").write_text(LOOK)
    return project


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "p", symlinks=True)
    return tmp_path / "p"


def found(project: Path) -> list[Fault]:
    """As `augment doctor` looks, of the environment apart."""
    free = free_folders(project)
    return [*store_faults(project, free), *(faults(project, free) or asked_dvc(project, free))]


def contents(project: Path) -> set[str]:
    """Hashes of all that a person or DVC keeps here; not what DVC makes anew with every command."""
    kept = (path for path in project.rglob("*") if path.is_file() and not path.is_relative_to(project / ".dvc/tmp"))
    return {hashlib.sha256(path.read_bytes()).hexdigest() for path in kept if ".git/" not in path.as_posix()}


def cached(project: Path, number: int) -> Path:
    return cached_path(project / ".dvc/cache/files/md5", locked_outputs(project / "dvc.lock")[number].md5)


def cut(path: Path, size: int) -> None:
    path.write_bytes(path.read_bytes()[:size])


def damage_object(path: Path) -> None:
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    path.chmod(0o444)


def hand_edited(project: Path) -> None:
    (project / "data/out/a").chmod(0o644)
    (project / "data/out/a").write_text("edited by hand")
    (project / "data/c").unlink()
    (project / "data/c").write_text("also edited")


def cut_lock_and_edited(project: Path) -> None:
    hand_edited(project)
    cut(project / "dvc.lock", 100)


def foreign_holder(project: Path) -> None:
    holder = {"pid": os.getppid() if b"dvc" not in parent_command() else 1, "cmd": "dvc repro"}
    (project / ".dvc/tmp/rwlock").write_text(json.dumps({"write": {str(project / "data/out"): holder}}))


def parent_command() -> bytes:
    return Path(f"/proc/{os.getppid()}/cmdline").read_bytes()


def file_as_store(project: Path) -> None:
    shutil.move(project / ".work", project.parent / "kept")
    (project / ".work").write_text("a file")


def other_entry(project: Path) -> None:
    (project / ".work" / ("b" * 32)).mkdir()
    shutil.copy(project / ".work" / NAME / "finished.pt", project / ".work" / ("b" * 32) / "finished.pt")


def write(name: str, content: str | bytes) -> Callable[[Path], None]:
    def damage(project: Path) -> None:
        (project / name).unlink(missing_ok=True)
        (project / name).write_bytes(content if isinstance(content, bytes) else content.encode())

    return damage


def state_database(project: Path) -> None:
    site = project.parent / "site"
    shell(f"dvc config core.site_cache_dir {site} && dvc status", project)
    for file in site.rglob("*.db"):
        file.write_bytes(b"no database at all")


def params_of_lock(project: Path) -> None:
    lock = project / "dvc.lock"
    text = lock.read_text()
    lock.write_text(text.replace("    params:\n      params.yaml:\n        seed: 0\n", "    params: 3\n"))


DAMAGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "no config": (lambda project: (project / ".dvc/config").unlink(), ".dvc/config is missing"),
    "config garbage": (write(".dvc/config", b"\x00[[[ garbage"), "DVC stops: configuration error"),
    "config of another form": (write(".dvc/config", "[bore]\nx = 1\n"), "DVC stops: configuration error"),
    "config.local garbage": (write(".dvc/config.local", "[co"), "DVC stops: configuration error"),
    "dvc.yaml cut at a line": (lambda project: cut(project / "dvc.yaml", STAGES.index("  two")), "dvc.yaml: cut short"),
    "dvc.yaml cut": (lambda project: cut(project / "dvc.yaml", 120), "dvc.yaml: "),
    "dvc.yaml garbage": (write("dvc.yaml", b"\xff\x00"), "dvc.yaml: not readable"),
    "dvc.yaml empty": (write("dvc.yaml", ""), "dvc.yaml: cut short"),
    "params.yaml cut": (lambda project: cut(project / "params.yaml", 8), "params.yaml: cut short"),
    "params.yaml garbage": (write("params.yaml", "seed: ["), "params.yaml: not readable"),
    "ignored outputs": (write(".dvcignore", "data\n"), "DVC stops: Path"),
    "rwlock cut": (write(".dvc/tmp/rwlock", '{"write": {'), ".dvc/tmp/rwlock is cut"),
    "rwlock of another form": (write(".dvc/tmp/rwlock", '{"read": {"x": {}}}'), ".dvc/tmp/rwlock is cut"),
    "rwlock of another program": (foreign_holder, ".dvc/tmp/rwlock: "),
    "dvc.lock cut": (cut_lock_and_edited, "dvc.lock: "),
    "dvc.lock without its parameters": (params_of_lock, "dvc.lock: "),
    "object of a folder": (lambda project: damage_object(cached(project, 0)), "data/out: 1 of its cached"),
    "object of a file": (lambda project: damage_object(cached(project, 1)), "data/c: 1 of its cached"),
    "outputs edited": (hand_edited, "data/out: not as dvc.lock has it"),
    "state database": (state_database, "DVC stops: unexpected error - file is not a database"),
    "outputs gone": (lambda project: shutil.rmtree(project / "data/out"), "data/out: deleted"),
    ".work a file": (file_as_store, ".work is no folder"),
    "store cut": (lambda project: cut(project / ".work" / NAME / "finished.pt", 90), ".work: 1 GAN damaged"),
    "store swapped": (other_entry, ".work: 1 GAN damaged"),
    "seen cut": (lambda project: cut(project / SEEN_STORE / "a.seen", 70), ".work/backbone: 1 file damaged"),
    "seen swapped": (
        lambda project: shutil.move(project / SEEN_STORE / "a.strength", project / SEEN_STORE / "b.strength"),
        ".work/backbone: 1 file damaged",
    ),
    "ledger": (write(".work/ledger.csv", LOOK + "garbage\nmore"), ".work/ledger.csv: 2 lines"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_mend_loses_nothing_and_dvc_goes_on(project: Path, name: str) -> None:
    damage, words = DAMAGES[name]
    damage(project)
    before = contents(project)
    (fault,) = found(project)
    assert fault.what.startswith(words)
    shell(fault.mend, project)
    assert before <= contents(project)
    if "repro" not in fault.mend:
        shell("dvc repro -q", project)
    assert "up to date" in shell("dvc status", project)
    assert [*store_faults(project, free_folders(project)), *faults(project, free_folders(project))] == []
    assert ((project / "data/out/b").read_text(), (project / "data/c").read_text()) == ("second", "firstsecond")
    assert before <= contents(project)


def test_without_git_nothing_is_lost_either(project: Path) -> None:
    shutil.move(project / ".git", project.parent / "git")
    (project / ".dvc/config").unlink()
    before = contents(project)
    (fault,) = found(project)
    shell(fault.mend, project)
    assert found(project) == []
    assert before <= contents(project)
    write(".dvc/config", "[core]\n")(project)
    (fault,) = found(project)
    assert fault.mend == "dvc config core.no_scm true"
    shell(fault.mend, project)
    assert "up to date" in shell("dvc status", project)


def test_every_cut_of_dvc_lock_is_named_or_harmless(project: Path) -> None:
    whole = (project / "dvc.lock").read_bytes()
    for size in range(0, len(whole), 20):
        (project / "dvc.lock").write_bytes(whole[:size])
        named = faults(project, free_folders(project))
        assert named, size
        assert named[0].what.startswith("dvc.lock: "), size
    for size in (0, 60, len(whole) // 2):
        (project / "dvc.lock").write_bytes(whole[:size])
        before = contents(project)
        shell(faults(project, free_folders(project))[0].mend, project)
        assert before <= contents(project)
        assert (project / "dvc.lock").read_bytes() == whole


def test_a_cache_that_is_not_mounted(project: Path) -> None:
    (project / ".dvc/config").write_text("[cache]\n    dir = ../../cache\n")
    shell("git add -A && git commit -qm y", project)
    (fault,) = faults(project, free_folders(project))
    assert "which is not there" in fault.what
    shutil.move(project / ".dvc/cache", project.parent / "cache")
    assert found(project) == []


def test_names_do_not_collide_and_nothing_is_an_option(tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / ".work/aside" / str(number)).mkdir(parents=True)
    free = free_folders(tmp_path)
    assert [str(next(free)), str(next(free))] == [".work/aside/3", ".work/aside/4"]
    command = move_aside([Path("a/x"), Path("b/x"), Path("-rf"), Path("/away/y z"), Path("../up")], Path("t"))
    assert command == (
        "mkdir -p t/a && mv a/x t/a/ && mkdir -p t/b && mv b/x t/b/ && mkdir -p t && mv ./-rf t/ && "
        "mkdir -p t/away && mv '/away/y z' t/away/ && mkdir -p t && mv ../up t/"
    )
    (tmp_path / "w.aside-1").touch()
    assert beside(tmp_path / "w").name == "w.aside-2"
