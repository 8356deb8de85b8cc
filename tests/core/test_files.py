"""Files are whole or absent, and their names safe."""

import errno
import hashlib
import json
import os
import re
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from augment.core import files
from augment.core.errors import DataError, InUseError, StoreError
from augment.core.files import (
    changed_files,
    exclusive,
    file_sha256,
    json_text,
    read_file,
    read_json,
    read_rows,
    sha256_json,
    sweep_temporaries,
    write_bytes,
    write_json,
)


@pytest.mark.parametrize("broken", ["write", "fsync", "replace"])
@pytest.mark.parametrize("durable", [True, False])
def test_a_failing_disk_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str, durable: bool
) -> None:
    if broken == "fsync" and not durable:
        return
    path = tmp_path / "file"
    write_bytes(path, b"old")

    def fail(*args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    if broken == "write":
        monkeypatch.setattr(os, "fdopen", fail)
    elif broken == "fsync":
        monkeypatch.setattr(os, "fsync", fail)
    else:
        monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(StoreError, match=r"file: could not write 3 bytes \(No space left on device\)"):
        write_bytes(path, b"new", durable=durable)
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_a_full_disk_for_real(tmp_path: Path) -> None:
    """A file-size limit stands for the full disk: the kernel refuses the write."""
    path = tmp_path / "file"
    write_bytes(path, b"old")
    code = f"""
import resource, signal, sys
from pathlib import Path
from augment.core.errors import DataError, StoreError
from augment.core.files import write_bytes
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_bytes(Path({str(path)!r}), bytes(100_000))
except StoreError as error:
    sys.exit(7)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 7
    assert path.read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(("umask", "mode"), [(0o027, 0o640), (0o022, 0o644), (0o002, 0o664)])
def test_files_get_the_usual_permissions(tmp_path: Path, umask: int, mode: int) -> None:
    before = os.umask(umask)
    try:
        write_bytes(tmp_path / "file", b"x")
        assert os.umask(umask) == umask
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == mode


def test_what_a_killed_writer_leaves_stands_beside_and_is_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, left = tmp_path / "new/folder" / ("x" * 60), list[Path]()
    monkeypatch.setattr(Path, "replace", lambda self, _: left.append(self))
    monkeypatch.setattr(Path, "unlink", lambda *_, **__: (_ for _ in ()).throw(OSError(errno.EIO, "no disk")))
    write_bytes(path, b"content")
    monkeypatch.undo()
    assert [(one.parent, one.read_bytes()) for one in left] == [(path.parent, b"content")]
    assert re.fullmatch(r"\.x{40}\.[^.]+\.tmp", left[0].name)
    sweep_temporaries(path)
    assert list((tmp_path / "new/folder").iterdir()) == []


def test_a_file_is_on_the_disk_unless_it_need_not_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, kinds = os.fsync, list[bool]()
    monkeypatch.setattr(
        os, "fsync", lambda number: (kinds.append(stat.S_ISDIR(os.fstat(number).st_mode)), real(number))
    )
    write_bytes(tmp_path / "file", b"x", durable=False)
    assert kinds == []
    write_bytes(tmp_path / "file", b"x")
    assert kinds == [False, True]


def test_only_own_temporaries_are_swept(tmp_path: Path) -> None:
    for name in (".a.x.tmp", "b.tmp", ".c"):
        (tmp_path / name).write_text("")
    sweep_temporaries(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".c", "b.tmp"]


def test_temporaries_are_swept_in_a_folder_and_beside_a_file(tmp_path: Path) -> None:
    long = "x" * 60
    (tmp_path / "folder/deep").mkdir(parents=True)
    mine = [f".{long[:40]}.a.tmp", "folder/.c.b.tmp", "folder/deep/.d.c.tmp"]
    others = [".other.a.tmp", f".{long[:39]}.a.tmp", "folder/deep/d.tmp", "folder/.d"]
    for name in (*mine, *others):
        (tmp_path / name).write_text("")
    sweep_temporaries(tmp_path / long)
    sweep_temporaries(tmp_path / "folder")
    left = [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()]
    assert sorted(left) == sorted(others)
    sweep_temporaries(tmp_path / "gone/file")


def test_a_temporary_that_another_deletes_first_is_no_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "rglob", lambda *_: [tmp_path / ".gone.tmp"])
    sweep_temporaries(tmp_path)


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    folder = tmp_path / "new/f"
    with exclusive(folder), pytest.raises(InUseError, match="new/f is in use by another run") as caught:
        exclusive(folder).__enter__()
    assert str(caught.value).endswith("killed `dvc repro`), then run the same command again.")
    with exclusive(folder):
        assert [path.name for path in folder.iterdir()] == ["lock"]


def test_a_lock_goes_with_its_process(tmp_path: Path) -> None:
    code = (
        "import os, pathlib, sys; from augment.core.files import exclusive\n"
        "with exclusive(pathlib.Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(InUseError):
            exclusive(tmp_path).__enter__()
        other.kill()
        other.wait()
        with exclusive(tmp_path):
            assert (tmp_path / "lock").exists()


def test_a_lock_is_marked_as_used_whoever_has_made_it(tmp_path: Path) -> None:
    (tmp_path / "lock").touch()
    os.utime(tmp_path / "lock", (0, 0))
    with exclusive(tmp_path):
        assert time.time() - (tmp_path / "lock").stat().st_mtime < 60


def test_json_is_the_same_for_the_same_value(tmp_path: Path) -> None:
    write_json(tmp_path / "a", {"b": 1, "a": [1.5, "é"]})
    write_json(tmp_path / "b", {"a": [1.5, "é"], "b": 1})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert sha256_json({"b": 1, "a": 2}) == sha256_json(json.loads('{"a": 2, "b": 1}'))
    for refuse in (lambda: write_json(tmp_path / "c", float("nan")), lambda: sha256_json([float("nan")])):
        with pytest.raises(ValueError, match="JSON"):
            refuse()


def test_json_and_its_hash_have_one_spelling() -> None:
    value = {"b": None, "a": ["é", 1.5]}
    assert json_text(value) == '{\n  "a": [\n    "é",\n    1.5\n  ],\n  "b": null\n}\n'
    assert sha256_json(value) == hashlib.sha256(rb'{"a":["\u00e9",1.5],"b":null}').hexdigest()


def test_a_file_that_lacks_something_is_named_with_what_it_lacks(tmp_path: Path) -> None:
    file, gone = tmp_path / "file", tmp_path / "gone"
    file.write_text('{"a": "é", "b": 2}', encoding="utf-8")
    assert read_json(file) == read_json(file, ["a", "b"]) == {"a": "é", "b": 2}
    with pytest.raises(DataError, match=r"file: lacks the keys c, d\. Run `dvc repro` to make it anew\.$"):
        read_json(file, ["c", "a", "d"])
    file.write_text("a,b\n1,2\n")
    assert read_rows(file, ["b"]) == [{"a": "1", "b": "2"}]
    with pytest.raises(DataError, match=r"file: lacks the columns c, d\. Run"):
        read_rows(file, ["c", "a", "d"])
    with pytest.raises(DataError, match=r"file: cannot be read \(Expecting value.*\)\. Run `dvc repro` to make it\.$"):
        read_json(file)
    file.write_text("a\n")
    assert read_rows(file, ["c"]) == []
    for read in (read_json, read_rows):
        with pytest.raises(DataError, match=r"gone: cannot be read \(.*No such file.*\)\. Run `dvc repro` to make it"):
            read(gone, [])


def test_files_that_changed_are_told(tmp_path: Path) -> None:
    contents = {"same": b"a", "other": b"b", "gone": b"c", "folder": b""}
    recorded = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    (tmp_path / "same").write_bytes(b"a")
    (tmp_path / "other").write_bytes(b"x")
    (tmp_path / "folder").mkdir()
    assert file_sha256(tmp_path / "same") == recorded["same"]
    assert changed_files(tmp_path, recorded) == ["other", "gone", "folder"]


def test_only_a_regular_file_is_read_and_nothing_waits(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").write_bytes(b"abc")
    assert read_file(tmp_path / "file", 3) == b"abc"
    refused = {
        "pipe": (errno.EINVAL, "not a regular file"),
        "file": (errno.EFBIG, "3 bytes where at most 2 can be right"),
        ".": (errno.EISDIR, "Is a directory"),
    }
    for name, (number, words) in refused.items():
        with pytest.raises(OSError, match=words) as caught:
            read_file(tmp_path / name, 2)
        assert (caught.value.errno, caught.value.strerror) == (number, words)
        assert name == "." or caught.value.filename == str(tmp_path / name)


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.ENOSPC, "Free some disk space"),
        (errno.EACCES, "Make the folder writable"),
        (errno.EROFS, "Make the folder writable"),
        (errno.ENAMETOOLONG, "shorter name"),
        (errno.EIO, r"\. Look at that folder and its disk[.,]"),
    ],
)
def test_the_advice_fits_the_cause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, advice: str) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number), "somewhere")

    monkeypatch.setattr(files.tempfile, "mkstemp", refuse)
    monkeypatch.setattr(os, "open", refuse)
    for action in (lambda: write_bytes(tmp_path / "a", b""), lambda: exclusive(tmp_path).__enter__()):
        with pytest.raises(StoreError, match=advice):
            action()


def test_a_file_in_a_folders_place_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "file/inside", tmp_path / "folder"):
        with pytest.raises(StoreError, match="move one of them away, then run the same command again") as caught:
            write_bytes(path, b"")
        assert "disk space" not in str(caught.value)
