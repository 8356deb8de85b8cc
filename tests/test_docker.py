"""The Dockerfile says what README and .gitignore say; there is no docker where the tests run, so none builds it."""

import json
import re
from pathlib import Path

from augment.cli import parser

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "Dockerfile").read_text()
LINES = [line for line in TEXT.splitlines() if line and not line.startswith("#")]
KNOWN = {"FROM", "RUN", "COPY", "WORKDIR", "CMD"}


def test_every_line_is_an_instruction() -> None:
    assert {line.split()[0] for line in LINES} == KNOWN
    assert LINES[0].startswith("FROM python:3.11")
    assert json.loads(LINES[-1].removeprefix("CMD ")) == ["sh", "-c", "dvc repro && augment verdict"]


def test_what_is_installed_is_what_readme_installs() -> None:
    readme = (ROOT / "README.md").read_text()
    (here,) = re.findall(r'pip install --no-cache-dir -c /source/(\S+) "/source(\[\w+\])"', TEXT)
    assert here == re.findall(r'pip install -c (\S+) -e "\.(\[\w+\])"', readme)[0]
    for words in re.findall(r"augment (\w+)", " ".join(LINES)):
        assert words in parser().format_help()
    assert parser().parse_args(["new", "/project"]).project == Path(re.findall(r"WORKDIR (\S+)", TEXT)[0])


def test_no_output_goes_into_the_image_but_everything_that_is_built_from_does() -> None:
    left_out = (ROOT / ".dockerignore").read_text().split()
    ignored = {line.strip("/") for line in (ROOT / ".gitignore").read_text().splitlines()}
    outputs = {name for name in ignored if name.startswith(("data/", "models", "reports", ".work")) and "*" not in name}
    assert outputs - {"!"} <= {*left_out, *(name for name in ignored if name.startswith("!"))}
    needed = ("pyproject.toml", "setup.py", "README.md", "LICENSE", "constraints.txt", "augment", "pipeline", "docs")
    needed += ("params.yaml", "dvc.yaml", ".gitignore", ".dvcignore", "data/raw/README.md")
    assert all((ROOT / name).exists() for name in needed)
    assert not set(needed) & set(left_out)
