"""A file of descriptions: for a class, or for a single image, a short text or a small table of attributes.

    class,description              path,colour,scratched          boot: {shaft: high, heel: true}
    boot,"high shaft, heel"        boot/17.png,brown,true         boot/17.png: a muddy boot

CSV, JSON and YAML. Attributes are told by their values; true tells the attribute's name, false tells nothing.
"""

import json
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from augment.core.errors import DataError
from augment.core.yaml_text import SpelledInt, parse_yaml
from augment.data.arguments import short
from augment.data.descriptions.text import description_fault, one_line
from augment.data.sources.disk import Rejected, is_hidden, read_regular, shown
from augment.data.sources.meta import LABEL, PATH
from augment.data.sources.tabular.tables import read_table

TEXT = "description"  # column of a table; without it every other column is an attribute
TABLES, OBJECTS = (".csv", ".tsv"), (".json", ".yaml", ".yml")
MAX_BYTES = 10_000_000
FORM = "a row or key for each class or image, as docs/words.md shows"


def read_descriptions(place: Path) -> dict[str, str]:
    """What a file says, name of a class or path of an image -> text; nothing where there is no file.

    place: the file, or a folder that holds it and else a README at most. Raises `DataError`, naming the file.
    """
    file = _file_at(place)
    if file is None:
        return {}
    try:
        content = read_regular(file, MAX_BYTES)
        said = _of_table(content, file.suffix) if file.suffix.lower() in TABLES else _of_object(content, file.suffix)
    except (Rejected, ValueError) as error:
        why = error.detail if isinstance(error, Rejected) else str(error)
        raise DataError(f"{shown(str(file))}: {why}; write {FORM}") from error
    said = {name: one_line(text) for name, text in said.items()}
    if not said:
        raise DataError(f"{shown(str(file))}: it describes nothing; write {FORM}")
    for name, text in said.items():
        if fault := description_fault(text):
            raise DataError(f"{shown(str(file))}: {short(name)}: {short(text)}: {fault}; write {FORM}")
    return said


def _file_at(place: Path) -> Path | None:
    """The one file. Raises `DataError` where there are several, or none at a path that names one."""
    if not place.is_dir():
        if place.exists() and place.suffix.lower() not in TABLES + OBJECTS:
            raise DataError(f"{shown(str(place))}: {place.suffix or 'no suffix'}; {_allowed()}")
        if place.suffix and not place.exists():
            raise DataError(f"{shown(str(place))}: there is no such file; {_allowed()}")
        return place if place.exists() else None
    found = [path for path in sorted(place.iterdir()) if not _is_aside(path)]
    if len(found) > 1 or any(path.suffix.lower() not in TABLES + OBJECTS for path in found):
        raise DataError(f"{shown(str(place))}: {len(found)} files, of which {shown(found[0].name)}; {_allowed()}")
    return found[0] if found else None


def _is_aside(path: Path) -> bool:
    return is_hidden(path.name) or path.name.startswith("README")


def _allowed() -> str:
    return f"ingest.descriptions takes one file of {', '.join(TABLES + OBJECTS)}"


def _of_table(content: bytes, suffix: str) -> dict[str, str]:
    """Raises ValueError in words for people."""
    table = read_table(content, suffix, (*PATH, *LABEL))
    names = [column for column in (*PATH, *LABEL) if column in table.columns]
    if not names:
        table.column("class")
    told = [TEXT] if TEXT in table.columns else [column for column in table.columns if column not in names]
    said: dict[str, str] = {}
    for row in table.rows:
        name = next(filter(None, (row.text(column) for column in names)), "")
        if not name:
            raise ValueError(f"line {row.line}: it names no class and no image")
        text = attributes_text({column: row.text(column) for column in told})
        if said.setdefault(_plain(name), text) != text:
            raise ValueError(f"line {row.line}: {short(name)} is described twice; keep one of them")
    return said


def _of_object(content: bytes, suffix: str) -> dict[str, str]:
    """Raises ValueError in words for people."""
    text = content.decode("utf-8-sig")
    value = json.loads(text) if suffix.lower() == ".json" else parse_yaml(text)
    if not isinstance(value, Mapping):
        raise ValueError(f"it holds {short(value)}, not names with descriptions")
    return {_plain(str(name)): _text_of(name, told) for name, told in value.items()}


def _text_of(name: object, told: Any) -> str:
    if isinstance(told, str):
        return told
    if not isinstance(told, Mapping) or any(isinstance(value, Mapping | list) for value in told.values()):
        raise ValueError(f"{short(name)} has {short(told)}, not a text or a table of attributes")
    return attributes_text(told)


def attributes_text(attributes: Mapping[str, Any]) -> str:
    """`{colour: red, striped: true, worn: false}` -> `red, striped`."""
    words = []
    for name, value in attributes.items():
        if isinstance(value, bool) or str(value).strip().casefold() in ("true", "false"):
            words += [name] if str(value).strip().casefold() == "true" else []
        elif value is not None and str(value).strip():
            words.append(value.spelled if isinstance(value, SpelledInt) else str(value).strip())
    return ", ".join(words)


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name.strip())
