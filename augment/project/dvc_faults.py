"""What can be wrong with a project's DVC state, each fault with the one command that mends it.

Only files are read: DVC itself trusts a write-protected cache object without looking at it, and
stops with an error of its own at the others.
"""

import configparser
import hashlib
import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

IGNORED = (".DS_Store", "Thumbs.db")  # files of a desktop, as .dvcignore has them
_MD5 = re.compile(r"[0-9a-f]{32}(\.dir)?")


@dataclass(frozen=True)
class Fault:
    """Something wrong: what, and the one command that mends it."""

    what: str
    mend: str


@dataclass(frozen=True)
class Output:
    """One output of dvc.lock: path relative to the project, md5 with `.dir` for a folder, the stage that made it."""

    path: str
    md5: str
    stage: str


def faults(project: Path) -> list[Fault]:
    """Everything wrong with .dvc and dvc.lock; the order is the one to mend in."""
    found = [*_repository(project), *_rwlock(project)]
    try:
        outputs = locked_outputs(project / "dvc.lock")
    except ValueError as error:
        return [*found, Fault(f"dvc.lock: {error}", "rm dvc.lock && dvc repro")]
    cache = cache_folder(project) / "files" / "md5"
    for output in outputs:
        damaged = [path for path in _objects(cache, output) if path.exists() and not is_whole(path)]
        if damaged:
            names = " ".join(shlex.quote(_relative(path, project)) for path in damaged)
            what = f"{output.path}: {len(damaged)} of its cached files do not match their hash; DVC would hand them out"
            found.append(Fault(what, f"rm -f {names} && rm -rf {shlex.quote(output.path)} && dvc repro"))
        elif changed := _changed(project, cache, output):
            what = f"{output.path}: not as dvc.lock has it ({changed}); an ended run, or changed by hand"
            found.append(Fault(what, f"rm -rf {shlex.quote(output.path)} && dvc repro"))
    gone = [output.path for output in outputs if _is_gone(project, cache, output)]
    if gone:
        what = f"{', '.join(gone)}: deleted, as DVC does before it runs a stage; its cache still has the last whole run"
        found.append(Fault(what, f"dvc checkout {' '.join(map(shlex.quote, gone))}"))
    return found


def locked_outputs(path: Path) -> list[Output]:
    """The outputs that dvc.lock names; none without the file. Raises ValueError saying what is wrong with it."""
    from ruamel.yaml import YAML  # noqa: PLC0415  (an extra)
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415  (the same)

    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        content = YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        raise ValueError("not readable as YAML, cut short or edited") from error
    stages = content.get("stages") if isinstance(content, dict) and content.get("schema") else None
    if not isinstance(stages, dict) or not text.endswith("\n"):
        raise ValueError("cut short: it must hold `schema` and `stages`, and end with a line break")
    outputs = []
    for name, stage in stages.items():
        sides = [stage.get(side, []) for side in ("deps", "outs")] if isinstance(stage, dict) else [None]
        if not all(isinstance(side, list) and all(map(_is_entry, side)) for side in sides) or not sides[-1]:
            raise ValueError(f"cut short or edited: stage `{name}` lacks outputs or hashes")
        outputs += [Output(entry["path"], entry["md5"], name) for entry in sides[-1]]
    return outputs


def cache_folder(project: Path) -> Path:
    """Where DVC keeps its objects: `cache.dir` of .dvc/config.local or .dvc/config, else .dvc/cache."""
    config = configparser.ConfigParser(interpolation=None, strict=False)
    folder = project / ".dvc"
    try:
        config.read([folder / "config", folder / "config.local"], encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        return folder / "cache"
    return folder / config.get("cache", "dir", fallback="cache").strip("\"'")


def _repository(project: Path) -> Iterator[Fault]:
    """DVC works beside git, or has been told that there is none."""
    in_git = any((folder / ".git").exists() for folder in (project, *project.resolve().parents))
    config = project / ".dvc" / "config"
    if not config.exists():
        yield Fault(
            ".dvc/config is missing: DVC does not know this folder", f"dvc init -f{'' if in_git else ' --no-scm'}"
        )
    elif not in_git and "no_scm" not in config.read_text(encoding="utf-8", errors="replace"):
        yield Fault("there is no git repository here, and DVC expects one", "dvc init --no-scm -f")


def _rwlock(project: Path) -> Iterator[Fault]:
    """DVC's list of readers and writers; a killed DVC can leave half of it."""
    path = project / ".dvc" / "tmp" / "rwlock"
    try:
        whole = isinstance(json.loads(path.read_text(encoding="utf-8")), dict)
    except FileNotFoundError:
        return
    except ValueError:
        whole = False
    if not whole:
        yield Fault(".dvc/tmp/rwlock is cut short: a killed DVC left it", "rm .dvc/tmp/rwlock")


def _objects(cache: Path, output: Output) -> list[Path]:
    """The cached files of an output: itself, and those that a folder's listing names."""
    own = cached_path(cache, output.md5)
    return [own, *(cached_path(cache, md5) for md5 in set(folder_listing(own).values()))]


def folder_listing(path: Path) -> dict[str, str]:
    """Relative path -> md5 of a cached folder; empty for a file, and where the listing is missing or damaged."""
    if path.suffix != ".dir":
        return {}
    try:
        entries = json.loads(path.read_bytes())
        return {entry["relpath"]: entry["md5"] for entry in entries if _MD5.fullmatch(entry["md5"])}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _changed(project: Path, cache: Path, output: Output) -> str:
    """What of the project first differs from what dvc.lock has; empty where nothing does or nothing is there."""
    path = project / output.path
    if not path.exists():
        return ""
    if not output.md5.endswith(".dir"):
        return "" if path.is_file() and md5(path) == output.md5 else "its content differs"
    known = folder_listing(cached_path(cache, output.md5))
    for name, expected in sorted(known.items()):
        file = path / name
        if not file.is_file():
            return f"{name} is missing"
        if md5(file) != expected:
            return f"{name} differs"
    there = (file for file in path.rglob("*") if known and file.is_file() and file.name not in IGNORED)
    more = sorted({file.relative_to(path).as_posix() for file in there} - set(known))  # a loader of folders reads them
    return f"{more[0]} is not among its files" if more else ""


def _is_gone(project: Path, cache: Path, output: Output) -> bool:
    """Whether an output is in the cache alone; in a new clone it is in neither."""
    return not (project / output.path).exists() and cached_path(cache, output.md5).exists()


def md5(path: Path) -> str:
    """Hex MD5 of a file, as DVC names its objects."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def is_whole(path: Path) -> bool:
    """Whether a cached object is there and has the hash that names it."""
    return path.is_file() and md5(path) == path.parent.name + path.name.removesuffix(".dir")


def cached_path(cache: Path, md5: str) -> Path:
    """Where the cache keeps the object of a hash."""
    return cache / md5[:2] / md5[2:]


def _is_entry(entry: Any) -> bool:
    """A path with its hash and size, all that DVC writes of it."""
    if not isinstance(entry, dict) or not isinstance(entry.get("path"), str) or not isinstance(entry.get("md5"), str):
        return False
    counted = "nfiles" in entry or not entry["md5"].endswith(".dir")
    return _MD5.fullmatch(entry["md5"]) is not None and "size" in entry and counted


def _relative(path: Path, project: Path) -> str:
    return str(path.relative_to(project)) if path.is_relative_to(project) else str(path)
