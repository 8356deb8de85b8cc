"""The pages are short, wrapped and true: width, words and numbers, terms, links, commands and code.

    pytest tests/test_docs.py -k guide.md

tells what is wrong with one page, line by line.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from augment.cli import parser
from tests.markdown import Block, anchors, blocks, cells, numbers, prose, words

ROOT = Path(__file__).parent.parent
MOST_LINES = {  # every page that a person writes; None: as long as it has to be
    "README.md": 110,
    "CHANGELOG.md": None,
    "SECURITY.md": 90,
    "docs/guide.md": 150,
    "docs/projects.md": 70,
    "docs/training-code.md": 140,
    "docs/super-resolution.md": 70,
    "docs/backbones.md": 100,
    "docs/sharing.md": 110,
    "docs/dvc.md": 140,
    "docs/verdict.md": 120,
    "docs/failures.md": 110,
    "docs/protocol.md": 250,
    "docs/arms.md": 100,
    "docs/evidence.md": 190,
    "docs/validation.md": 120,
    "docs/results.md": 135,
    "docs/gans-by-hand.md": 110,
    "docs/gans.md": 130,
    "docs/architecture.md": 115,
    "docs/decisions.md": 246,
    "docs/robustness.md": 90,
    "docs/transplants.md": 75,
    "docs/tables.md": 110,
    "docs/words.md": 110,
    "docs/scale.md": 210,
}
GENERATED = {"docs/params.md", "docs/files.md"}
GLOSSARY = "## Glossary"  # a page's most lines are those above it
WIDTH, WORDS, NUMBERS, CELL_WORDS = 100, 80, 3, 12

# A page says what is; what was is for benchmarks/LOG.md. "Before the run" is an order of steps, "as before" is history.
HISTORY = re.compile(
    r"\b(?:now|nowadays|formerly|previously|anymore|used to)\b|\b(?:as|than|like|ever|never|once) before\b"
    r"|\bbefore(?=[.,;:)]|$)|\b(?:until|since|back) then\b|\bthen (?:was|were|had)\b",
    re.IGNORECASE,
)
OTHER_TERMS = {  # what the glossary of docs/architecture.md has another term for
    r"(?:poor|poorer|rich|richer) class(?:es)?": "minority, majority classes",
    r"borrowed variation|borrowing|borrows?": "latent transfer",
    r"figures? that decides?|deciding figures?": "primary metric",
    r"looks at (?:a|the|this) test set": "test queries",
    r"chances": "sampling weights",
}
PRIVATE = re.compile(r"/(?:tmp|work|home|root)/")  # no path of the machine that a page was written on


@cache
def read(page: str) -> tuple[str, list[Block]]:
    text = (ROOT / page).read_text()
    return text, blocks(text)


def written() -> list[str]:
    """Every page that a person writes and that stands here."""
    found = [path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md")]
    return [page for page in ("README.md", "CHANGELOG.md", "SECURITY.md", *sorted(found)) if page not in GENERATED]


def told(what: str, lines: list[str]) -> str:
    return "\n  ".join([what, *lines])


every_page = pytest.mark.parametrize("page", written())


def test_the_pages_are_those_of_the_table() -> None:
    assert set(written()) == set(MOST_LINES)
    assert all((ROOT / page).exists() for page in GENERATED)


@pytest.mark.parametrize("page", [*written(), "benchmarks/LOG.md"])
def test_lines_are_wrapped(page: str) -> None:
    if not (ROOT / page).exists():
        pytest.fail(f"{page} is missing")
    text, parts = read(page)
    inside = {part.line + shift for part in parts if part.kind == "code" for shift in range(part.text.count("\n") + 2)}
    inside |= {part.line for part in parts if part.kind == "row"}
    alone = re.compile(r"\s*(?:>|[-*+]|\d+[.)])?\s*(?:\[?!?\[[^\]]*\]\([^)]*\)\]?(?:\([^)]*\))?|\S+)[.,;:]?\s*")
    long = [
        f"line {number}: {len(line)}"
        for number, line in enumerate(text.splitlines(), 1)
        if len(line) > WIDTH and number not in inside and not alone.fullmatch(line)
    ]
    assert not long, told(f"{page} is wrapped at {WIDTH} columns", long)


@every_page
def test_a_page_has_no_more_lines_than_its_reader_has_time_for(page: str) -> None:
    lines = read(page)[0].split(f"\n{GLOSSARY}\n")[0].count("\n")
    most = MOST_LINES.get(page)
    assert most is None or lines <= most, f"{page}: {lines} lines of {most}"


def test_a_decision_has_four_lines_at_most() -> None:
    _, *decisions = read("docs/decisions.md")[0].split("\n## ")
    lines = {decision.split("\n")[0]: sum(map(bool, decision.split("\n")[1:])) for decision in decisions}
    assert all(0 < count <= 4 for count in lines.values()), lines


def test_the_rooms_of_the_architecture_are_those_of_the_tree() -> None:
    named = set(re.findall(r"^\| `([a-z_/]+)` \|", read("docs/architecture.md")[0], flags=re.MULTILINE))
    packages = (path.parent.relative_to(ROOT / "augment") for path in (ROOT / "augment").rglob("__init__.py"))
    found = {room.as_posix() for room in packages} - {"."}
    innermost = {room for room in found if not any(other.startswith(f"{room}/") for other in found)}
    assert named <= found, sorted(named - found)
    assert innermost <= named, sorted(innermost - named)


@every_page
def test_the_first_line_says_for_whom_the_page_is(page: str) -> None:
    title, first = read(page)[1][:2]
    assert (title.kind, title.info) == ("heading", "#"), f"{page} begins with its title"
    assert first.kind == "paragraph", page
    assert re.match(r"For [a-z]", first.text), f"{page}: {first.text!r} does not begin with `For ...`"


@every_page
def test_paragraphs_are_short(page: str) -> None:
    text = [block for block in read(page)[1] if block.kind in ("paragraph", "item", "heading")]
    long = [f"{block} {found} words" for block in text if (found := words(block.text)) > WORDS]
    assert not long, told(f"{page}: at most {WORDS} words in a paragraph", long)


@every_page
def test_paragraphs_hold_few_numbers(page: str) -> None:
    text = [block for block in read(page)[1] if block.kind in ("paragraph", "item", "heading")]
    many = [f"{block} {found}" for block in text if len(found := numbers(block.text)) > NUMBERS]
    assert not many, told(f"{page}: at most {NUMBERS} numbers in a paragraph, else a table", many)


@every_page
def test_tables_are_whole_and_their_cells_short(page: str) -> None:
    rows = [block for block in read(page)[1] if block.kind == "row"]
    long = [
        f"line {row.line}: {found} words: {cell[:70]}"
        for row in rows
        for cell in cells(row.text)
        if (found := words(cell)) > CELL_WORDS
    ]
    assert not long, told(f"{page}: at most {CELL_WORDS} words in a cell", long)
    torn = [str(row) for last, row in pairwise(rows) if row.line == last.line + 1 and columns(row) != columns(last)]
    assert not torn, told(f"{page}: rows of other widths than the row above", torn)


def columns(row: Block) -> int:
    return len(cells(row.text))


@every_page
def test_a_page_says_what_is_in_the_terms_of_the_glossary(page: str) -> None:
    wrong: list[str] = []
    for block in read(page)[1]:
        if block.kind != "code":
            text = prose(block.text)
            wrong += [f"line {block.line}: history: {found[0]!r}" for found in HISTORY.finditer(text)]
            for other, term in OTHER_TERMS.items():
                found = re.findall(rf"\b(?:{other})\b", text, flags=re.IGNORECASE)
                if not (block.kind == "row" and page == "docs/architecture.md"):  # the glossary names them
                    wrong += [f"line {block.line}: {name!r}, which is: {term}" for name in found]
        wrong += [f"line {block.line}: {found!r}" for found in PRIVATE.findall(block.text)]
    assert not wrong, told(page, wrong)


def links(page: str) -> Iterator[tuple[int, str]]:
    for block in read(page)[1]:
        if block.kind != "code":
            text = re.sub(r"(`+)(?:(?!\1).)+\1", "X", block.text)
            for target in re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r"\b(?:src|href)=\"([^\"]+)\"", text):
                yield block.line, target


@every_page
def test_links_lead_somewhere(page: str) -> None:
    broken: list[str] = []
    for line, target in links(page):
        name, _, anchor = target.partition("#")
        if re.match(r"[a-z]+:", target):
            continue
        file = (ROOT / page).parent / name if name else ROOT / page
        if not file.exists():
            broken.append(f"line {line}: {target}")
        elif anchor and anchor not in anchors(file):
            broken.append(f"line {line}: {target}: no such heading; there are {sorted(anchors(file))}")
    assert not broken, told(page, broken)


@every_page
def test_files_that_a_page_names_stand_there(page: str) -> None:
    ours = re.compile(r"`((?:augment|pipeline|tests|benchmarks|examples|docs|\.ci)/[^`\s<>*{}]+)`")
    text = [block for block in read(page)[1] if block.kind != "code"]
    named = [(block.line, name.split("::")[0]) for block in text for name in ours.findall(block.text)]
    missing = [f"line {line}: {name}" for line, name in named if not (ROOT / name).exists()]
    assert not missing, told(page, missing)


def commands(page: str) -> Iterator[tuple[int, str]]:
    """Everything that looks like a command of ours, in `code` or in a fence."""
    for block in read(page)[1]:
        spans = [block.text] if block.kind == "code" else re.findall(r"`([^`]+)`", block.text)
        for span in spans:
            yield block.line, span


@every_page
def test_commands_exist(page: str) -> None:
    subcommands = set(next(action.choices for action in parser()._actions if action.choices))
    wrong: list[str] = []
    for line, text in commands(page):
        for command in re.findall(r"(?:^|[;&$] ?)augment (\w+)", text, flags=re.MULTILINE):
            wrong += [] if command in subcommands else [f"line {line}: augment {command}"]
        for module in re.findall(r"python -m ((?:augment|benchmarks|pipeline)[\w.]*)", text):
            file = ROOT.joinpath(*module.split("."))
            wrong += [] if file.is_dir() or file.with_suffix(".py").exists() else [f"line {line}: -m {module}"]
        for file in re.findall(r"python ((?:examples|benchmarks)/\S+)", text):
            wrong += [] if (ROOT / file).exists() else [f"line {line}: {file}"]
    assert not wrong, told(page, wrong)


@every_page
def test_blocks_of_code_can_be_read(page: str) -> None:
    for block in read(page)[1]:
        if block.kind == "code" and block.info == "python":
            ast.parse(block.text, filename=f"{page}, line {block.line}")
        if block.kind == "code" and block.info in ("yaml", "yml"):
            YAML(typ="safe").load(block.text)


def test_a_page_is_taken_apart_as_github_does() -> None:
    text = """# A `b` c, d

For people.

- one
  of two
  - nested
1. first

| a \\| b | `c` |
|---|---|
| 1 | 2 |

```python
# no heading
```

Last [two 8x8 links](x.md#y) of 12 %, +1.3 [0.5, 10,000], `7`, R1, bf16 ![a 3](b.png).
"""
    found = blocks(text)
    kinds = ["heading", "paragraph", "item", "item", "item", "row", "row", "row", "code", "paragraph"]
    assert [block.kind for block in found] == kinds
    assert found[2].text == "one of two"
    assert cells(found[5].text) == ["a \\| b", "`c`"]
    assert found[8] == Block("code", 14, "# no heading\n", "python")
    assert numbers(found[-1].text) == ["12", "+1.3", "0.5", "10,000"]
    assert words(found[-1].text) == 12


@pytest.mark.parametrize(
    ("text", "history"),
    [
        ("it is as strict as before", True),
        ("which was slow before.", True),
        ("by now", True),
        ("before anything is trained", False),
        ("the steps, then the last one", False),
        ("it then was slower", True),
    ],
)
def test_an_order_of_steps_is_no_history(text: str, history: bool) -> None:
    assert bool(HISTORY.search(text)) == history
