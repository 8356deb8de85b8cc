"""A Markdown page taken apart as GitHub does it: its blocks, and what a person reads of them."""

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Block:
    """A paragraph, an item of a list, a row of a table, a heading or what stands in a fence."""

    kind: str  # paragraph, item, row, heading, code
    line: int  # of its first line, from 1
    text: str  # code: its lines; else the lines joined by spaces
    info: str = ""  # code: its language; heading: its level

    def __str__(self) -> str:
        return f"line {self.line} ({self.kind}): {self.text[:70]}..."


def blocks(text: str) -> list[Block]:
    """The parts of a Markdown page, in order."""
    found: list[Block] = []
    fence, open_text = "", False
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if fence:
            if line == fence:
                fence = ""
            else:
                found[-1] = Block("code", found[-1].line, found[-1].text + raw + "\n", found[-1].info)
            continue
        line = re.sub(r"^(?:> ?)+", "", line)
        if opened := re.match(r"(```+|~~~+)\s*(\w*)", line):
            fence, info = opened.groups()
            found.append(Block("code", number, "", info))
            open_text = False
        elif not line or re.fullmatch(r"-{3,}|\*{3,}|<!--.*-->", line):
            open_text = False
        elif heading := re.match(r"(#{1,6}) +(.*)", line):
            found.append(Block("heading", number, heading[2], heading[1]))
            open_text = False
        elif line.startswith("|"):
            found.append(Block("row", number, line))
            open_text = False
        elif item := re.match(r"(?:[-*+]|\d+[.)]) +(.*)", line):
            found.append(Block("item", number, item[1]))
            open_text = True
        elif open_text:
            found[-1] = Block(found[-1].kind, found[-1].line, f"{found[-1].text} {line}")
        else:
            found.append(Block("paragraph", number, line))
            open_text = True
    assert not fence, "a fence that is not closed"
    return found


def prose(text: str) -> str:
    """What a person reads of a text: `code` as one letter, no pictures, no targets of links, no tags."""
    text = re.sub(r"(`+)(?:(?!\1).)+\1", "X", text)
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)", "", text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return re.sub(r"</?[a-z][^>]*>|https?://\S+", "", text)


def words(text: str) -> int:
    return sum(any(map(str.isalnum, word)) for word in prose(text).split())


def numbers(text: str) -> list[str]:
    """Figures that stand alone: +1.3, 12, 10,000; not those in `code` nor in words such as 8x8."""
    return re.findall(r"(?<![\w.,])[-+−±]?\d+(?:[.,]\d+)*(?![\w]|[.,]\d)", prose(text))


def cells(row: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", row.strip().strip("|"))]


def anchors(page: Path) -> set[str]:
    """The names by which GitHub knows a page's headings."""
    found: list[str] = []
    for block in blocks(page.read_text()):
        if block.kind == "heading":
            shown = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", block.text).replace("`", "")
            name = re.sub(r"[^\w\- ]", "", shown.lower()).strip().replace(" ", "-")
            same = sum(re.fullmatch(rf"{re.escape(name)}(?:-\d+)?", other) is not None for other in found)
            found.append(f"{name}-{same}" if same else name)
    return set(found)
