"""docs/files.md, from the tables of files and columns.

python -m pipeline.files > docs/files.md
"""

from collections.abc import Mapping

from augment.evaluation.columns import EVALUATION, CsvFile
from pipeline.file_columns import FILES, OTHERS
from pipeline.parameters import wrapped

HEAD = (
    "# Files",
    "For people who read what a run wrote, with their own programs or by eye: every file, its columns and keys. What "
    "stands here is a contract; nothing of it is renamed.",
    "Figures are fractions of 1 where nothing else is said, intervals are 95 %, and an empty cell or a null was not "
    "measured.",
    "No label is a formula: a text that begins with `=`, `+`, `-`, `@`, their full-width forms, a tab or a line break, "
    "and is no number, has an apostrophe before it in every CSV file, and so has one that begins with an apostrophe. "
    "Whoever reads texts takes one leading apostrophe off.",
    "This page is written by `python -m pipeline.files > docs/files.md`.",
)
PARTS = "Parts: `val`, `test`, `external`, `learning_curve` (sizes for arms), `second_classifier` (on test)."


def document() -> str:
    """docs/files.md: a heading and a table for every file."""
    parts = [*HEAD, "## Files without columns", table("file", OTHERS), PARTS]
    for path, file in FILES.items():
        parts += section(path, file)
    parts += ["## reports/evaluation", "Its tables, one file each."]
    for name, file in EVALUATION.items():
        parts += section(f"{name}.csv", file, level=3)
    parts += [
        "### `predictions.csv`",
        "The label that each arm and repeat gave each test image: `index`, `label`, `group`, then a column "
        "`<arm>/<repeat>` each; where every repeat has a test set of its own `replicate` stands first, and the columns "
        "are the arms.",
    ]
    return "\n\n".join(part if part.startswith("|") else wrapped(part) for part in parts) + "\n"


def section(path: str, file: CsvFile, level: int = 2) -> list[str]:
    """Heading, what it holds, and its columns or keys."""
    return [f"{'#' * level} `{path}`", file.holds, table("key" if path.endswith(".json") else "column", file.columns)]


def table(first: str, rows: Mapping[str, str]) -> str:
    """A Markdown table of names and meanings."""
    lines = [f"| {first} | meaning |", "|---|---|", *(f"| `{name}` | {meaning} |" for name, meaning in rows.items())]
    return "\n".join(lines)


if __name__ == "__main__":
    print(document(), end="")
