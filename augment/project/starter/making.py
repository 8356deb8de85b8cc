"""A new project folder, whole or not at all."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from augment.core.errors import AugmentError, DataError, StoreError
from augment.core.files import write_bytes
from augment.core.whole_folder import is_free, whole_folder

FIRST_COMMIT = "A project of gan-augment"
_OF_ANOTHER = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")  # repository, which runs this as a hook


def make(project: Path, files: Mapping[str, bytes]) -> str:
    """A folder with these files (path -> content) under git; returns what is still to be done with git, empty for
    nothing.

    Everything is written beside and moved into place at the end, so a failure leaves nothing. Inside of another git
    repository the folder becomes a part of that one. Raises `DataError` where a folder stands that is not empty, or a
    file, and `StoreError` where nothing can be written; both leave everything as it was.
    """
    place = Path(os.path.abspath(project))  # noqa: PTH100  (resolve() would leave through links)
    if not place.parent.is_dir():
        raise DataError(f"{place.parent}: there is no such folder. Make it first, or name another place")
    if not is_free(place):
        what = "not empty" if place.is_dir() else "a file"
        raise DataError(
            f"{project}: stands there and is {what}; nothing was written. Name a new folder: `augment new` never "
            "writes into one that holds something, and your images may stay where they are"
        )
    try:
        with whole_folder(place) as beside:
            for path, content in files.items():
                write_bytes(beside / path, content, durable=False)
            return _under_git(beside)
    except OSError as error:
        raise StoreError(
            f"{place.parent}: {error.strerror}, so no folder can be made there. Nothing was written. Make that folder "
            "writable, or name another place"
        ) from error


def _under_git(folder: Path) -> str:
    """A repository with one commit, in which DVC finds its own folder. Raises `AugmentError` in git's own words."""
    if _git(folder, "rev-parse", "--is-inside-work-tree").stdout.strip() == "true":
        return "the folder is part of the git repository around it: commit its files there"
    for step in (("init", "--quiet"), ("add", "--all")):
        done = _git(folder, *step)
        if done.returncode:
            raise AugmentError(f"`git {' '.join(step)}` failed: {done.stderr.strip()}. Nothing was written")
    done = _git(folder, "commit", "--quiet", "--message", FIRST_COMMIT)
    return "git knows no name of yours yet: set one, then `git commit`" if done.returncode else ""


def _git(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    ours = {name: value for name, value in os.environ.items() if name not in _OF_ANOTHER}
    return subprocess.run(
        ["git", *words], cwd=folder, env=ours, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
