"""The first stage as DVC runs it: twice the same bytes, and failures without a traceback."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from augment.errors import DataError
from augment.params import Params
from pipeline import common
from tests.data.corpus import write_set

ROOT = Path(__file__).parent.parent.parent


def stage(project: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pipeline.ingest"]
    return subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)


def digest(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_twice_the_same_bytes(tmp_path: Path) -> None:
    write_set(tmp_path / "raw", each=8)
    (tmp_path / "raw" / "cat" / "bad.png").touch()
    (tmp_path / "params.yaml").write_text("ingest: {source: folder, path: raw}\n")
    first = stage(tmp_path)
    assert (first.returncode, first.stdout) == (0, "")
    assert "ingest: 17 files: 16 ok, 1 quarantined" in first.stderr
    assert "2 classes: 4 test, 10 train, 2 val" in first.stderr
    before = digest(tmp_path / "data")
    assert set(before) == {
        "prepared/classes.json",
        "prepared/groups.json",
        "prepared/manifest.csv",
        *(
            f"prepared/{name}/{file}"
            for name in ("train", "val", "test", "pool")
            for file in ("images.npy", "index.csv")
        ),
    }
    assert stage(tmp_path).returncode == 0
    assert digest(tmp_path / "data") == before


@pytest.mark.parametrize(
    ("evaluate", "words"),
    [
        ("normal: noo, primary: recall_at_far", "evaluate.normal: no class 'noo'; there are cat, dog"),
        ("external: elsewhere", "class 'cow' is not among those that are trained"),
        ("external: again", "equals the training image"),
    ],
)
def test_what_would_stop_evaluate_is_told_before_anything_trains(tmp_path: Path, evaluate: str, words: str) -> None:
    write_set(tmp_path / "raw", each=8)
    shutil.copytree(tmp_path / "raw/cat", tmp_path / "elsewhere/cow")
    shutil.copytree(tmp_path / "raw/cat", tmp_path / "again/cat")
    (tmp_path / "params.yaml").write_text(f"ingest: {{source: folder, path: raw}}\nevaluate: {{{evaluate}}}\n")
    result = stage(tmp_path)
    assert result.returncode == 2
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    checked = [sys.executable, "-m", "augment.cli", "check"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    found = subprocess.run(checked, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert found.returncode == (0 if "again" in evaluate else 1), "which of them train is not known to `check`"


def test_groups_too_large_for_the_class_filter_are_told_before_anything_trains(tmp_path: Path) -> None:
    write_set(tmp_path / "raw", each=9)
    (tmp_path / "params.yaml").write_text("ingest: {source: folder, path: raw, group_pattern: '([0-2])[.]'}\n")
    (tmp_path / "raw/meta.csv").write_text(
        "path,group\n"
        + "".join(f"{label}/{number}.png,g{number // 3}\n" for label in ("cat", "dog") for number in range(9))
    )
    result = stage(tmp_path)
    assert result.returncode == 2
    assert "the class filter holds out a part of the training images, but there are only 1 groups" in result.stderr
    assert "ingest.group_pattern" in result.stderr


def test_too_few_images_to_repeat_are_told_before_anything_trains(tmp_path: Path) -> None:
    write_set(tmp_path / "raw", each=12)
    settings = "ingest: {source: folder, path: raw, train_per_class: 4}\n"
    (tmp_path / "params.yaml").write_text(settings + "evaluate: {protocol: repeated, repeats: 10}\n")
    result = stage(tmp_path)
    assert result.returncode == 2
    assert "10 disjoint training sets of the delivered size need more images" in result.stderr
    assert "class 'cat' needs 36 and has 0" in result.stderr
    (tmp_path / "params.yaml").write_text(settings + "evaluate: {protocol: holdout}\n")
    assert stage(tmp_path).returncode == 0


def test_a_set_that_cannot_be_used_is_a_message(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text("ingest: {source: folder, path: raw}\n")
    result = stage(tmp_path)
    assert result.returncode == 2
    assert result.stderr.startswith("ingest: raw: missing: there is no such folder")
    assert "augment check raw" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        (DataError("no images"), 2, "train: no images\n"),
        (OSError(28, "No space left on device", "models/a"), 2, "train: models/a: No space left on device\n"),
        (
            MemoryError(),
            2,
            "train: out of memory. Set ingest.size, train.batch_size or compute.jobs to less in params.yaml.\n",
        ),
        (RuntimeError("can't allocate memory"), 1, "train: can't allocate memory. Set ingest.size, "),
        (
            KeyError("label"),
            1,
            "train: KeyError: 'label'. An output of an earlier stage may be damaged: `augment doctor`",
        ),
        (KeyboardInterrupt(), 130, "train: interrupted\n"),
    ],
)
def test_failures_of_any_stage(
    error: BaseException,
    status: int,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def train(_: Params) -> None:
        raise error

    (tmp_path / "params.yaml").touch()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as caught:
        common.main(train)
    assert caught.value.code == status
    told = capsys.readouterr().err
    assert told.startswith(message)
    assert told.count("\n") == 1
    traceback = tmp_path / ".work/stages/train/traceback.txt"
    assert traceback.exists() == isinstance(error, KeyError)
    assert not traceback.exists() or "raise error" in traceback.read_text()


def test_wrong_params_are_a_message(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text("ingest: {sorce: folder}\n")
    result = stage(tmp_path)
    assert result.returncode == 2
    assert result.stderr == "ingest: params.yaml: ingest.sorce: unknown key; did you mean `source`?\n"
