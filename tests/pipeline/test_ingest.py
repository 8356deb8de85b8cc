"""The first stage as DVC runs it: twice the same bytes, and failures without a traceback."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from augment.core.errors import DataError
from augment.params import Params
from pipeline import common
from tests.data.corpus import write_set

ROOT = Path(__file__).parents[2]


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
        "prepared/depth.json",
        "prepared/sizes.json",
        "prepared/manifest.csv",
        *(
            f"prepared/{name}/{file}"
            for name in ("train", "val", "test", "pool")
            for file in ("images.npy", "index.csv", "checksums.json")
        ),
    }
    assert stage(tmp_path).returncode == 0
    assert digest(tmp_path / "data") == before


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
        (OSError(28, "No space left", "models/a"), 2, f"train: models/a: No space left{common.AFTER_A_DISK}\n"),
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
