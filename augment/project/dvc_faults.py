"""What can be wrong with a project's DVC state, each fault with the one command that mends it.

Only files are read: DVC itself trusts a write-protected cache object without looking at it, and
stops with an error of its own at the others.
"""

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from augment.project.dvc_cache import Output, cache_folder, cached_path, folder_listing, is_whole, locked_outputs, md5

IGNORED = (".DS_Store", "Thumbs.db")  # files of a desktop, as .dvcignore has them


@dataclass(frozen=True)
class Fault:
    """Something wrong: what, and the one command that mends it."""

    what: str
    mend: str


def faults(project: Path) -> list[Fault]:
    """Everything wrong with .dvc and dvc.lock; the order is the one to mend in."""
    every = [*_repository(project), *_rwlock(project)]
    try:
        outputs = locked_outputs(project / "dvc.lock")
    except ValueError as error:
        return [*every, Fault(f"dvc.lock: {error}", "rm dvc.lock && dvc repro")]
    cache = cache_folder(project) / "files" / "md5"
    for output in outputs:
        damaged = [path for path in _objects(cache, output) if path.exists() and not is_whole(path)]
        if damaged:
            names = " ".join(shlex.quote(_relative(path, project)) for path in damaged)
            what = f"{output.path}: {len(damaged)} of its cached files do not match their hash; DVC would hand them out"
            every.append(Fault(what, f"rm -f {names} && rm -rf {shlex.quote(output.path)} && dvc repro"))
        elif changed := _changed(project, cache, output):
            what = f"{output.path}: not as dvc.lock has it ({changed}); an ended run, or changed by hand"
            every.append(Fault(what, f"rm -rf {shlex.quote(output.path)} && dvc repro"))
    gone = [output.path for output in outputs if _is_gone(project, cache, output)]
    if gone:
        what = f"{', '.join(gone)}: deleted, as DVC does before it runs a stage; its cache still has the last whole run"
        every.append(Fault(what, f"dvc checkout {' '.join(map(shlex.quote, gone))}"))
    return every


def _repository(project: Path) -> Iterator[Fault]:
    """DVC works beside git, or has been told that there is none."""
    in_git = any((folder / ".git").exists() for folder in (project, *project.resolve().parents))
    config = project / ".dvc" / "config"
    if not config.exists():
        mend = "dvc init -f" if in_git else "dvc init -f --no-scm"
        yield Fault(".dvc/config is missing: DVC does not know this folder", mend)
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
    cached = cached_path(cache, output.md5)
    return [cached, *(cached_path(cache, md5) for md5 in set(folder_listing(cached).values()))]


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


def _relative(path: Path, project: Path) -> str:
    return str(path.relative_to(project)) if path.is_relative_to(project) else str(path)
