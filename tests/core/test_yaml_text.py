"""YAML as DVC reads it."""

import pytest

from augment.core.yaml_text import parse_yaml


def test_yaml_is_that_of_1_2_and_mistakes_are_value_errors() -> None:
    assert parse_yaml("a: [no, 012, null]\n") == {"a": ["no", 12, None]}
    for text in ("a: [", "a: {" * 5000, "a: 1\na: 2"):
        with pytest.raises(ValueError, match=r"^\S.*\S$"):
            parse_yaml(text)
