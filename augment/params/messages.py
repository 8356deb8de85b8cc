"""Mistakes in settings, in the words of the file: key, value found, what is allowed, the nearest known word."""

import difflib
import reprlib
import types
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from augment.core.words import printable

Location = tuple[int | str, ...]
Model = type[BaseModel]


def format_errors(error: ValidationError, root: Model, name: str) -> str:
    """One line for each mistake: `file: key: what was found; what is allowed`.

    root: the model of the whole file; name: what to call the file.
    """
    groups: dict[Location, list[tuple[_Place, Any]]] = defaultdict(list)
    for mistake in error.errors():
        place = _place(root, mistake["loc"])
        if _is_for_another_alternative(place, mistake["input"]):
            continue
        groups[place.key if place.model is None else mistake["loc"]].append((place, mistake))
    lines = []
    for group in groups.values():
        deepest = max(len(place.within) for place, _ in group)  # the alternative that the value is nearest to
        by_place = {place.within: (place, mistake) for place, mistake in group[::-1] if len(place.within) == deepest}
        lines += [f"{name}: {_line(*mistake_at)}" for mistake_at in list(by_place.values())[::-1]]
    return "\n".join(lines)


def allowed_values(schema: Mapping[str, Any]) -> str:
    """The JSON schema of one key in a few words."""
    if "anyOf" in schema:
        return " or ".join(allowed_values(branch) for branch in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(f"`{item}`" for item in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    if "prefixItems" in schema:
        return f"[{', '.join(allowed_values(item) for item in schema['prefixItems'])}]"
    words = {"integer": "whole number", "number": "number", "string": "text", "null": "null",
             "boolean": "true, false", "object": "mapping", "array": "list"}  # fmt: skip
    text = words.get(schema.get("type", "object"), "mapping")
    signs = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    bounds = [f"{sign} {schema[key]}" for key, sign in signs.items() if key in schema]
    bounds += [f"of at most {schema['maxLength']} characters"] if "maxLength" in schema else []
    bounds += ["not empty"] if "minLength" in schema else []
    for inner, word in (("items", "of"), ("additionalProperties", "to")):
        if "$ref" not in schema.get(inner, {"$ref": ""}):
            bounds.append(f"{word} {allowed_values(schema[inner])}")
    return f"{text} {', '.join(bounds)}".strip()


@dataclass(frozen=True)
class _Place:
    """Where in the models a location leads.

    key: its part that people wrote as keys; within: the rest, inside a value; model: the keys allowed
    at `key`, None where a plain value stands, which is then the field `name` of `owner`.
    """

    key: Location
    within: Location
    model: Model | None
    owner: Model
    name: str


def _place(root: Model, location: Location) -> _Place:
    model: Model | None = root
    owner, name, depth = root, "", 0
    key: list[int | str] = []
    while model is not None and depth < len(location) and location[depth] in model.model_fields:
        owner, name = model, str(location[depth])
        annotation = owner.model_fields[name].annotation
        model, taken = model_of(annotation), 1
        if get_origin(annotation) is dict and depth + 1 < len(location):  # of models: a label, then keys
            model, taken = model_of(get_args(annotation)[1]), 2
        key += location[depth : depth + taken]
        depth += taken
        if model is None and depth < len(location):  # pydantic names the alternative that it tried; nobody wrote it
            model = next((one for one in _models(owner, name) if one.__name__ in str(location[depth])), None)
            depth += model is not None
    within = location[depth:]
    if model is None and len(_alternatives(owner, name)) > 1:
        within = within[1:]  # as above
    return _Place(tuple(key), within, model, owner, name)


def _is_for_another_alternative(place: _Place, found: Any) -> bool:
    """Where a word or keys may stand: what is wrong with a mapping as a word, and with a word as a mapping."""
    if not _models(place.owner, place.name) or len(_alternatives(place.owner, place.name)) < 2:
        return False
    at_keys = place.model is not None and not place.within
    return isinstance(found, Mapping) if place.model is None else at_keys and not isinstance(found, Mapping)


def _line(place: _Place, mistake: Any) -> str:
    key = printable(".".join(map(str, (*place.key, *place.within))), line=True)
    if mistake["type"] == "value_error":
        return f"{key}: {mistake['ctx']['error']}" if key else str(mistake["ctx"]["error"])
    got, keys = mistake["input"], list(place.model.model_fields) if place.model else []
    if mistake["type"] in ("extra_forbidden", "invalid_key"):
        return f"{key}: unknown key; {_nearest(str(place.within[-1]), keys) or 'allowed here: ' + ', '.join(keys)}"
    if keys:
        return f"{key}: {_shown(got)} is not allowed; it must hold keys such as `{keys[0]}:`"
    schema = place.owner.model_json_schema()["properties"][place.name]
    hint = ""
    if isinstance(got, str):
        known = _words(schema)
        hint = f"write it as a list, [{got}]." if got in known else _nearest(got, known)
    allowed = allowed_values(schema)
    for model in _models(place.owner, place.name):
        allowed += f" with keys such as `{next(iter(model.model_fields))}:`"
    return f"{key}: {_shown(got)} is not allowed; {f'{hint} A' if hint else 'a'}llowed: {allowed}"


def _alternatives(owner: Model, name: str) -> list[Any]:
    """The types that a field may have, besides null."""
    annotation = owner.model_fields[name].annotation
    union = get_origin(annotation) in (Union, types.UnionType)
    return [kind for kind in get_args(annotation) if kind is not types.NoneType] if union else [annotation]


def _models(owner: Model, name: str) -> list[Model]:
    """Those alternatives of a field that are mappings with keys of their own."""
    return [model for kind in (_alternatives(owner, name) if name else []) if (model := model_of(kind))]


def model_of(annotation: Any) -> Model | None:
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _words(schema: Mapping[str, Any]) -> list[str]:
    """Every word that a schema lists, at any depth."""
    listed = [*schema.get("enum", ()), *([schema["const"]] if "const" in schema else ())]
    inner = [*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else ())]
    return [*map(str, listed), *(word for branch in inner for word in _words(branch))]


def _nearest(word: str, known: list[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f"did you mean `{near[0]}`?" if near else ""


def _shown(value: Any) -> str:
    """As YAML writes it, cut short: aliases can make a small file a huge value."""
    value = list(value) if isinstance(value, tuple) else value
    return as_yaml(value) if value is None or isinstance(value, bool) else reprlib.repr(value)


def as_yaml(value: Any) -> str:
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
