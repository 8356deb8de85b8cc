"""params.yaml with new values: every comment and all else stay as they were, and nothing unfit is ever written."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from augment import params
from augment.core.errors import ParamsError
from augment.core.yaml_text import parse_yaml
from augment.project import dvc_yaml

Settings = Mapping[str, Any]
"""Dotted key -> value, as in {"ingest.size": [32, 32]}."""


def edited(path: Path, settings: Settings) -> str:
    """The text of the file with these values.

    Raises `ParamsError` where the whole would not be allowed, or would lack what dvc.yaml asks for.
    """
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 10_000
    null = "tag:yaml.org,2002:null"
    yaml.representer.add_representer(type(None), lambda dumper, _: dumper.represent_scalar(null, "null"))
    document = yaml.load(path.read_text(encoding="utf-8"))
    document = CommentedMap() if document is None else document
    for key, value in settings.items():
        section = document
        for name in key.split(".")[:-1]:
            if not isinstance(section.get(name), CommentedMap):  # also where one value stood for all labels
                section[name] = CommentedMap()
            section = section[name]
        section[key.rpartition(".")[2]] = _in_one_line(value)
    stream = io.StringIO()
    yaml.dump(document, stream)
    _require_fit(path, parse_yaml(stream.getvalue()))
    return stream.getvalue()


def _in_one_line(value: Any) -> Any:
    """Lists and mappings within their line."""
    if not isinstance(value, (list, dict)):
        return value
    styled = CommentedSeq(value) if isinstance(value, list) else CommentedMap(value)
    styled.fa.set_flow_style()
    return styled


def _require_fit(path: Path, values: Any) -> None:
    try:
        params.check(values, str(path))
    except ParamsError as error:
        raise ParamsError(f"{error}\nNothing was written.") from error
    if missing := dvc_yaml.obstacles(path, values):
        lines = [f"{path}: {message}" for _, message in missing]
        raise ParamsError("\n".join([*lines, "Nothing was written."]))
