"""One tiny project that `dvc repro` has made, and the process that forks stages."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.workshop import Nursery
from tests.test_pipeline import build


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    with Nursery() as started:
        yield started


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every stage has run in it; tests work in copies."""
    project = build(tmp_path_factory.mktemp("made") / "project")
    project.repro()
    return project.root
