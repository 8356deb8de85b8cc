"""What dvc.yaml asks for before any of our code runs, where DVC would stop in words of its own."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from augment import params
from augment.core.yaml_text import parse_yaml
from augment.params.messages import as_yaml
from augment.project.starter.code import OTHER_CODE, has_other_code

_ABSENT = object()
_INTERPOLATED = re.compile(r"\$\{([\w.]+)\}")


def obstacles(params_path: Path, values: Any) -> list[tuple[str, str]]:
    """(code, message) of all that dvc.yaml, beside params.yaml, would miss; none where DVC reads no such file.

    values: what stands in params.yaml, as `params.read` gives it. missing_key: DVC reads a key that is
    not written there, be its value the default; missing_input: DVC watches a path that is not there; other_code: the
    project was made with another version of this package.
    """
    pipeline = params_path.parent / "dvc.yaml"
    if params_path.name != "params.yaml" or not pipeline.is_file():
        return []
    stages = _stages(pipeline)
    other = [("other_code", OTHER_CODE)] if has_other_code(params_path.parent) else []
    return [*other, *_missing_keys(values, stages), *_missing_inputs(params_path.parent, values, stages)]


def _stages(pipeline: Path) -> list[dict[str, Any]]:
    try:
        content = parse_yaml(pipeline.read_text(encoding="utf-8"))
        return [stage for stage in content["stages"].values() if isinstance(stage, dict)]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []  # somebody's own dvc.yaml: DVC itself says what is wrong with it


def _missing_keys(values: Any, stages: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """The dotted keys that DVC reads, as parameters of a stage or within `${}`, and does not find."""
    defaults = params.Params().model_dump(mode="json")
    keys: dict[str, None] = {}
    for stage in stages:
        keys |= dict.fromkeys(_INTERPOLATED.findall(str(stage)))
        keys |= dict.fromkeys(key for key in stage.get("params", ()) if isinstance(key, str))
    for key in keys:
        if _at(values, key) is _ABSENT:
            default = _at(defaults, key)
            line = f"`{key.rpartition('.')[2]}: {as_yaml(default)}`"
            what = f"the section `{key}:` with its keys" if isinstance(default, dict) else line
            yield "missing_key", f"{key} is missing, and DVC reads it: write {what} (docs/params.md)"


def _missing_inputs(project: Path, values: Any, stages: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    watched = [_INTERPOLATED.fullmatch(str(dep)) for stage in stages for dep in stage.get("deps", ())]
    for key in dict.fromkeys(match[1] for match in watched if match):
        path = _at(values, key)
        if isinstance(path, str) and not (project / path).exists():
            message = f"{key}: there is no {path!r}, and DVC watches it; make that folder, or name another"
            yield "missing_input", message


def _at(values: Any, key: str) -> Any:
    """The value at a dotted key, `_ABSENT` where there is none."""
    for part in key.split("."):
        values = values.get(part, _ABSENT) if isinstance(values, Mapping) else _ABSENT
    return values
