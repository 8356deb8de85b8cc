"""The files of this repository that a wheel carries, for projects that have no clone of it.

setup.py runs this file by itself, before anything is installed: it imports the standard library alone.
"""

from pathlib import Path

PATTERNS = (
    "params.yaml",
    "dvc.yaml",
    "pipeline/*.py",
    "pipeline/*/*.py",
    "data/*/README.md",
    "docs/*.md",
    ".gitignore",
    ".dvcignore",
    ".dvc/config",
    ".dvc/.gitignore",
)
IN_WHEEL = "augment/project/starter/template"
"""Where the wheel has them, under their paths."""


def carried(root: Path) -> list[str]:
    """Paths of the files below `root`, the repository's or the wheel's, sorted, with forward slashes."""
    found = (path for pattern in PATTERNS for path in root.glob(pattern))
    return sorted(path.relative_to(root).as_posix() for path in found)


def installed() -> Path:
    """The folder that has them: beside this file in a wheel, else the clone's own."""
    beside = Path(__file__).parent / "template"
    return beside if beside.is_dir() else Path(__file__).parents[3]
