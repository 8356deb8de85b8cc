"""What can be wrong with the files that DVC reads before any stage, and the command that mends it."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from augment import params
from augment.core.errors import ParamsError
from augment.core.words import printable
from augment.core.yaml_text import parse_yaml
from augment.project.mends import Fault, move_aside

RWLOCK = Path(".dvc/tmp/rwlock")
CONFIGS = (Path(".dvc/config"), Path(".dvc/config.local"))
DVC_SECONDS = 600  # DVC may hash every image of a project that it has not seen
_BUSY = ("Unable to acquire lock", "is busy", "Lock is held")


def state_faults(project: Path, free: Iterator[Path]) -> list[Fault]:
    """Everything wrong with .dvc, dvc.yaml and params.yaml; the order is the one to mend in."""
    return [*_repository(project, free), *_rwlock(project, free), *_settings(project, free)]


def asked_dvc(project: Path, free: Iterator[Path]) -> list[Fault]:
    """What `dvc status` itself stops at, in its own words: its configuration, .dvcignore, what nobody foresaw."""
    command = [sys.executable, "-m", "dvc", "status"]
    try:
        done = subprocess.run(command, cwd=project, capture_output=True, timeout=DVC_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return [Fault(f"`dvc status` does not end: {error}", "dvc status -v")]
    said = done.stderr.decode("utf-8", "replace")
    lines = [line.removeprefix("ERROR: ") for line in said.splitlines() if line.strip()]
    words = next((line for line in said.splitlines() if line.startswith("ERROR: ")), lines[0] if lines else "")
    words = printable(words.removeprefix("ERROR: "))[:300]
    if done.returncode == 0 or any(busy in said for busy in _BUSY):
        return []
    return [Fault(f"DVC stops: {words}", _mend_of(project, free, words))]


def _mend_of(project: Path, free: Iterator[Path], words: str) -> str:
    """The file that DVC's words name goes aside; where they name none, DVC says more."""
    if "config file error" in words:
        return _replaced(project, next(free), [path for path in CONFIGS if (project / path).exists()])
    if ".dvcignore" in words:
        return _replaced(project, next(free), [Path(".dvcignore")])
    if "database" in words:  # what DVC remembers of files' times lies outside of the project, and it hashes them anew
        return f"dvc config --local core.site_cache_dir {shlex.quote(str(project.resolve() / next(free)))}"
    return "dvc status -v"


def _repository(project: Path, free: Iterator[Path]) -> Iterator[Fault]:
    """DVC works beside git, or has been told that there is none."""
    in_git = any((folder / ".git").exists() for folder in (project, *project.resolve().parents))
    folder, config = project / ".dvc", project / CONFIGS[0]
    if folder.exists() and not folder.is_dir():
        yield Fault(
            ".dvc is no folder", f"{move_aside([Path('.dvc')], next(free))} && {_made_anew(project, CONFIGS[0])}"
        )
    elif not config.exists():
        told = "" if in_git else " && dvc config core.no_scm true"
        what = ".dvc/config is missing: DVC does not know this folder"
        yield Fault(what, f"mkdir -p .dvc && {_made_anew(project, CONFIGS[0])}{told}")
    elif not config.is_file():
        yield Fault(".dvc/config is no file", _replaced(project, next(free), [CONFIGS[0]]))
    elif not in_git and "no_scm" not in config.read_text(encoding="utf-8", errors="replace"):
        yield Fault("there is no git repository here, and DVC expects one", "dvc config core.no_scm true")


def _rwlock(project: Path, free: Iterator[Path]) -> Iterator[Fault]:
    """DVC's list of readers and writers: a killed DVC or a full disk can leave half of it."""
    try:
        content = json.loads((project / RWLOCK).read_text(encoding="utf-8"))
        entries = _rwlock_entries(content)
    except FileNotFoundError:
        return
    except (ValueError, OSError, RecursionError):
        mend = move_aside([RWLOCK], next(free))
        yield Fault(f"{RWLOCK} is cut short or damaged: a killed DVC or a full disk left it", mend)
        return
    for number, path in entries:
        if _is_another_program(number):
            what = f"{RWLOCK}: {path} is held by process {number}, which is no DVC: a killed one left its number"
            yield Fault(printable(what), move_aside([RWLOCK], next(free)))
            return


def _rwlock_entries(content: Any) -> list[tuple[int, str]]:
    """(process, path) of each reader and writer. Raises ValueError where the file has another form than DVC's."""
    try:
        holders = [(path, holder) for path, holder in content.get("write", {}).items()]
        readers = content.get("read", {})
        holders += [(path, holder) for path, several in readers.items() for holder in several]
        whole = all(isinstance(several, list) for several in readers.values())
        whole &= all(type(holder["pid"]) is int and isinstance(holder["cmd"], str) for _, holder in holders)
        if not whole or set(content) - {"write", "read"} or any(set(holder) != {"pid", "cmd"} for _, holder in holders):
            raise ValueError("another form")
        return [(holder["pid"], path) for path, holder in holders]
    except (AttributeError, TypeError, KeyError) as error:
        raise ValueError("another form") from error


def _is_another_program(number: int) -> bool:
    """Whether a process runs that is not DVC; DVC itself forgets those that do not run."""
    try:
        return b"dvc" not in Path(f"/proc/{number}/cmdline").read_bytes()
    except OSError:
        return False


def _settings(project: Path, free: Iterator[Path]) -> Iterator[Fault]:
    """dvc.yaml and params.yaml: readable, and not the first part of what git has."""
    for name in ("dvc.yaml", "params.yaml"):
        path = project / name
        if not path.exists():
            continue
        if why := _damage(project, Path(name)):
            yield Fault(f"{name}: {why}", _replaced(project, next(free), [Path(name)]))
    if _is_ours(project) and not _damage(project, Path("params.yaml")):
        try:
            params.load(project / "params.yaml")
        except ParamsError as error:
            yield Fault(" ".join(str(error).split()), "correct params.yaml; `augment check` reads it again")
    lost = sorted(_stages_left_out(project)) if _is_ours(project) else []
    if lost:
        what = f"dvc.yaml: cut short, it lacks the stages {', '.join(lost)}"
        yield Fault(what, _replaced(project, next(free), [Path("dvc.yaml")]))


def _damage(project: Path, path: Path) -> str:
    """Why a file that DVC reads cannot be what it was; empty where it can."""
    try:
        content = (project / path).read_bytes()
        value = parse_yaml(content.decode("utf-8"))
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    except ValueError as error:
        return f"not readable as YAML, cut short or edited ({printable(str(error))[:200]})"
    whole = _in_git(project, path)
    if whole is not None and whole.startswith(content) and len(content) < len(whole):
        return f"cut short: its {len(content)} bytes are the first of the {len(whole)} that git has"
    if not isinstance(value, dict) or (path.name == "dvc.yaml" and not isinstance(value.get("stages"), dict)):
        return "it holds no stages" if path.name == "dvc.yaml" else "it holds no settings"
    return ""


def _is_ours(project: Path) -> bool:
    """Whether the pipeline of this house runs here, and not somebody's own."""
    return (project / "pipeline" / "ingest.py").exists() and (project / "params.yaml").exists()


def _stages_left_out(project: Path) -> set[str]:
    try:
        known = parse_yaml((project / "dvc.lock").read_text(encoding="utf-8"))["stages"]
        there = parse_yaml((project / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
        return {str(name) for name in set(known) - set(there) if (project / "pipeline" / f"{name}.py").exists()}
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def _replaced(project: Path, folder: Path, paths: list[Path]) -> str:
    """Moved aside, and in its place what git has, or nothing where DVC needs nothing."""
    anew = [step for path in paths if (step := _made_anew(project, path))]
    return " && ".join([move_aside(paths, folder), *anew])


def _made_anew(project: Path, path: Path) -> str:
    if _in_git(project, path) is not None:
        return f"git checkout -- {shlex.quote(str(path))}"
    if path == CONFIGS[0]:
        return f"touch {path}"
    return "" if path in (CONFIGS[1], Path(".dvcignore")) else f"cp FOLDER/{path} . # from another copy of the project"


def _in_git(project: Path, path: Path) -> bytes | None:
    """The content that git's index has of a file; None where git does not know it."""
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
    command = ["git", "show", f":./{path}"]
    try:
        done = subprocess.run(command, cwd=project, env=environment, capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
