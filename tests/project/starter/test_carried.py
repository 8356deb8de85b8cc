"""What a wheel carries is what a project needs."""

import re
import subprocess
from pathlib import Path

from augment.project.starter.carried import PATTERNS, carried, installed

ROOT = Path(__file__).parents[3]


def test_in_a_clone_the_files_are_its_own() -> None:
    assert installed() == ROOT
    assert {
        "params.yaml",
        "dvc.yaml",
        "pipeline/train.py",
        "pipeline/rows/train.py",
        "data/raw/README.md",
        ".dvc/config",
    } <= set(carried(ROOT))


def test_nothing_that_git_ignores_is_carried_and_every_pattern_finds_something() -> None:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    known = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert set(carried(ROOT)) <= set(known.splitlines())
    assert all(list(ROOT.glob(pattern)) for pattern in PATTERNS)


def test_all_stages_and_every_page_that_a_setting_or_a_message_names_are_carried() -> None:
    texts = [path.read_text() for folder in ("augment", "pipeline") for path in (ROOT / folder).rglob("*.py")]
    texts += [(ROOT / name).read_text() for name in carried(ROOT) if not name.endswith(".md")]
    named = {name for text in texts for name in re.findall(r"docs/[\w-]+\.md|python -m pipeline\.\w+", text)}
    files = {f"pipeline/{name.rpartition('.')[2]}.py" if name.startswith("python") else name for name in named}
    assert len(files) > 10
    assert files <= set(carried(ROOT))
    assert "analytics = false" in (ROOT / ".dvc/config").read_text()
