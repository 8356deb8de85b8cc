"""YAML as DVC reads it, in which a name that looks like a number stays the name that was written."""

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ruamel.yaml.error import MarkedYAMLError

_SPELLED = "!spelled"  # tag of a YAML node that becomes a `SpelledInt`


def parse_yaml(text: str) -> Any:
    """The value of a text in YAML 1.2, as DVC reads it, but for keys, which are texts as they are spelled: class `01`
    is not class `1`; a number with noughts ahead knows its spelling. Raises ValueError."""
    from ruamel.yaml import YAML  # noqa: PLC0415  (an extra: users of the library have no such files)
    from ruamel.yaml.error import MarkedYAMLError, YAMLError  # noqa: PLC0415  (the same)

    try:
        yaml = YAML(typ="safe", pure=True)
        node = yaml.compose(text)
        _keep_spelling(node, set())
        known = yaml.constructor.yaml_constructors
        yaml.constructor.yaml_constructors = {**known, _SPELLED: lambda _, node: SpelledInt(node.value)}
        return None if node is None else yaml.constructor.construct_document(node)
    except MarkedYAMLError as error:
        raise ValueError(_mended(error)) from error
    except (YAMLError, RecursionError) as error:
        raise ValueError(" ".join(str(error).split())) from error


def _mended(error: "MarkedYAMLError") -> str:
    """What is wrong in which line; of the two slips that are made most, how to mend them."""
    problem, mark = str(error.problem), error.problem_mark or error.context_mark
    if "duplicate key" in problem:
        problem = f"{problem.partition(' with value')[0]}; keep one of them"
    if "'\\t'" in problem:
        problem = "it begins with a tab; use spaces"
    return f"line {mark.line + 1}: {problem}" if mark else problem


class SpelledInt(int):
    """A number that may have been meant as a name, such as 01."""

    spelled: str

    def __new__(cls, spelled: str) -> "SpelledInt":
        number = super().__new__(cls, spelled)
        number.spelled = spelled
        return number


def _keep_spelling(node: Any, seen: set[int]) -> None:
    """Make every plain key of a YAML node and of all below it a text, and every number with noughts ahead know them."""
    if node is None or id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node.value, str):
        if node.tag == "tag:yaml.org,2002:int" and re.fullmatch(r"[-+]?0[0-9_]+", node.value):
            node.tag = _SPELLED
        return
    for child in node.value:
        key, value = child if isinstance(child, tuple) else (None, child)
        if key is not None and isinstance(key.value, str) and key.tag != "tag:yaml.org,2002:merge":
            key.tag = "tag:yaml.org,2002:str"
        _keep_spelling(key, seen)
        _keep_spelling(value, seen)
