"""A folder that stands whole or not at all, where nothing stood."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def is_free(folder: Path) -> bool:
    """Whether nothing stands there, or an empty folder."""
    if folder.is_symlink() or not folder.exists():
        return not folder.is_symlink()
    return folder.is_dir() and not any(folder.iterdir())


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """A folder beside, to be filled: what is in it stands in `folder` once the block has ended well, and else is gone.

    folder: free (`is_free`); an empty one stays the one that it is, since somebody may stand in it. Raises OSError.
    """
    place = Path(os.path.abspath(folder))  # noqa: PTH100  (resolve() would leave through links)
    beside = Path(tempfile.mkdtemp(prefix=f".{place.name[:40]}.", suffix=".tmp", dir=place.parent))
    try:
        filled = beside / "filled"  # with the rights of any new folder; a temporary one is its owner's alone
        filled.mkdir()
        yield filled
        if place.exists():
            for child in filled.iterdir():
                child.rename(place / child.name)
        else:
            filled.rename(place)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
