"""One tiny project that `dvc repro` has made, and the process that forks stages."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.workshop import STAGES, Nursery, copy_before, names, outputs
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


@pytest.fixture(scope="session")
def events(nursery: Nursery, made: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[str, str]]]:
    """What every stage does to the disk, kind and path, when it begins anew; it makes what it made under DVC."""
    root, found = tmp_path_factory.mktemp("events") / "project", {}
    for stage in STAGES:
        ended = nursery.run(copy_before(made, root, stage), stage)
        assert ended.status == 0, ended.said
        assert outputs(root) == outputs(made)
        assert names(root) <= names(made)
        found[stage] = ended.events
    return found
