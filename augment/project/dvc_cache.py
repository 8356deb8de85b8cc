"""Outputs brought back from DVC's cache by copying files, where DVC itself may be locked, or short of disk."""

import errno
import shutil
from pathlib import Path

from augment.project.dvc_faults import cache_folder, cached_path, folder_listing, is_whole, locked_outputs


def bring_back(project: Path, stage: str) -> bool:
    """Put the outputs of a stage's last whole run in the place of whatever stands there now.

    False where dvc.lock knows no run of the stage. Raises `LookupError` when the cache lacks some of
    them, and ValueError when dvc.lock is damaged, both before anything is touched; OSError when the disk refuses.
    """
    cache = cache_folder(project) / "files" / "md5"
    outputs = [output for output in locked_outputs(project / "dvc.lock") if output.stage == stage]
    folders = [project / output.path for output in outputs if output.md5.endswith(".dir")]
    copies: dict[Path, Path] = {}
    for output in outputs:
        own, path = cached_path(cache, output.md5), project / output.path
        if path in folders:
            copies |= {path / name: cached_path(cache, md5) for name, md5 in folder_listing(own).items()}
        else:
            copies[path] = own
        if not own.exists() or (path in folders and not is_whole(own)):
            raise LookupError(output.path)
    for path, source in copies.items():
        if not source.exists():
            raise LookupError(str(path.relative_to(project)))
    for output in outputs:
        _remove(project / output.path)
    for folder in folders:
        folder.mkdir(parents=True)
    for path, source in copies.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        _copy(source, path)
    return bool(outputs)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _copy(source: Path, path: Path) -> None:
    """A copy, or on a full disk a hard link, write-protected as the object is (DVC's own `cache.type: hardlink`)."""
    try:
        shutil.copyfile(source, path)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        path.unlink(missing_ok=True)
        path.hardlink_to(source)
