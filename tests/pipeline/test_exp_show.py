"""`dvc exp show`, by DVC itself: the verdict and the net gain come first, and what one compares fits a terminal."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from augment.core.files import write_json
from augment.evaluation.verdict.selection import Selection
from augment.evaluation.verdict.summary import metrics_summary
from tests.evaluation.verdict.test_one_message import found_of

ROOT = Path(__file__).parent.parent.parent
COLUMNS = 120  # of a terminal
COMMAND = ("dvc", "exp", "show", "--only-changed", "--keep", "verdict|net", "--drop", "Created|.*/")
STAGE = """
stages:
  judge:
    cmd: python judge.py
    deps: [judge.py]
    params: [evaluate.seeds]
    metrics:
      - reports/metrics.json
"""
JUDGE = """
import json, pathlib, sys
values = json.loads(pathlib.Path("found.json").read_text())
values |= {name: -values[name] for name in values if "seeds: 7" in pathlib.Path("params.yaml").read_text()
           and isinstance(values[name], float)}
pathlib.Path("reports").mkdir(exist_ok=True)
pathlib.Path("reports/metrics.json").write_text(json.dumps(values))
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose verdict has the longest word, and an experiment in which every figure is another."""
    root = tmp_path_factory.mktemp("project")
    shutil.copy(ROOT / "params.yaml", root)
    found = metrics_summary(Selection("gan_half_filtered", None, 0), found_of("helps, negligibly"), 0.01234)
    assert found["policy"] == "gan_half_filtered"
    write_json(root / "found.json", {**found, "val": 0.9123}, sort_keys=False)
    (root / "judge.py").write_text(JUDGE)
    (root / "dvc.yaml").write_text(STAGE)
    (root / ".gitignore").write_text("__pycache__\n")
    for command in (
        ("git", "init", "-q"), ("dvc", "init", "-q"), ("dvc", "config", "core.analytics", "false"),
        ("dvc", "repro", "-q"), ("git", "add", "."), ("git", "commit", "-qm", "run"),
        ("dvc", "exp", "run", "-q", "-n", "ten-letters", "-S", "evaluate.seeds=7"),
    ):  # fmt: skip
        run(root, *command)
    return root


def run(root: Path, *command: str) -> str:
    person = dict.fromkeys(("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"), "someone")
    person |= dict.fromkeys(("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"), "someone@example.org")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, **person, "PATH": path, "COLUMNS": str(COLUMNS)}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_first_columns_hold_the_word_and_the_net_gain_of_every_run(project: Path) -> None:
    (head,) = (line for line in run(project, "dvc", "exp", "show").splitlines() if "Experiment" in line)
    names = re.split(r"\s{2,}", head.strip())
    assert {"verdict", "net"} <= set(names[:5])
    assert names[:9] == ["Experiment", "Created", "verdict", "net", "gross", "val", "test", "copy_rate", "policy"]


def test_what_differs_fits_a_terminal_whole(project: Path) -> None:
    lines = run(project, *COMMAND).splitlines()
    text = "\n".join(lines)
    assert max(map(len, lines)) <= COLUMNS
    for told in ("helps, negligibly", "net", "gross", "val", "test", "copy_rate", "evaluate.seeds", "ten-letters"):
        assert told in text
    assert "…" not in text, "nothing is cut"


def test_the_guide_names_the_command() -> None:
    """As it is typed, its patterns in quotes."""
    typed = " ".join(f"'{part}'" if set(part) & set("|*") else part for part in COMMAND)
    assert typed in (ROOT / "docs/dvc.md").read_text(encoding="utf-8")


def test_the_file_keeps_its_order(project: Path) -> None:
    assert list(json.loads((project / "reports/metrics.json").read_text()))[:2] == ["verdict", "net"]
