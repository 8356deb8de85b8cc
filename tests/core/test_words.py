"""Nothing that a stranger named moves, hides or reorders what a person reads."""

import io
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.core.words import printable, printable_stream

ANY = st.text(st.characters(), max_size=40)


@given(ANY)
def test_only_printable_characters_are_left(text: str) -> None:
    shown = printable(text)
    categories = {unicodedata.category(character) for character in shown.replace("\n", "")}
    assert not categories & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert printable(shown) == shown
    assert shown.count("\n") == text.count("\n")
    assert "\n" not in printable(text, line=True)


@given(st.text(st.characters(codec="ascii", min_codepoint=32, max_codepoint=126)))
def test_plain_words_stay(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x9b31m", "\\x9b31m"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("a\u202egnp.exe", "a\\u202egnp.exe"),
        ("\u2066x\u2069", "\\u2066x\\u2069"),
        ("a\u200bb\ufeff", "a\\u200bb\\ufeff"),
        ("a\u3164b\u034f", "a\\u3164b\\u034f"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("caf\udce9", "caf\\xe9"),
        ("one\r\ntwo", "one\\r\ntwo"),
        ("Ä 猫 ♥ é\xa0", "Ä 猫 ♥ é\xa0"),
    ],
)
def test_what_becomes_of_it(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_a_stream_that_was_closed_ahead_takes_everything() -> None:
    with printable_stream(None) as stream:
        print("for nobody", file=stream, flush=True)
        assert not stream.isatty()


def test_a_stream_and_what_else_it_can() -> None:
    under = io.StringIO()
    stream = printable_stream(under)
    assert printable_stream(stream) is stream
    print("a\x1b[2Jb", file=stream, flush=True)
    stream.writelines(["\u202e", "\n"])
    assert under.getvalue() == "a\\x1b[2Jb\n\\u202e\n"
    assert printable_stream(sys.__stdout__).fileno() == sys.__stdout__.fileno()  # type: ignore[type-var, union-attr, arg-type]
