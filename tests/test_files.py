"""Files are whole or absent."""

import csv
import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.errors import StoreError
from augment.files import (
    exclusive,
    read_csv,
    sha256_json,
    sweep_temporaries,
    write_bytes,
    write_csv,
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
from augment.errors import StoreError
from augment.files import write_bytes
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


def test_files_get_the_usual_permissions(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_bytes(tmp_path / "file", b"x")
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640


def test_only_own_temporaries_are_swept(tmp_path: Path) -> None:
    for name in (".a.x.tmp", "b.tmp", ".c"):
        (tmp_path / name).write_text("")
    sweep_temporaries(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".c", "b.tmp"]


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    with exclusive(tmp_path / "f"), pytest.raises(StoreError, match="another run"), exclusive(tmp_path / "f"):
        pass
    with exclusive(tmp_path / "f"):
        pass


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"))


@given(st.lists(st.tuples(st.floats(allow_nan=False), TEXTS)))
def test_csv_round_trip(rows: list[tuple[float, str]]) -> None:
    path = Path(os.environ.get("TMPDIR", "/tmp")) / f"gan-augment-csv-{os.getpid()}"
    try:
        write_csv(path, ({"number": number, "text": text} for number, text in rows), ("number", "text"))
        assert [(float(row["number"]), row["text"]) for row in read_csv(path)] == rows
    finally:
        path.unlink()


def test_csv_reads_back_with_other_readers(tmp_path: Path) -> None:
    write_csv(tmp_path / "t.csv", [{"a": 0.1, "b": 'x"y,\n'}], ("a", "b"))
    with (tmp_path / "t.csv").open(newline="") as stream:
        assert list(csv.reader(stream)) == [["a", "b"], ["0.1", 'x"y,\n']]


def test_json_is_the_same_for_the_same_value(tmp_path: Path) -> None:
    write_json(tmp_path / "a", {"b": 1, "a": [1.5, "é"]})
    write_json(tmp_path / "b", {"a": [1.5, "é"], "b": 1})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert sha256_json({"b": 1, "a": 2}) == sha256_json(json.loads('{"a": 2, "b": 1}'))
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "c", float("nan"))
