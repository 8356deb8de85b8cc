"""A folder that stands whole or not at all, where nothing stood."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from augment.core.errors import DataError, StoreError


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A folder beside, to be filled, which is `folder` once the block has ended well, and else is gone.

    Raises `DataError` where something stands that is not an empty folder, `StoreError` where nothing can be written.
    """
    place = Path(os.path.abspath(folder))  # noqa: PTH100  (resolve() would leave through links)
    if place.is_symlink() or (place.exists() and not place.is_dir()) or (place.is_dir() and any(place.iterdir())):
        raise DataError(f"{folder}: something stands there, and nothing of it is overwritten. Name a new folder")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{place.name[:40]}.", suffix=".tmp", dir=place.parent))
    except OSError as error:
        raise StoreError(_refused(folder, error)) from error
    try:
        filled = beside / "filled"  # with the rights of any new folder; a temporary one is its owner's alone
        filled.mkdir()
        yield filled
        if place.exists():
            place.rmdir()  # which an empty folder takes, and no other
        filled.rename(place)
    except OSError as error:
        raise StoreError(_refused(folder, error)) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _refused(folder: Path, error: OSError) -> str:
    return (
        f"{folder}: cannot be written ({error.strerror or error}), and nothing was. Name another folder or free space"
    )
