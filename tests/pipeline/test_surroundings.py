"""Another library, processor or number of threads is said by the stage, in one line."""

import json
import sys
from pathlib import Path

import pytest

from pipeline import common, surroundings
from pipeline.start import LOCKS
from tests.toy import Fixed, bars


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text("seed: 0\n")
    return tmp_path


def ingest(params: object) -> None:
    """A stage that does nothing."""


def test_a_first_and_an_equal_run_say_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    common.main(ingest)
    common.main(ingest)
    assert capsys.readouterr().err == ""


def test_what_changed_is_said_once(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    common.main(ingest)
    kept = LOCKS / "ingest/surroundings.json"
    before = json.loads(kept.read_text())
    assert before["python"] == ".".join(map(str, sys.version_info[:3]))
    kept.write_text(json.dumps(before | {"torch": "1.0", "cpu_capability": "SSE2"}))
    monkeypatch.setenv("OMP_NUM_THREADS", "4")
    common.main(ingest)
    line = capsys.readouterr().err
    assert line.startswith("ingest: its last run was with OMP_NUM_THREADS 1 (here 4), cpu_capability SSE2 (here ")
    assert f"torch 1.0 (here {before['torch']}): the last digits may differ" in line
    assert line.count("\n") == 1
    common.main(ingest)
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("content", ["", "{", "[]", "[" * 100_000, '{"torch": 3}'])
def test_a_damaged_note_stops_nothing(content: str) -> None:
    kept = LOCKS / "ingest/surroundings.json"
    kept.parent.mkdir(parents=True)
    kept.write_text(content)
    common.main(ingest)
    assert json.loads(kept.read_text())["python"]


def test_a_run_that_fails_notes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    def fail(params: object) -> None:
        raise ValueError("no")

    with pytest.raises(SystemExit):
        common.main(fail)
    assert not (LOCKS / "fail/surroundings.json").exists()
    assert "ValueError: no" in capsys.readouterr().err


def test_generators_from_elsewhere_are_said(capsys: pytest.CaptureFixture[str]) -> None:
    here = {"torch": "2.9", "device": "cpu"}
    surroundings.tell_makers("generate", [here, Fixed("a", bars(0, 8, seed=3)).environment], here)
    assert capsys.readouterr().err == ""
    surroundings.tell_makers("generate", [here, here | {"device": "GPU"}, {"torch": "1"}], here)
    assert capsys.readouterr().err == (
        "generate: generators of models/ were trained with device GPU (here cpu): the last digits may differ, and with "
        "them close decisions\n"
    )
