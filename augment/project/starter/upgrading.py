"""A project made by another version, brought to the installed one; what a user changed stays."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from augment.core.files import file_sha256, sha256, write_bytes, write_text
from augment.params.messages import as_yaml
from augment.project.starter.code import CODE
from augment.project.starter.files import RECORD, Record, Settings, read_record, record_of

NEW = ".new"  # beside a file that a user changed: what the installed version has in its place
_ABSENT = object()


@dataclass(frozen=True)
class Upgrade:
    """What became of the files of a project: paths, sorted."""

    replaced: list[str]
    kept: list[str]  # changed by the user: the installed version's stands beside, as `<path>.new`
    removed: list[str]


def upgrade(project: Path, files: Mapping[str, bytes]) -> tuple[Record, Upgrade]:
    """Bring the files of a project to `files` (path -> content); returns what it was made of, and what was done.

    A file is replaced, or removed, only where it still is what was written into the project. Raises `AugmentError`
    where the folder has no record, `StoreError` where it cannot be written; run again, it goes on.
    """
    before = read_record(project)
    done = Upgrade([], [], [])
    for path, content in sorted(files.items()):
        there, is_code = _sha256(project / path), path.startswith(f"{CODE.as_posix()}/")  # which is not a user's
        unchanged = before.files.get(path) == sha256(content)  # by the package
        if there == sha256(content) or (unchanged and there is not None and not is_code):
            continue
        if there in (None, before.files.get(path)) or is_code:
            write_bytes(project / path, content)
            done.replaced.append(path)
        else:
            write_bytes(project / f"{path}{NEW}", content)
            done.kept.append(path)
    for path in sorted(set(before.files) - set(files)):
        if _sha256(project / path) == before.files[path]:
            (project / path).unlink()
            done.removed.append(path)
    write_text(project / RECORD, record_of(files).text())
    return before, done


def changes_of_settings(before: Settings, now: Settings, own: Mapping[str, Any]) -> Iterator[str]:
    """A line for each key that is new, gone, or has another default, and what that means for a user's own params.yaml.

    before, now, own: dotted key -> value; the defaults of the two versions, and what stands in params.yaml.
    """
    for key in sorted(set(before) | set(now)):
        there = own.get(key, _ABSENT)
        if key not in before:
            yield f"{key}: new, {_shown(now[key])}; write it where `augment check` asks for it"
        elif key not in now:
            yield f"{key}: gone" + ("" if there is _ABSENT else f"; take it out of params.yaml ({_shown(there)})")
        elif before[key] != now[key]:
            kept = "" if there is _ABSENT else f"; params.yaml has {_shown(there)}, which stays"
            yield f"{key}: the default was {_shown(before[key])} and is {_shown(now[key])}{kept}"


def _sha256(path: Path) -> str | None:
    return file_sha256(path) if path.is_file() else None


def _shown(value: Any) -> str:
    return f"`{as_yaml(value)}`"
