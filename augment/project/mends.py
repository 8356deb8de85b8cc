"""A fault and the command that mends it. No mend deletes anything: what is in the way is moved to .work/aside."""

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from augment.core.files import WORK_STORE

ASIDE = WORK_STORE / "aside"


@dataclass(frozen=True)
class Fault:
    """Something wrong: what, and the one command that mends it."""

    what: str
    mend: str


def free_folders(project: Path) -> Iterator[Path]:
    """Folders of .work/aside that are not there yet, relative to the project; one for each mend, as names may recur."""
    return (ASIDE / str(number) for number in count(1) if not (project / ASIDE / str(number)).exists())


def move_aside(paths: Iterable[Path], folder: Path) -> str:
    """A command that moves files and folders, relative to the project, into `folder` under the path that they had."""
    parents: dict[Path, list[Path]] = {}
    for path in paths:
        parents.setdefault(path.parent, []).append(path)
    steps = []
    for parent, beside in parents.items():
        target = folder.joinpath(*(part for part in parent.parts if part not in (parent.anchor, "..")))
        steps.append(f"mkdir -p {_word(target)} && mv {' '.join(map(_word, beside))} {_word(target)}/")
    return " && ".join(steps)


def beside(path: Path) -> Path:
    """A name that is not taken, beside a path that stands where .work/aside should."""
    names = (path.with_name(f"{path.name}.aside-{number}") for number in count(1))
    return next(name for name in names if not name.exists())


def _word(path: Path) -> str:
    text = str(path)
    return shlex.quote(f"./{text}" if text.startswith("-") else text)
