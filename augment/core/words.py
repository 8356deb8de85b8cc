"""Words of strangers made fit for a terminal or a page: labels, keys, file names and messages that quote them."""

import io
import unicodedata
from typing import Any, TextIO, cast

_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))  # control, format (order, invisible), surrogates, line ends
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")  # letters, marks and symbols without ink


def printable(text: str, *, line: bool = False) -> str:
    """The text with every character that moves, hides or reorders others as an escape; idempotent.

    Line feeds stay, but where it is one line: a key, a name. Undecodable bytes of a file name become `\\xff`.
    """
    stays = "" if line else "\n"
    return "".join(letter if letter in stays or _is_seen(letter) else _escape(letter) for letter in text)


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


def printable_stream(stream: TextIO) -> TextIO:
    """`stream` made printable, once."""
    return stream if isinstance(stream, PrintableStream) else cast(TextIO, PrintableStream(stream))


def _is_seen(character: str) -> bool:
    if character < "\x7f":
        return character >= " "
    code = ord(character)
    variation = 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF
    return unicodedata.category(character) not in _UNSEEN and character not in _BLANK and not variation


def _escape(character: str) -> str:
    byte = ord(character) - 0xDC00  # how the system's calls smuggle an undecodable byte
    return f"\\x{byte:02x}" if 0x80 <= byte <= 0xFF else character.encode("unicode_escape").decode()
