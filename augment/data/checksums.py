"""Hashes of ours beside what was written, compared when it is read: DVC hands out a damaged object without a look."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from augment.core.errors import DataError
from augment.core.files import file_sha256, read_json, write_json

CHECKSUMS = "checksums.json"  # of a folder: name -> SHA-256


def write_checksums(folder: Path, names: Iterable[str]) -> None:
    """Name these files of a folder with their hashes in `checksums.json`; to be written last."""
    write_json(folder / CHECKSUMS, {name: file_sha256(folder / name) for name in names})


def check_files(folder: Path, names: Sequence[str] | None = None) -> None:
    """Compare files of a folder, None: all that it names, with `checksums.json`. Raises `DataError` naming the first
    that is missing, not named there, or of another hash."""
    known = read_json(folder / CHECKSUMS, names or ())
    if not isinstance(known, dict):
        raise DataError(f"{folder / CHECKSUMS}: it holds no names. Run `dvc repro` to make it anew.")
    for name in known if names is None else names:
        check_file(folder / name, str(known[name]))


def check_file(path: Path, sha256: str) -> None:
    """Raises `DataError` naming a file that is missing or has another hash."""
    try:
        found = file_sha256(path)
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}). Run `dvc repro` to make it.") from error
    if found != sha256:
        raise DataError(
            f"{path}: damaged, or changed since it was written: its SHA-256 is not the one that was written down "
            "beside it. Run `augment doctor`: it names the command that makes it anew."
        )
