"""Files that are either whole or absent: atomic writes, hashes, one writer at a time, names that every system takes."""

import contextlib
import csv
import errno
import glob
import hashlib
import io
import json
import os
import re
import stat
import tempfile
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from augment.core.errors import DataError, InUseError, StoreError

SEEN_STORE = Path(".work/backbone")  # what backbones saw of images
WORK_STORE = Path(".work")  # of a project: finished GANs, checkpoints, locks, test queries; outside of git and DVC
_SLUG = re.compile(r"[a-z0-9-]{1,48}")
_FOLDER = re.compile(r"[^/\\<>:\"|?*\x00-\x1f\x7f]{1,100}")
_RESERVED = re.compile(
    r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?"  # devices of Windows
    r"|(manifest|metadata)\.csv",  # stand beside the folders of classes
    re.IGNORECASE,
)
MAX_CSV_BYTES = 2_000_000_000  # of a table of ours
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20", "'")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_MENDS = {
    "Free some disk space": (errno.ENOSPC, errno.EDQUOT),
    "Make the folder writable, or work in another": (errno.EACCES, errno.EPERM, errno.EROFS),
    "A file and a folder have the same name there: move one of them away": (errno.EISDIR, errno.ENOTDIR, errno.EEXIST),
    "Choose a shorter name": (errno.ENAMETOOLONG,),
}
Row = Mapping[str, str]
Rows = Sequence[Row]


def write_bytes(path: Path, *parts: bytes | memoryview, durable: bool = True) -> None:
    """Write the parts, one after the other, so that `path` holds either the old bytes or all of the new ones.

    Beside, flush, fsync, rename, fsync of the folder; `durable=False` leaves out both fsyncs, for
    the many images of a stage that DVC would run again after a power cut. Raises `StoreError` naming
    the path and the size when the disk refuses (full, read-only); the old file is then untouched.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name[:40]}.", suffix=".tmp", dir=path.parent)
        temporary = Path(name)
        with os.fdopen(descriptor, "wb") as stream:
            stream.writelines(parts)
            stream.flush()
            if durable:
                os.fsync(stream.fileno())
        os.umask(mask := os.umask(0))  # there is no other way to read it
        temporary.chmod(0o666 & ~mask)
        temporary.replace(path)
        if durable and os.name == "posix":  # Windows opens no folders
            _sync_folder(path.parent)
    except OSError as error:
        raise StoreError(
            f"{path}: could not write {sum(memoryview(part).nbytes for part in parts)} bytes "
            f"({error.strerror or error}). What stood there before is unchanged. {_mend(error)}, then run the same "
            "command again."
        ) from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any, sort_keys: bool = True) -> None:
    """Write JSON, so that equal values give equal bytes. Raises ValueError on NaN."""
    write_text(path, json_text(value, sort_keys))


def json_text(value: Any, sort_keys: bool = True) -> str:
    """The one spelling in which a value stands in a JSON file. Raises ValueError on NaN."""
    return json.dumps(value, indent=2, sort_keys=sort_keys, allow_nan=False, ensure_ascii=False) + "\n"


def write_csv(path: Path, rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Write rows in the given column order; floats as the shortest text that reads back equal.

    A text that a spreadsheet would run as a formula, and one that begins with an apostrophe, gets an apostrophe before
    it, which `read_csv` takes off: it begins with = + - @, tab or return, or full-width forms, and is no number.
    """
    table, end = io.BytesIO(), csv.excel.lineterminator  # bytes: a list of lines would take several times as much
    lines = SimpleNamespace(write=lambda line: table.write(f"{line.removesuffix(end)}\n".encode()))
    writer = csv.DictWriter(lines, columns)  # its line end has a return: so it quotes one
    writer.writerow({column: _as_text(column) for column in columns})
    writer.writerows({key: _as_text(value) for key, value in row.items()} for row in rows)
    write_bytes(path, table.getbuffer())


def read_csv(path: Path) -> list[dict[str, str]]:
    """Rows of a CSV that `write_csv` wrote, as dictionaries of texts. Raises `DataError` when it is cut or damaged."""
    text = read_file(path, MAX_CSV_BYTES).decode("utf-8-sig", errors="replace")
    try:
        rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    except csv.Error:  # a quote that nothing closes, a cell of over 128 KiB
        rows, text = [], ""
    if not text.endswith("\n") or any(None in row or None in row.values() for row in rows):
        raise DataError(f"{path}: cut short or damaged. Run `dvc repro` to make it anew; `augment doctor` says more.")
    return [{key.removeprefix("'"): value.removeprefix("'") for key, value in row.items()} for row in rows]


def _as_text(cell: Any) -> Any:
    """A cell that no spreadsheet takes for a formula; what is no text stays."""
    return f"'{cell}" if isinstance(cell, str) and is_formula(cell) else cell


def is_formula(text: str) -> bool:
    """Whether a spreadsheet may run a text, or take off its first apostrophe."""
    return text.startswith(_FORMULA) and not _NUMBER.fullmatch(text)


def read_json(path: Path, keys: Sequence[str] = ()) -> Any:
    """A JSON file that has at least `keys`; raises `DataError` naming the file and what it lacks."""
    value = _read_or_name(lambda file: json.loads(file.read_text(encoding="utf-8")), path)
    _require_present(path, "keys", [key for key in keys if key not in value])
    return value


def read_rows(path: Path, columns: Sequence[str]) -> Rows:
    """A CSV that has at least `columns`; raises `DataError` naming the file and what it lacks."""
    rows: Rows = _read_or_name(read_csv, path)
    _require_present(path, "columns", [column for column in columns if rows and column not in rows[0]])
    return rows


def _read_or_name(read: Callable[[Path], Any], path: Path) -> Any:
    try:
        return read(path)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read ({error}). Run `dvc repro` to make it.") from error


def _require_present(path: Path, what: str, missing: Sequence[str]) -> None:
    if missing:
        raise DataError(f"{path}: lacks the {what} {', '.join(missing)}. Run `dvc repro` to make it anew.")


def read_file(path: Path, max_bytes: int) -> bytes:
    """The bytes of a regular file of at most `max_bytes`; never waits, as opening a pipe would. Raises OSError, also
    for what is no regular file (EINVAL) and for a larger one (EFBIG)."""
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(descriptor, "rb") as stream:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        if status.st_size > max_bytes:
            raise OSError(errno.EFBIG, f"{status.st_size} bytes where at most {max_bytes} can be right", str(path))
        return stream.read()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def file_sha256(path: Path) -> str:
    """Hex SHA-256 of a file, read in parts."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def changed_files(folder: Path, recorded: Mapping[str, str]) -> list[str]:
    """Those of the files (path from `folder` -> SHA-256) that hold something else by now, or are gone."""
    return [name for name in recorded if not (folder / name).is_file() or file_sha256(folder / name) != recorded[name]]


def sha256_json(value: Any) -> str:
    """Hex SHA-256 of the canonical JSON of `value` (sorted keys, no spaces)."""
    return sha256(json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode())


def slug(label: str) -> str:
    """The label itself if it is already safe, else a safe base, "-" and 6 hex digits of its hash."""
    if _SLUG.fullmatch(label):
        return label
    ascii_text = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "-", ascii_text).strip("-")[:40] or "class"
    return f"{base}-{hashlib.sha256(label.encode('utf-8', 'surrogateescape')).hexdigest()[:6]}"


def folder_name(label: str) -> str:
    """The label where it is a safe folder name on every system, else its slug."""
    short = _FOLDER.fullmatch(label) and len(label.encode()) <= 200
    plain = label.isprintable() and label == label.strip(" .-") and not _RESERVED.fullmatch(label)
    return label if short and plain else slug(label)


def sweep_temporaries(path: Path) -> None:
    """Delete what killed writers left: of a folder everywhere in it, of a file beside it. For its only writer."""
    beside = path.parent.glob(f".{glob.escape(path.name[:40])}.*.tmp")
    for leftover in [*beside, *path.rglob(".*.tmp")]:
        leftover.unlink(missing_ok=True)


@contextlib.contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Hold `folder` for one writer; raises `InUseError` at once when another has it. The lock is the kernel's and goes
    with the process, so a killed run never leaves it behind."""
    from filelock import FileLock, Timeout  # noqa: PLC0415  (readers of bundles never need it)

    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = FileLock(folder / "lock", timeout=0).acquire()
        os.utime(folder / "lock")  # by which the work store knows when it was used last
    except Timeout as error:
        raise InUseError(
            f"{folder} is in use by another run. Wait for it to end, or end it "
            "(a trainer can outlive a killed `dvc repro`), then run the same command again."
        ) from error
    except OSError as error:
        raise StoreError(f"{error.filename}: {error.strerror}. {_mend(error)}.") from error
    with held:
        yield


def _mend(error: OSError) -> str:
    otherwise = "Look at that folder and its disk"
    return next((text for text, numbers in _MENDS.items() if error.errno in numbers), otherwise)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
