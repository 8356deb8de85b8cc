"""Where a project is, for whoever runs a command outside of one."""

import os
import shlex
from pathlib import Path

from augment.core.words import printable

FILES = ("params.yaml", "dvc.yaml")
MOST_LOOKED_AT = 1000  # folders below this one; a home folder may have more


def is_project(folder: Path) -> bool:
    """Whether the pipeline runs here: params.yaml and dvc.yaml."""
    return all((folder / name).is_file() for name in FILES)


def where_to_go(folder: Path) -> str:
    """What to do where `folder` is no project: the `cd` to one around it or in it, else how to make one; empty in a
    project."""
    missing = [name for name in FILES if not (folder / name).is_file()]
    if not missing:
        return ""
    if len(missing) < len(FILES):
        return (
            f"{missing[0]} is missing here: `git checkout {missing[0]}` brings it back where git has it, else copy "
            "that of a new project (`augment new PROJECT`)."
        )
    near = next((parent for parent in folder.parents if is_project(parent)), None) or _inside(folder)
    here = "This folder is no project (it has no params.yaml and dvc.yaml)."
    if near is None:
        return f"{here} `augment new PROJECT` makes one, `cd` goes to one you have."
    path = shlex.quote(os.path.relpath(near, folder))
    return f"{here} `cd {printable(path, line=True)}` goes to one, `augment new PROJECT` makes another."


def _inside(folder: Path) -> Path | None:
    """The only project among the folders right below."""
    try:
        with os.scandir(folder) as entries:
            below = [Path(entry.path) for entry, _ in zip(entries, range(MOST_LOOKED_AT), strict=False)]
    except OSError:
        return None
    projects = [path for path in below if path.is_dir() and is_project(path)]
    return projects[0] if len(projects) == 1 else None
