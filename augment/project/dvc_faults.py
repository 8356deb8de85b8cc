"""What can be wrong with DVC's record of a project's outputs and with its cache, and the command that mends it.

Only files are read: DVC itself trusts a write-protected cache object without looking at it, and
stops with an error of its own at the others.
"""

import shlex
from collections.abc import Iterator
from pathlib import Path

from augment.project.dvc_cache import (
    Output,
    cache_folder,
    cached_path,
    declared_outputs,
    folder_listing,
    is_whole,
    locked_outputs,
    md5,
)
from augment.project.mends import Fault, move_aside

IGNORED = (".DS_Store", "Thumbs.db")  # files of a desktop, as .dvcignore has them


def output_faults(project: Path, free: Iterator[Path]) -> list[Fault]:
    """Everything wrong with dvc.lock, the outputs that it names, and their objects in the cache.

    DVC deletes an output before it makes it anew, so all that differs from the cache goes aside in one mend, before
    the `dvc repro` that stands at its end.
    """
    lock = Path("dvc.lock")
    try:
        outputs = locked_outputs(project / lock)
    except (ValueError, OSError) as error:
        there = [lock, *(path for path in declared_outputs(project / "dvc.yaml") if (project / path).exists())]
        return [Fault(f"dvc.lock: {error}", f"{move_aside(there, next(free))} && dvc repro")]
    cache = cache_folder(project) / "files" / "md5"
    if outputs and not cache_folder(project).exists() and cache_folder(project) != project / ".dvc" / "cache":
        folder = shlex.quote(str(cache_folder(project)))
        return [Fault(f"cache.dir of DVC's configuration names {folder}, which is not there", f"mkdir -p {folder}")]
    damaged = {output: _damaged(cache, output) for output in outputs}
    changed = {output: _changed(project, cache, output) for output in outputs if not damaged[output]}
    wrong = [output for output in outputs if damaged[output] or changed.get(output)]
    faults = []
    if wrong:
        objects = dict.fromkeys(_from(project, path) for output in wrong for path in damaged[output])
        there = [*objects, *(Path(output.path) for output in wrong if (project / output.path).exists())]
        what = "; ".join(_wrong_text(output, len(damaged[output]), changed.get(output, "")) for output in wrong)
        faults.append(Fault(what, f"{move_aside(there, next(free))} && dvc repro"))
    gone = [output.path for output in outputs if output not in wrong and _is_gone(project, cache, output)]
    if gone:
        what = f"{', '.join(gone)}: deleted, as DVC does before it runs a stage; its cache still has the last whole run"
        faults.append(Fault(what, f"dvc checkout {' '.join(map(shlex.quote, gone))}"))
    return faults


def _wrong_text(output: Output, damaged: int, changed: str) -> str:
    if damaged:
        return f"{output.path}: {damaged} of its cached files do not match their hash; DVC would hand them out"
    return f"{output.path}: not as dvc.lock has it ({changed}); an ended run, or changed by hand"


def _damaged(cache: Path, output: Output) -> list[Path]:
    """The cached files of an output that are not what their name says: itself, and those that a listing names."""
    cached = cached_path(cache, output.md5)
    objects = [cached, *(cached_path(cache, md5) for md5 in set(folder_listing(cached).values()))]
    return [path for path in sorted(objects) if path.exists() and not is_whole(path)]


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


def _from(project: Path, path: Path) -> Path:
    return path.relative_to(project) if path.is_relative_to(project) else path
