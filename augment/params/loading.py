"""params.yaml, read as DVC does (YAML 1.2), so that both see the same values, and checked."""

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from augment.core.errors import ParamsError
from augment.core.files import read_file
from augment.core.yaml_text import parse_yaml
from augment.params.messages import format_errors
from augment.params.schema import Params

MAX_BYTES = 1_000_000
SIZES = ("ingest", "assemble")  # sections whose size may be [height, width]


def load(path: Path = Path("params.yaml")) -> Params:
    """Read and check params.yaml. Raises `ParamsError` with all mistakes, one line each."""
    return check(read(path), str(path))


def read(path: Path) -> Any:
    """What stands in params.yaml, unchecked; an empty file is an empty mapping. Raises `ParamsError`."""
    try:
        content = read_file(path, MAX_BYTES)
    except OSError as error:
        raise ParamsError(f"{path}: {error.strerror}. Run this in the project's root folder.") from error
    try:
        values = parse_yaml(content.decode())
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ParamsError(f"{path}: line {line} is not UTF-8; save the file in that encoding") from error
    except ValueError as error:
        raise ParamsError(f"{path}: not readable as YAML: {error}") from error
    return {} if values is None else values


def check(values: Any, name: str = "params.yaml") -> Params:
    """Validate already loaded values; `name` is the file that messages speak of."""
    if not isinstance(values, dict):
        raise ParamsError(f"{name}: must hold sections such as `ingest:`, found {type(values).__name__}")
    try:
        # JSON mode: YAML has no tuples, so a list may stand for one; numbers stay strict.
        return Params.model_validate(_tuples(values))
    except ValidationError as error:
        raise ParamsError(format_errors(error, Params, name)) from error


def _tuples(values: dict[Any, Any]) -> dict[Any, Any]:
    """With the lists of `SIZES` as tuples."""
    changed = {
        section: {**values[section], "size": tuple(values[section]["size"])}
        for section in SIZES
        if isinstance(values.get(section), dict) and isinstance(values[section].get("size"), list)
    }
    return values | changed
