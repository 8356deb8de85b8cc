"""A project of small photographs, for what `augment run` does in it."""

from pathlib import Path

import pytest

from augment.evaluation.cost import schedule
from augment.evaluation.cost.timing import Timings
from tests.data.corpus import write_set

TEXT = """\
# All settings.
seed: 3                    # the root

ingest:
  source: digits           # where from
  path: data/raw           # the folder

evaluate:
  seeds: 7                 # paired repeats
  arms: default            # rivals
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Photographs of 8x8 pixels, and a machine on which every step takes a millisecond."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text(TEXT)
    write_set(tmp_path / "data/raw", each=20, height=8, width=8)
    monkeypatch.setattr(schedule, "time_parts", lambda *_: timings(1e-3))
    return tmp_path


def timings(seconds: float) -> Timings:
    return Timings({"classical": seconds}, seconds, seconds, seconds, None)
