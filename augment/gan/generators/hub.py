"""Folders of generators to and from Hugging Face's hub, by its own library.

What comes from there is a stranger's: `load_generators` verifies it as any other folder, and nothing of it is run.
"""

import importlib
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from augment.core.errors import ArgumentError, AugmentError, BundleError
from augment.data.arguments import flag_argument, short
from augment.gan.bundle_files import INDEX, MANIFEST, TRANSLATOR, WEIGHTS
from augment.gan.generators.cards import CARD

FOLDERS = ("*", f"*/{TRANSLATOR}")  # of a set, within its own
BUNDLES = [INDEX, *(f"{folder}/{name}" for folder in FOLDERS for name in (MANIFEST, WEIGHTS))]  # all that is asked for
_REPOSITORY = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*", re.ASCII)


def is_repository(place: object) -> bool:
    """Whether it is owner/name of a repository, and no folder that is here."""
    return isinstance(place, str) and _REPOSITORY.fullmatch(place) is not None and not Path(place).exists()


@contextmanager
def fetched(repository: str, revision: str | None) -> Iterator[Path]:
    """The bundles of a repository in a folder of files, for as long as the block lasts: in the library's cache they are
    links, which no bundle may hold.

    A `BundleError` from within names the repository. Raises `BundleError` where there is nothing to fetch.
    """
    hub = _library(repository)
    try:
        cached = Path(hub.snapshot_download(repository, revision=revision, allow_patterns=BUNDLES))
    except Exception as error:  # the library's errors are those of the HTTP client of its version, too
        raise BundleError(f"{_refused(repository, error)}. It is no folder here, either", "missing") from error
    with tempfile.TemporaryDirectory() as folder:
        for path in (path for pattern in BUNDLES for path in cached.glob(pattern)):
            copy = Path(folder) / path.relative_to(cached)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
        try:
            yield Path(folder)
        except BundleError as error:
            raise BundleError(str(error).replace(folder, repository), error.code) from error


def check_target(repository: object, private: object) -> None:
    """Raises TypeError for other kinds, `ArgumentError` for what cannot be a repository's name."""
    if not isinstance(repository, str):
        raise TypeError(f"repository must be owner/name, got {short(repository)}")
    if not _REPOSITORY.fullmatch(repository):
        raise ArgumentError(f"repository must be owner/name, got {short(repository)}")
    flag_argument("private", private)


def push(folder: Path, repository: str, private: bool) -> str:
    """Bring a folder of bundles and its card into a repository, which is made where there is none; returns its address.

    A card that stands there stays, bundles of earlier sets go. Raises `AugmentError` when the hub refuses.
    """
    hub = _library(repository)
    try:
        address = str(hub.create_repo(repository, private=private, exist_ok=True))
        kept = [CARD] if hub.file_exists(repository, CARD) else None
        hub.upload_folder(
            repo_id=repository, folder_path=str(folder), ignore_patterns=kept, delete_patterns=BUNDLES,
            commit_message="Generators of gan-augment",
        )  # fmt: skip
    except Exception as error:  # as above
        raise AugmentError(_refused(repository, error)) from error
    return address


def _library(repository: str) -> Any:
    try:
        return importlib.import_module("huggingface_hub")
    except ImportError as error:
        message = f"{repository}: there is no such folder, and as a repository it needs huggingface_hub"
        raise AugmentError(f"{message}: pip install 'gan-augment[hub]'") from error


def _refused(repository: str, error: Exception) -> str:
    """What the hub said, in one line."""
    said = " ".join(str(error).split())[:300] or type(error).__name__
    mend = "Look at the name, the network, and `hf auth login`"
    return f"{repository}: the hub was not reached or refuses ({said}). {mend}"
