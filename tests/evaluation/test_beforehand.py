"""What `augment check` asks on behalf of `evaluate`."""

import shutil
from pathlib import Path

import pytest

from augment.cli import main
from augment.evaluation.beforehand import evaluate_stops
from augment.params import check
from tests.data.corpus import write_set

SHAPE, COUNTS = (3, 16, 16), {"cat": 8, "dog": 8}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (
            "{evaluate: {normal: doog, primary: recall_at_far}}",
            "evaluate.normal: there is no class 'doog'; did you mean",
        ),
        ("{evaluate: {external: elsewhere}}", "class 'cow' is not among those that are trained"),
        (
            "{train: {base: elsewhere}, evaluate: {gate: rotate}}",
            "leak: train.base: evaluate.gate: rotate lets repeats",
        ),
        ("{evaluate: {external: same}}", None),
        ("{}", None),
    ],
)
def test_check_says_what_evaluate_could_not_begin_with(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    settings: str,
    words: str | None,
) -> None:
    monkeypatch.chdir(tmp_path)
    write_set(tmp_path / "raw", each=8)
    shutil.copytree(tmp_path / "raw/cat", tmp_path / "elsewhere/cow")
    shutil.copytree(tmp_path / "raw/cat", tmp_path / "same/cat")
    text = settings[1:-1]
    (tmp_path / "params.yaml").write_text(f"{{ingest: {{source: folder, path: raw}}{', ' + text if text else ''}}}\n")
    assert main(["check"]) == (0 if words is None else 1)
    assert (words or "usable images of each class") in capsys.readouterr().out


def test_nothing_stops_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert evaluate_stops(SHAPE, COUNTS, check({})) == []
