"""`augment doctor`: the environment, the work store and the DVC state; for each fault the command that mends it."""

import platform
import re
import shutil
import sys
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from augment.core.files import SEEN_STORE, WORK_STORE
from augment.core.progress import limited
from augment.project.dvc_cache import locked_outputs
from augment.project.dvc_faults import output_faults
from augment.project.dvc_state import asked_dvc, state_faults
from augment.project.mends import Fault, free_folders
from augment.project.starter.code import CODE, OTHER_CODE, has_other_code
from augment.project.starter.place import where_to_go
from augment.project.work_store import StoredGan, prune, prune_seen, survey
from augment.project.work_store_faults import store_faults

MIN_PYTHON = (3, 11)
_SHOWN_PACKAGES = ("torch", "numpy", "pydantic", "dvc")
_MAX_UNFINISHED_NAMED = 10


def run(prune_days: float | None) -> int:
    """Print what was found in this environment and folder; 1 when something is wrong, else 0.

    prune_days: also make room in the work store, of what no run has used for so many days; None: no.
    """
    in_project = Path("dvc.yaml").exists()
    missing = list(_missing(in_project))
    mendable = [*_python(), *missing, *(_commands() if in_project and not missing else ()), *_other_code()]
    free = free_folders(Path())
    mendable += store_faults(Path(), free)
    print("\n".join(["environment", *_environment(), "", "work store", *_store(prune_days), "", "DVC state"]))
    if not in_project:
        print(f"  no dvc.yaml here: only the library was looked at. {where_to_go(Path.cwd())}")
    elif any("ruamel" in fault.what for fault in missing):
        print("  not looked at: ruamel.yaml is missing")
    else:
        dvc_faults = faults(Path(), free) or ([] if missing else asked_dvc(Path(), free))
        mendable += dvc_faults
        print(f"  faults: {len(dvc_faults)}" if dvc_faults else f"  {_outputs()}")
    print()
    print("\n".join(f"fault: {fault.what}\n  mend: {fault.mend}" for fault in mendable) or "No fault found.")
    if mendable:
        print("A mend deletes nothing: what is in the way goes to .work/aside. Mend in this order, then `dvc repro`.")
    return 1 if mendable else 0


def faults(project: Path, free: Iterator[Path]) -> list[Fault]:
    """Everything wrong with what DVC reads and keeps, by reading it too; the order is the one to mend in.

    free: folders for what goes aside.
    """
    return [*state_faults(project, free), *output_faults(project, free)]


def _environment() -> Iterator[str]:
    yield f"  python {platform.python_version()}, {platform.machine()}, {platform.system()}"
    versions = {name: _version(name) for name in _SHOWN_PACKAGES}
    yield "  " + ", ".join(f"{name} {version or 'missing'}" for name, version in versions.items())
    if versions["torch"]:
        try:
            from augment.core.environment import environment, resolve_device  # noqa: PLC0415  (only where torch is there)

            here = environment(resolve_device("auto"))
            yield f"  device {here['device']}, processor capability {here['cpu_capability']}"
        except (ImportError, OSError) as error:  # a library that torch needs, or one of another platform
            yield f"  torch cannot be loaded: {error}"


def _python() -> Iterator[Fault]:
    if sys.version_info[:2] < MIN_PYTHON:
        min_version = ".".join(map(str, MIN_PYTHON))
        what = f"Python {platform.python_version()}, at least {min_version} is needed"
        yield Fault(what, f"python{min_version} -m venv .venv && . .venv/bin/activate && {_install(True)}")


def _missing(in_project: bool) -> Iterator[Fault]:
    """Distributions of the base install, and in a project of the pipeline's extra, that are not there."""
    names = [*required(""), *(required("pipeline") if in_project else ())]
    absent = [name for name in names if _version(name) is None]
    if absent:
        yield Fault(f"not installed: {', '.join(absent)}", _install(in_project))


def required(extra: str) -> list[str]:
    """Names of the distributions that this project needs, of an extra or ("") of the base install."""
    try:
        lines = metadata.requires("gan-augment") or []
    except metadata.PackageNotFoundError:  # run from a checkout
        lines = _declared(Path(__file__).parents[2] / "pyproject.toml")
    marked = [(line, re.search(r"extra == ['\"]([\w-]+)['\"]", line)) for line in lines]
    names = [re.match(r"[\w.-]+", line) for line, mark in marked if (mark[1] if mark else "") == extra]
    return [name[0] for name in names if name]


def _declared(pyproject: Path) -> list[str]:
    """The requirements of pyproject.toml as the metadata of an installed package spells them."""
    import tomllib  # noqa: PLC0415  (new in Python 3.11: with an older one this file must still import)

    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].items()
    return [*project["dependencies"], *(f"{line}; extra == '{extra}'" for extra, lines in extras for line in lines)]


def _other_code() -> Iterator[Fault]:
    if has_other_code(Path()):
        yield Fault(OTHER_CODE.split(".")[0], "augment upgrade")


def _commands() -> Iterator[Fault]:
    """`dvc repro` runs `python`, which must be the one that has the packages."""
    here = Path(sys.executable).parent
    for name in ("python", "dvc"):
        program = shutil.which(name)
        if program is None or Path(program).parent != here:
            where = f"is {program}, of another environment" if program else "is not on the PATH"
            mend = f". {_short(here / 'activate')}" if (here / "activate").exists() else f'export PATH="{here}:$PATH"'
            yield Fault(f"`{name}` {where}; the packages are in {_short(here.parent)}", mend)
            return


def _store(prune_days: float | None) -> Iterator[str]:
    if prune_days is not None:
        removed, busy = prune(WORK_STORE, prune_days)
        yield f"  removed {_counted(removed)}. They are trained again if a run asks for them; no output is touched."
        if busy:
            yield f"  {busy} stayed: a run is at work on them, or they are not yours to delete"
        files, size = prune_seen(SEEN_STORE, prune_days)
        if files:
            yield f"  removed {files} files of what the backbone saw, {_size(size)}; it looks again if it has to"
    gans = survey(WORK_STORE)
    yield f"  {WORK_STORE}: {_counted(gans)}" + (f", last used {_age(gans[0].used)}" if gans else "")
    unfinished = [
        f"    unfinished: {gan.folder.name}, {_size(gan.size)}, {_age(gan.used)}; `dvc repro` goes on with it"
        for gan in gans
        if not gan.finished
    ]
    yield from limited(unfinished, _MAX_UNFINISHED_NAMED, "    ... and {} more")
    if gans and prune_days is None:
        yield "  `augment doctor --prune 30` removes what no run has used for 30 days, `--prune 0` everything"


def _outputs() -> str:
    number = len(locked_outputs(Path("dvc.lock")))
    found = f"{number} outputs in dvc.lock, all as they should be"
    return found if number else "no dvc.lock: `dvc repro` has not run yet"


def _counted(gans: list[StoredGan]) -> str:
    finished = sum(gan.finished for gan in gans)
    return f"{finished} finished and {len(gans) - finished} unfinished GANs, {_size(sum(gan.size for gan in gans))}"


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _install(in_project: bool) -> str:
    if not in_project:
        return "pip install gan-augment"
    return 'pip install "gan-augment[pipeline]"' if CODE.is_dir() else 'pip install -c constraints.txt -e ".[pipeline]"'


def _short(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _size(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def _age(moment: float) -> str:
    seconds = max(0.0, time.time() - moment)
    for name, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {name} ago"
    return f"{seconds:.0f} seconds ago"
