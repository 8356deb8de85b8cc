"""The files of a project that `augment new` makes, and the record by which an upgrade knows what a user changed."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import augment
from augment.core.errors import AugmentError
from augment.core.files import json_text, read_file, sha256
from augment.params import Params
from augment.project.starter.carried import carried, installed
from augment.project.starter.code import CODE, listings, projects_dvc_yaml

RECORD = Path(".augment/made.json")
MAX_RECORD_BYTES = 1_000_000
Settings = Mapping[str, Any]
"""Dotted key of params.yaml -> value."""


@dataclass(frozen=True)
class Record:
    """What a project was made of: the package's version, each file (path -> SHA-256), the defaults of all settings."""

    version: str
    files: dict[str, str]
    defaults: dict[str, Any]

    def text(self) -> str:
        return json_text(asdict(self))


def project_files() -> dict[str, bytes]:
    """path -> content of every file of a project of the installed package but its record."""
    home = installed()
    files = {name: (home / name).read_bytes() for name in carried(home)}
    files["dvc.yaml"] = projects_dvc_yaml(files["dvc.yaml"].decode()).encode()
    return files | {(CODE / stage).as_posix(): text.encode() for stage, text in listings().items()}


def record_of(files: Mapping[str, bytes]) -> Record:
    hashes = {path: sha256(content) for path, content in files.items()}
    return Record(augment.__version__, hashes, default_settings())


def default_settings() -> dict[str, Any]:
    return settings_of(Params().model_dump(mode="json"))


def settings_of(sections: Mapping[str, Any]) -> dict[str, Any]:
    """`section.key` -> value of everything that params.yaml holds, and of what stands beside the sections."""
    found: dict[str, Any] = {}
    for name, section in sections.items():
        inner = section.items() if isinstance(section, Mapping) else ()
        found |= {f"{name}.{key}": value for key, value in inner} if inner else {name: section}
    return found


def read_record(project: Path) -> Record:
    """Raises `AugmentError` where `project` was not made by `augment new`, or its record is damaged."""
    path = project / RECORD
    try:
        return Record(**json.loads(read_file(path, MAX_RECORD_BYTES)))
    except FileNotFoundError as error:
        raise AugmentError(
            f"{path}: not here, so `augment new` did not make this folder. A clone is upgraded by git; "
            "`augment new PROJECT` makes a project"
        ) from error
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise AugmentError(f"{path}: damaged ({error}). `git checkout -- {RECORD}` brings it back") from error
