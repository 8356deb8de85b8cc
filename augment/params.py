"""params.yaml read and checked; the place to import the settings from.

`load` reads the file as DVC does (YAML 1.2), so both see the same values, and reports every
mistake at once.
"""

import difflib
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from augment.errors import ParamsError
from augment.sections import (
    ARMS,
    CONTROL_ARMS,
    DEFAULT_ARMS,
    GAN_ARMS,
    REAL_ARMS,
    Arm,
    Assemble,
    Compute,
    Evaluate,
    Generate,
    Ingest,
    Override,
    Params,
    Report,
    Train,
)

__all__ = [
    "ARMS",
    "CONTROL_ARMS",
    "DEFAULT_ARMS",
    "GAN_ARMS",
    "REAL_ARMS",
    "Arm",
    "Assemble",
    "Compute",
    "Evaluate",
    "Generate",
    "Ingest",
    "Override",
    "Params",
    "Report",
    "Train",
    "check",
    "load",
]

MAX_BYTES = 1_000_000


def load(path: Path = Path("params.yaml")) -> Params:
    """Read and check params.yaml. Raises `ParamsError` with all mistakes, one line each."""
    from ruamel.yaml import YAML  # noqa: PLC0415  (an extra: users of the library have no params.yaml)
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415

    try:
        content = path.read_bytes()
    except OSError as error:
        raise ParamsError(f"{path}: {error.strerror}. Run this in the project's root folder.") from error
    if len(content) > MAX_BYTES:
        raise ParamsError(f"{path}: {len(content)} bytes, at most {MAX_BYTES} are read. Is this the right file?")
    try:
        values = YAML(typ="safe", pure=True).load(content.decode())
    except (YAMLError, UnicodeDecodeError, ValueError) as error:
        raise ParamsError(f"{path}: not readable as YAML: {' '.join(str(error).split())}") from error
    return check(values if values is not None else {}, str(path))


def check(values: Any, name: str = "params.yaml") -> Params:
    """Validate already loaded values; `name` is the file that messages speak of."""
    if not isinstance(values, dict):
        raise ParamsError(f"{name}: must hold sections such as `ingest:`, found {type(values).__name__}")
    try:
        # JSON mode: YAML has no tuples, so a list may stand for one; numbers stay strict.
        return Params.model_validate(_tuples(values))
    except ValidationError as error:
        lines = dict.fromkeys(_line(name, mistake) for mistake in error.errors())
        raise ParamsError("\n".join(lines)) from error


def _tuples(values: dict[Any, Any]) -> dict[Any, Any]:
    ingest = values.get("ingest")
    if isinstance(ingest, dict) and isinstance(ingest.get("size"), list):
        return {**values, "ingest": {**ingest, "size": tuple(ingest["size"])}}
    return values


def _line(name: str, mistake: Any) -> str:
    """One mistake as `file: key: what is wrong (got value)`, with the nearest known key."""
    location = [str(part) for part in mistake["loc"] if not _is_branch(part)]
    key = ".".join(location)
    if mistake["type"] == "extra_forbidden":
        known = _known_keys(location[:-1])
        near = difflib.get_close_matches(location[-1], known, n=1)
        hint = f"did you mean `{near[0]}`?" if near else f"allowed here: {', '.join(known)}"
        return f"{name}: {key}: unknown key; {hint}"
    if mistake["type"] == "value_error":
        return f"{name}: {key}: {mistake['ctx']['error']}"
    got = "" if mistake["type"] == "missing" else f" (got {mistake['input']!r})"
    return f"{name}: {key or 'file'}: {mistake['msg']}{got}"


def _is_branch(part: Any) -> bool:
    """Pydantic puts the tried alternative of a union into the path; people do not write it."""
    return isinstance(part, str) and ("[" in part or part in {"int", "tuple", "literal", "constrained-int"})


def _known_keys(location: list[str]) -> list[str]:
    model: type[BaseModel] = Params
    for part in location:
        if model is Train and part == "overrides":
            return list(Override.model_fields)
        annotation = model.model_fields[part].annotation
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            break
        model = annotation
    return list(model.model_fields)
