"""YAML as DVC reads it."""

import pytest

from augment.core.yaml_text import parse_yaml


def test_yaml_is_that_of_1_2_and_mistakes_are_value_errors() -> None:
    assert parse_yaml("a: [no, 012, null]\n") == {"a": ["no", 12, None]}
    for text in ("a: [", "a: {" * 5000, "a: 1\na: 2"):
        with pytest.raises(ValueError, match=r"^\S.*\S$"):
            parse_yaml(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\nb:\n  c: 1\n  c: 2\n", 'line 4: found duplicate key "c"; keep one of them'),
        ("a:\n\tb: 1\n", "line 2: it begins with a tab; use spaces"),
        ("a: {b: 1\nc: 2\n", "line 2: expected"),
    ],
)
def test_a_mistake_is_told_by_its_line(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=f"^{told}"):
        parse_yaml(text)
