"""The installed code that each stage of a project rests on.

In a clone dvc.yaml lists every file of `augment/` that a stage imports, so that a changed line reruns what it must. In
a project made by `augment new` these files are elsewhere, in site-packages. There each stage depends on one file of the
project, `.augment/code/<stage>`, with the SHA-256 of every file of that list; another version of the package changes
the files of those stages only whose code it changes.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from augment.core.errors import AugmentError
from augment.core.files import file_sha256
from augment.project.starter.carried import installed

OTHER_CODE = (
    "the installed gan-augment is not the one that this project was made with. `augment upgrade` brings the project to "
    "it and says what changed; `git diff .augment` then shows in which files"
)
CODE = Path(".augment/code")
PACKAGE = Path(__file__).parents[2]
_STAGE = re.compile(r"  (\w+):\s*")
_DEP = re.compile(r"      - (augment/\S+)\s*")


def code_of_stages(clones_dvc_yaml: str) -> dict[str, list[str]]:
    """stage -> the files and folders of `augment/` that dvc.yaml lists for it."""
    stages: dict[str, list[str]] = {}
    stage = ""
    for line in clones_dvc_yaml.splitlines():
        if found := _STAGE.fullmatch(line):
            stage = found[1]
        elif found := _DEP.fullmatch(line):
            stages.setdefault(stage, []).append(found[1])
    return stages


def projects_dvc_yaml(clones_dvc_yaml: str) -> str:
    """dvc.yaml with the one file of each stage in the place of its list; everything else as it is."""
    lines: list[str] = []
    stage, first = "", True
    for line in clones_dvc_yaml.splitlines():
        if found := _STAGE.fullmatch(line):
            stage, first = found[1], True
        if not _DEP.fullmatch(line):
            lines.append(line)
        elif first:
            lines.append(f"      - {(CODE / stage).as_posix()}")
            first = False
    return "\n".join(lines) + "\n"


def listing(paths: Sequence[str], package: Path = PACKAGE) -> str:
    """`<SHA-256>  augment/...` for every file of the installed package at or below `paths`, a line each, sorted."""
    places = [package / Path(path).relative_to("augment") for path in paths]
    files = {file for place in places for file in (place.rglob("*") if place.is_dir() else [place])}
    sources = sorted(file for file in files if file.is_file() and "__pycache__" not in file.parts)
    return "".join(f"{file_sha256(file)}  augment/{file.relative_to(package).as_posix()}\n" for file in sources)


def listings() -> dict[str, str]:
    """stage -> what stands in its file of a project that runs the installed package."""
    dvc_yaml = (installed() / "dvc.yaml").read_text(encoding="utf-8")
    return {stage: listing(paths) for stage, paths in code_of_stages(dvc_yaml).items()}


def has_other_code(project: Path) -> bool:
    """Whether the project was made with other code than the installed one; never for a clone."""
    return (project / CODE).is_dir() and any(not _holds(project, stage, text) for stage, text in listings().items())


def require_recorded(project: Path) -> None:
    """Raises `AugmentError` where a stage would run other code than DVC knows of."""
    if has_other_code(project):
        raise AugmentError(OTHER_CODE)


def _holds(project: Path, stage: str, text: str) -> bool:
    try:
        return (project / CODE / stage).read_text(encoding="utf-8") == text
    except (OSError, ValueError):
        return False
