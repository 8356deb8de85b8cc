"""Words of strangers made fit for a terminal or a page: labels, keys, file names and messages that quote them."""

import io
import os
import re
import unicodedata
from pathlib import Path
from typing import Any, TextIO, cast

CONTROL = frozenset(("Cc", "Cs", "Zl", "Zp"))  # Unicode's categories of controls, halves of characters, line ends
EMPTY_BRAILLE = "\u2800"  # a letter that is a blank to see
# Letters, marks and symbols without ink, beside those of category Cf (Unicode's Default_Ignorable_Code_Point).
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u3164\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]")


def printable(text: str, *, line: bool = False) -> str:
    """The text with every character that moves, hides or reorders others as an escape; idempotent.

    Line feeds stay, but where it is one line: a key, a name. Undecodable bytes of a file name become `\\xff`.
    """
    stays = "" if line else "\n"
    return "".join(letter if letter in stays or is_seen(letter) else escape(letter) for letter in text)


class PrintableStream:
    """A stream of text to which nothing but printable characters and line feeds is written, whatever its encoding."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # labels may hold what an ASCII terminal cannot show

    def write(self, text: str) -> int:
        self._stream.write(printable(text))
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        for text in lines:
            self.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def printable_stream(stream: TextIO | None) -> TextIO:
    """`stream` made printable, once; None, as Python calls one that was closed ahead of it, becomes one for nobody."""
    if stream is None:
        return Path(os.devnull).open("w", encoding="utf-8")
    return stream if isinstance(stream, PrintableStream) else cast(TextIO, PrintableStream(stream))


def silence(stream: TextIO) -> None:
    """What is written to it from here on goes nowhere: whoever read it is gone."""
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), stream.fileno())


def is_seen(character: str) -> bool:
    """Whether it shows ink or an ordinary blank, and nothing else than itself."""
    if character < "\x7f":
        return character >= " "
    shows = unicodedata.category(character) not in CONTROL | {"Cf"} and character != EMPTY_BRAILLE
    return shows and _BLANK.match(character) is None


def escape(character: str) -> str:
    """How a character that is not to be shown is written; an undecodable byte of a file name becomes `\\xff`."""
    byte = ord(character) - 0xDC00  # how the system's calls smuggle an undecodable byte
    return f"\\x{byte:02x}" if 0x80 <= byte <= 0xFF else character.encode("unicode_escape").decode()
