"""What must be there before `augment run` looks at an image: a project of git and DVC, and room to write."""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from augment.core.errors import AugmentError
from augment.params.types import OUTPUTS
from augment.project.starter.place import where_to_go

_NO_SCM = "without git, `dvc init --no-scm` (or in a project with .dvc: `dvc config core.no_scm true`) makes do"


def require_project(project: Path) -> None:
    """Raises `AugmentError` with all that is missing, a line each, and the command that mends it."""
    if problems := list(_problems(project)):
        raise AugmentError("\n".join(["run:", *(f"  {problem}" for problem in problems), "Nothing was written."]))


def _problems(project: Path) -> Iterator[str]:
    if where := where_to_go(project.resolve()):
        yield where
        return
    if importlib.util.find_spec("dvc") is None:
        yield "DVC is not installed: pip install 'gan-augment[pipeline]'"
        return
    yield from _scm_problems(project)
    for name in ("", ".dvc", ".work", *OUTPUTS):
        folder = _existing(project / name)
        if not folder.is_dir():
            yield f"{folder}: a file, and the stages write a folder of that name; move it away"
        elif not os.access(folder, os.W_OK | os.X_OK):
            yield f"{folder if name else 'this folder'}: cannot be written; make it writable, or work in another folder"


def _scm_problems(project: Path) -> Iterator[str]:
    """DVC wants git, unless it is told to do without."""
    if (project / ".dvc").is_dir() and _no_scm(project):
        return
    if shutil.which("git") is None:
        yield f"git is not installed, and DVC wants it: install git; or {_NO_SCM}"
    elif not _in_git(project):
        yield f"this folder is not in git, and DVC wants it: `git init`; or {_NO_SCM}"
    elif not (project / ".dvc").is_dir():
        yield "DVC does not look after this folder yet: `dvc init`"


def _no_scm(project: Path) -> bool:
    asked = subprocess.run(
        [sys.executable, "-m", "dvc", "config", "core.no_scm"], cwd=project, capture_output=True, text=True, check=False
    )
    return asked.stdout.strip().lower() == "true"


def _in_git(project: Path) -> bool:
    inside = ["git", "rev-parse", "--is-inside-work-tree"]
    return subprocess.run(inside, cwd=project, capture_output=True, check=False).returncode == 0


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder
