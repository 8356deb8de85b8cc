"""Two clean runs in two places give equal hashes of everything, whatever the number of processes.

`tests/test_pipeline.py` holds the same of two runs of one process.
"""

from pathlib import Path

import pytest

from augment.project.dvc_cache import locked_outputs
from tests.faults.workshop import outputs
from tests.test_pipeline import build


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [2, 3])
def test_another_number_of_processes_changes_no_hash(made: Path, tmp_path: Path, jobs: int) -> None:
    twin = build(tmp_path / "elsewhere")
    twin.change("compute", engine="local", jobs=jobs)
    twin.repro()
    assert outputs(twin.root) == outputs(made)
    assert locked_outputs(twin.root / "dvc.lock") == locked_outputs(made / "dvc.lock")
