"""A disk that is full, read-only or broken at the n-th thing that a stage does to it, for all n.

The stage ends with a message that names the path, its outputs are those of its last whole run, and nothing half written
stays. A full disk stays full; the other errors come once. `pytest -m slow tests/faults -s` prints the counts.
"""

import errno
import shutil
import sys
from collections import Counter
from pathlib import Path

import pytest

from augment.core.seeds import numpy_rng
from tests.faults.workshop import STAGES, Nursery, copy_before, names, outputs

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="paths of open files are read from /proc")
ERRORS = (errno.ENOSPC, errno.EIO, errno.EROFS)
NOTE = "surroundings.json"
QUICK = 2  # faults of each stage in the fast suite


Events = list[tuple[str, str]]


def require_mended(nursery: Nursery, made: Path, root: Path, stage: str, at: int, events: Events) -> None:
    """One fault: a message, the last whole outputs, nothing half written.

    The note that a stage leaves last, on the surroundings that it ran in, is for a hint to people: a run that has made
    all its outputs does not end for want of it.
    """
    number, (kind, path) = ERRORS[at % len(ERRORS)], events[at]
    is_noted = any(NOTE in before for _, before in events[: at + 1])
    ended = nursery.run(copy_before(made, root, stage), stage, at=at, number=number, DVC_STAGE=stage)
    told = f"{stage}, {errno.errorcode[number]} at {at} ({kind} {path}): {ended.said}"
    assert ended.status in ((0,) if is_noted else (1, 2)), told
    assert is_noted or target(path) in ended.said, told
    assert "Traceback" not in ended.said, told
    assert outputs(root) == outputs(made), told
    assert not [name for name in names(root) if name.endswith(".tmp")], told


def target(path: str) -> str:
    """The name that a message has of a file: a temporary one has its target's name, a dot and random letters around."""
    name = Path(path).name
    return name[1:].rsplit(".", 2)[0] if name.endswith(".tmp") else name


def test_a_few_faults_of_each_stage(nursery: Nursery, made: Path, tmp_path: Path, events: dict[str, Events]) -> None:
    for stage in STAGES:
        for at in numpy_rng(0, "faults", stage).choice(len(events[stage]), QUICK, replace=False).tolist():
            require_mended(nursery, made, tmp_path / "faulty", stage, at, events[stage])


@pytest.mark.slow
@pytest.mark.parametrize("stage", STAGES)
def test_every_fault_of_a_stage(
    nursery: Nursery, made: Path, tmp_path: Path, events: dict[str, Events], stage: str
) -> None:
    for at in range(len(events[stage])):
        require_mended(nursery, made, tmp_path / "faulty", stage, at, events[stage])
    kinds = dict(Counter(kind for kind, _ in events[stage]))
    print(f"\n{stage}: {len(events[stage])} faults, each told and mended: {kinds}")


def test_a_stage_goes_on_once_there_is_room(
    nursery: Nursery, made: Path, tmp_path: Path, events: dict[str, Events]
) -> None:
    root, writes = tmp_path / "full", [at for at, (kind, _) in enumerate(events["train"]) if kind == "write"]
    half = writes[len(writes) // 2]
    ended = nursery.run(copy_before(made, root, "train"), "train", at=half, number=errno.ENOSPC)
    assert "No space left on device" in ended.said
    shutil.rmtree(root / "models", ignore_errors=True)
    assert nursery.run(root, "train").status == 0
    assert outputs(root) == outputs(made)
