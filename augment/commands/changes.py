"""`--set section.key=value`: settings from the command line, in the words and values of params.yaml."""

import copy
import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from augment.core.errors import ParamsError
from augment.core.yaml_text import parse_yaml
from augment.params import Params


def parse_changes(texts: Iterable[str]) -> dict[str, Any]:
    """`["evaluate.seeds=3"]` -> `{"evaluate.seeds": 3}`; values are read as YAML.

    Raises `ParamsError` with all mistakes: no value, an unknown key (the nearest is named), a whole section, one twice.
    """
    changes: dict[str, Any] = {}
    mistakes = []
    for text in texts:
        key, sign, value = text.partition("=")
        key = key.strip()
        if problem := _problem(key, sign, value, changes):
            mistakes.append(f"--set {text}: {problem}")
            continue
        try:
            changes[key] = parse_yaml(value)
        except ValueError:
            mistakes.append(
                f"--set {text}: {value!r} is not readable as YAML; quote what is text: --set '{key}=\"...\"'"
            )
    if mistakes:
        raise ParamsError("\n".join([*mistakes, "Nothing was written."]))
    return changes


def _problem(key: str, sign: str, value: str, before: Mapping[str, Any]) -> str:
    known = list(known_keys())
    if not sign:
        return "give a key and a value, as in --set evaluate.seeds=3"
    if any(name.startswith(f"{key}.") for name in known):
        return f"{key} is a section; name one key of it, as in {next(n for n in known if n.startswith(f'{key}.'))}"
    if not any(key == name or key.startswith(f"{name}.") for name in known):
        return f"unknown key; {_nearest(key, known)}"
    if not value.strip():
        return "no value; write `null` for none"
    return "this key is given twice" if key in before else ""


def known_keys() -> Iterator[str]:
    """`seed`, `ingest.source`, ...: every key of params.yaml, in its order."""
    for section, values in Params().model_dump(mode="json").items():
        yield from (f"{section}.{key}" for key in values) if isinstance(values, dict) else (section,)


def _nearest(key: str, known: list[str]) -> str:
    """A name without its section is found too."""
    same = [name for name in known if name.rpartition(".")[2] == key.rpartition(".")[2]]
    near = same or difflib.get_close_matches(key, known, n=1)
    if not near:
        ends = {name.rpartition(".")[2]: name for name in known}
        near = [ends[end] for end in difflib.get_close_matches(key.rpartition(".")[2], ends, n=1)]
    return f"did you mean {' or '.join(f'`{name}`' for name in near)}?" if near else "docs/params.md has every key"


def changed(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """What stands in params.yaml, with these dotted keys set."""
    result = copy.deepcopy(dict(values))
    for key, value in changes.items():
        *sections, name = key.split(".")
        section = result
        for part in sections:
            inner = section.get(part)
            section[part] = section = inner if isinstance(inner, dict) else {}
        section[name] = value
    return result
