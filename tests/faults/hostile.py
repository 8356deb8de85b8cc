"""Class names as a hostile or careless person gives them: every one that a folder can have, and no two alike."""

import unicodedata
from collections.abc import Iterator

from augment.core.seeds import numpy_rng

CANARY = "canary"
COMMANDS = [
    f"$(touch {CANARY})", f"`touch {CANARY}`", f"; touch {CANARY} #", f"&& touch {CANARY}", f"|| touch {CANARY}",
    f"| touch {CANARY}", f"& touch {CANARY} &", f"$(cd;touch {CANARY})", f"$(cd ..;touch {CANARY})",
    f"'; touch {CANARY}; '", f'"; touch {CANARY}; "', f"\\$(touch {CANARY})", f"$((`touch {CANARY}`))",
    f"> {CANARY}", f">> {CANARY}", f"<({CANARY})", f"%0A touch {CANARY}", "$(rm -rf ..)", "; rm -rf .. #", "$IFS",
    f"{{{{ __import__('os').system('touch {CANARY}') }}}}", f"__import__('os').system('touch {CANARY}')",
    f"eval touch {CANARY}", "$SHELL", "$0", "${HOME}", "$PATH",
]  # fmt: skip
OPTIONS = ["-rf", "--help", "--force", "-", "--", "-o..", "-c", "@", "@file", "+x", "!!", "!$"]
TEMPLATES = ["${item}", "${ingest.path}", "${x}", "$${x}", "{0}", "{x!r}", "%s", "%n", "%(x)s", "#{x}", "{{x}}", "*&x"]
PATHS = [
    "..",
    "...",
    "..\\..",
    "C:",
    "~",
    "~root",
    "C:\\x",
    "\\\\host\\share",
    "file:",
    "%2e%2e%2f",
    "a..b",
    " ..",
    ".. ",
]
RESERVED = ["CON", "nul", "AUX.png", "com1", "LPT9", "index.json", "shared", "manifest.csv", "classes.json", "dvc.lock",
            "NaN", "null", "true", "no", "0", "01", "1e5", "0x1", "None", "__proto__", "label"]  # fmt: skip
TABLES = ["=1+1", "+1", "-1", '=cmd|"calc"!A0', ",", ";", '"', '""', "'", "a,b", "#", "|", "\\n", "\\", "\\\\", "\\t"]
LETTERS = ["é", "ß", "İ", "猫", "\N{SNOWMAN}", "\N{PILE OF POO}", "\u200d", "\ufeff", "\u00a0", "\u3000", "א",
           "ﬁ", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "z\u0335\u0321", "<b>", "<script>", "&lt;", "*", "?",
           "[a]", ":"]  # fmt: skip
REFUSED = ["a\nb", "\r", "\x1b[2J", "a\tb", "\x7f", "\u202eb", "\u2028", "a\u2066b", "\x85", f"x\n$(touch {CANARY})"]
PIECES = [*COMMANDS, *OPTIONS, *TEMPLATES, *PATHS, *RESERVED, *TABLES, *LETTERS, "a", " ", "bag", "x" * 60]
SPLITS = ("train", "val", "valid", "validation", "test", "testing", "images", "good", "ground_truth")


def packs(count: int, size: int) -> Iterator[list[str]]:
    """`count` lists of `size` names; no name comes twice, and no two of a list look alike to any system."""
    rng, given = numpy_rng(0, "hostile names"), set[str]()
    waiting = list(PIECES)
    for _ in range(count):
        pack: dict[str, str] = {}
        while len(pack) < size:
            number = int(rng.integers(2, 6))
            name = waiting.pop(0) if waiting else "".join(rng.choice(PIECES, number).tolist())
            name = longest(name * (60 if rng.random() < 0.03 else 1))
            if is_name(name) and looks(name) not in given:
                given.add(looks(name))
                pack[looks(name)] = name
        yield list(pack.values())


def longest(name: str) -> str:
    """As much of it as a folder's name holds: 255 bytes."""
    return name.encode()[:255].decode(errors="ignore")


def is_name(name: str) -> bool:
    """A folder can have it and ingest takes it for a class: no separator, and not hidden."""
    usable = name not in ("", ".", "..") and "/" not in name and not name.startswith((".", "._", "__"))
    return usable and bool(looks(name)) and looks(name) not in SPLITS


def looks(name: str) -> str:
    """What is left of a name for a person, or for a system that folds letters."""
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    kept = [one for one in plain if unicodedata.category(one)[0] not in "CZ" and not unicodedata.combining(one)]
    return "".join(kept).strip(".")
