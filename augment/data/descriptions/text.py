"""A description as a text: its words, and what makes it unusable."""

import re
import unicodedata

MAX_LENGTH = 300  # characters of a description or a request
WORD = re.compile(r"\d+(?:[.,]\d+)+|[^\W_]+(?:[-'’][^\W_]+)*")  # letters and digits, a hyphen or apostrophe within


def words_in(text: str) -> list[str]:
    """The different words of a text, in their order, without case and width."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return list(dict.fromkeys(WORD.findall(folded)))


def one_line(text: str) -> str:
    """The text with one blank where there are several, or the end of a line."""
    return " ".join(text.split())


def description_fault(text: str) -> str:
    """What is wrong with a description of one line, in words for people; empty where nothing is."""
    if len(text) > MAX_LENGTH:
        return f"{len(text)} characters, at most {MAX_LENGTH} can be read; a few words tell most"
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in text):
        return "it holds a character that is no sign to be seen"
    return "" if words_in(text) else "it holds no word"
