"""dvc.lock and DVC's cache read as files; outputs brought back from it, where DVC may be locked or short of disk."""

import configparser
import contextlib
import errno
import hashlib
import json
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from augment.core.files import WORK_STORE
from augment.core.yaml_text import parse_yaml

_MD5 = re.compile(r"[0-9a-f]{32}(\.dir)?")
_LOCK_KEYS, _STAGE_KEYS = {"schema", "stages", "datasets"}, {"cmd", "deps", "params", "outs"}
_OWN_FOLDERS = (".git", ".dvc", str(WORK_STORE))


@dataclass(frozen=True)
class Output:
    """One output of dvc.lock: path relative to the project, md5 with `.dir` for a folder, the stage that made it."""

    path: str
    md5: str
    stage: str


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
        cached, path = cached_path(cache, output.md5), project / output.path
        if path in folders:
            copies |= {path / name: cached_path(cache, md5) for name, md5 in folder_listing(cached).items()}
        else:
            copies[path] = cached
        if not cached.exists() or (path in folders and not is_whole(cached)):
            raise LookupError(output.path)
    if lost := [path for path, source in copies.items() if not source.exists()]:
        raise LookupError(str(lost[0].relative_to(project)))
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


def locked_outputs(path: Path) -> list[Output]:
    """The outputs that dvc.lock names; none without the file. Raises ValueError saying what is wrong with it."""

    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        content = parse_yaml(text)
    except ValueError as error:
        raise ValueError("not readable as YAML, cut short or edited") from error
    stages = content.get("stages") if isinstance(content, dict) and content.get("schema") else None
    if not isinstance(stages, dict) or not text.endswith("\n") or set(content) - _LOCK_KEYS:
        raise ValueError("cut short or edited: it holds `schema` and `stages`, and ends with a line break")
    outputs = []
    for name, stage in stages.items():
        if not _is_stage(stage):
            raise ValueError(f"cut short or edited: stage `{name}` lacks outputs or hashes, or holds something else")
        outputs += [Output(entry["path"], entry["md5"], name) for entry in stage["outs"]]
    if outside := [output.path for output in outputs if not _is_output(output.path)]:
        raise ValueError(f"an output is no path within the project, {outside[0]!r}")
    return outputs


def declared_outputs(path: Path) -> list[Path]:
    """The outputs that dvc.yaml declares; those that can be read where it is damaged."""
    try:
        stages = parse_yaml(path.read_text(encoding="utf-8"))["stages"].values()
        sides = [stage.get(side, []) for stage in stages for side in ("outs", "metrics", "plots")]
        names = [next(iter(entry)) if isinstance(entry, dict) else entry for side in sides for entry in side]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, StopIteration):
        return []
    return [Path(name) for name in names if isinstance(name, str) and _is_output(name)]


def _is_output(path: str) -> bool:
    """Whether a path leads below the project, and to no folder that holds the state of git, of DVC or of ours."""
    return _is_inside(path) and Path(path).parts[0] not in _OWN_FOLDERS


def _is_inside(path: str) -> bool:
    parts = Path(path).parts
    return bool(parts) and ".." not in parts and not Path(path).is_absolute()


def cache_folder(project: Path) -> Path:
    """Where DVC keeps its objects: `cache.dir` of the nearest of its configuration files, else .dvc/cache."""
    folder = project / ".dvc"
    shared = Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config", "dvc")
    levels: list[str | Path] = [
        _home(os.environ.get("DVC_GLOBAL_CONFIG_DIR", str(shared))),
        os.environ.get("DVC_SYSTEM_CONFIG_DIR", "/etc/xdg/dvc"),
    ]
    for file in (folder / "config.local", folder / "config", *(Path(level) / "config" for level in levels)):
        config = configparser.ConfigParser(interpolation=None, strict=False)
        try:
            config.read(file, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError, OSError):
            continue
        if named := config.get("cache", "dir", fallback="").strip("\"'"):
            return file.parent / _home(named)
    return folder / "cache"


def _home(path: str) -> Path:
    """With `~` replaced; as it is where nobody knows a home."""
    with contextlib.suppress(RuntimeError):
        return Path(path).expanduser()
    return Path(path)


def folder_listing(path: Path) -> dict[str, str]:
    """Relative path -> md5 of a cached folder; empty for a file, and where the listing is missing or damaged."""
    if path.suffix != ".dir":
        return {}
    try:
        entries = json.loads(path.read_bytes())
        files = {entry["relpath"]: entry["md5"] for entry in entries if _MD5.fullmatch(entry["md5"])}
        return files if all(map(_is_inside, files)) else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def md5(path: Path) -> str:
    """Hex MD5 of a file, as DVC names its objects."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def is_whole(path: Path) -> bool:
    """Whether a cached object is there and has the hash that names it."""
    return path.is_file() and md5(path) == path.parent.name + path.name.removesuffix(".dir")


def cached_path(cache: Path, md5: str) -> Path:
    return cache / md5[:2] / md5[2:]


def _is_stage(stage: Any) -> bool:
    """A command, what it read and what it made, as DVC writes and accepts them."""
    if not isinstance(stage, dict) or set(stage) - _STAGE_KEYS or not isinstance(stage.get("cmd"), str | list):
        return False
    sides, params = [stage.get(side, []) for side in ("deps", "outs")], stage.get("params", {})
    listed = all(isinstance(side, list) and all(map(_is_entry, side)) for side in sides)
    read = isinstance(params, dict) and all(isinstance(values, dict) for values in params.values())
    return listed and read and bool(sides[-1])


def _is_entry(entry: Any) -> bool:
    """A path with its hash and size, all that DVC writes of it."""
    if not isinstance(entry, dict) or not isinstance(entry.get("path"), str) or not isinstance(entry.get("md5"), str):
        return False
    counted = "nfiles" in entry or not entry["md5"].endswith(".dir")
    return _MD5.fullmatch(entry["md5"]) is not None and "size" in entry and counted
