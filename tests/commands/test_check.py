"""`augment check`: exact JSON, a text that starts with the summary, no change, no traceback."""

import json
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from socket import AF_UNIX, socket

import pytest

from augment.commands import check
from augment.data.entries import Blocker
from augment.params import Params
from tests.data.corpus import FILES, SPECIAL, encode, noise, write_item, write_set


def report_on(path: Path, settings: Params) -> dict:
    return check.as_dict(check.inspect(path, settings))


def params(root: Path, **values: object) -> Params:
    return Params.model_validate({"ingest": {"source": "folder", "path": str(root), **values}})


def test_json_of_a_clean_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_set(tmp_path)
    (tmp_path / "README.md").touch()
    assert check.run(tmp_path, Params(), as_json=True) == 0
    report = json.loads(capsys.readouterr().out)
    assert set(report) == {"files", "classes", "counts", "near_duplicates"}
    assert report["classes"] == {"cat": 6, "dog": 6}
    assert report["counts"] == {"ok": 12, "fixed": 0, "quarantined": 0, "ignored": 1, "stop": 0}
    assert report["files"][0] == {"path": "README.md", "outcome": "ignored", "code": "root_file"}


def test_stops_are_files_or_folders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_set(tmp_path)
    write_set(tmp_path, ("few",), each=1)
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.png").write_bytes(encode(noise(1)))
    (tmp_path / "dog" / "tall.png").write_bytes(encode(noise(2, 30, 16)))
    assert check.run(tmp_path, Params(), as_json=True) == 1
    report = json.loads(capsys.readouterr().out)
    blockers = {(item["path"], item["code"]) for item in report["files"] if item["outcome"] == "stop"}
    assert blockers == {
        ("a.png", "loose_files"),
        ("empty", "empty_class"),
        ("few", "too_few"),
        (str(tmp_path), "mixed_sizes"),
    }
    assert report["counts"]["stop"] == 4
    assert report["classes"] == {"cat": 6, "dog": 7, "few": 1}


def test_text_starts_with_the_summary(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_set(tmp_path)
    (tmp_path / "cat" / "bad.png").touch()
    (tmp_path / "cat" / "grey.png").write_bytes(encode(noise(9, channels=1)))
    assert check.run(tmp_path, Params(), as_json=False) == 0
    text = capsys.readouterr().out
    lines = [line.split() for line in text.splitlines()]
    assert lines[0] == [str(tmp_path)]
    assert lines[2:7] == [["ok", "12"], ["fixed", "1"], ["quarantined", "1"], ["ignored", "0"], ["stop", "0"]]
    assert "  empty_file (1)\n    cat/bad.png: the file has no content" in text
    assert "  to_rgb (1)" in text
    assert "cat 7" in text.replace("      ", "")


def test_whole_corpus_changes_nothing_and_raises_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_set(tmp_path)
    for name in [*FILES, *SPECIAL]:
        write_item(tmp_path / "cat", name)
    before = sorted((os.fsencode(p), p.lstat().st_mtime_ns) for p in tmp_path.rglob("*"))
    assert check.run(tmp_path, params(tmp_path, size=16), as_json=True) == 1
    report = json.loads(capsys.readouterr().out)
    assert sum(report["counts"].values()) == len(report["files"]) == 12 + len(FILES) + len(SPECIAL)
    blockers = {item["path"]: item["code"] for item in report["files"] if item["outcome"] == "stop"}
    names = ("fifo.png", "device.png", "broken.png", "self.png", "caf\\xe9.png")
    assert blockers == {f"cat/{name}": "dvc_cannot_pass" for name in names}
    assert check.run(tmp_path, Params(), as_json=False) == 1  # without a size for them
    assert "mixed_sizes" in capsys.readouterr().out
    assert before == sorted((os.fsencode(p), p.lstat().st_mtime_ns) for p in tmp_path.rglob("*"))


@pytest.mark.parametrize("name", ["none", "file.txt", "all.zip", "pipe", "gone"])
def test_paths_that_are_no_folder(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file.txt").touch()
    (tmp_path / "all.zip").touch()
    (tmp_path / "gone").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")
    assert check.run(tmp_path / name, Params(), as_json=True) == 1
    (item,) = json.loads(capsys.readouterr().out)["files"]
    assert (item["path"], item["outcome"]) == (str(tmp_path / name), "stop")
    assert check.run(tmp_path / name, Params(), as_json=False) == 1


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (os.mkfifo, "not a regular file"),
        (lambda path: socket(AF_UNIX).bind(os.path.relpath(path)), "not a regular file"),
        (lambda path: path.symlink_to("nowhere"), "a link to nothing"),
        (lambda path: path.symlink_to("/dev/zero"), "not a regular file"),
    ],
)
def test_what_dvc_cannot_pass_is_a_stop_with_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    make: Callable[[Path], None], reason: str,
) -> None:  # fmt: skip
    write_set(tmp_path)
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings(action="ignore", category=ResourceWarning):
        make(tmp_path / "cat/.x.png")  # DVC reads hidden files too
    assert check.run(tmp_path, Params(), as_json=False) == 1
    text = capsys.readouterr().out
    assert f"  cat/.x.png: dvc_cannot_pass: `dvc repro` cannot pass cat/.x.png: {reason}" in text
    assert text.index("a run would stop") < text.index("cat/.x.png")


def test_the_path_that_params_name_and_built_in_sets(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_set(tmp_path)
    assert check.run(None, params(tmp_path), as_json=False) == 0
    assert capsys.readouterr().out.startswith(f"{tmp_path}\n")
    assert check.run(None, Params.model_validate({"ingest": {"path": str(tmp_path)}}), as_json=False) == 0
    text = capsys.readouterr().out
    assert text.startswith("digits (built in)\n")
    assert "1797" in text


def test_what_else_would_stop_counts_where_it_is_about_this_set(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_set(tmp_path / "mine")
    write_set(tmp_path / "other")
    found = [("missing_key", "seed is missing"), ("missing_input", "no such folder")]
    for name, codes in (("mine", ["missing_key", "missing_input"]), ("other", ["missing_key"])):
        assert check.run(tmp_path / name, params(tmp_path / "mine"), True, found) == 1
        files = json.loads(capsys.readouterr().out)["files"]
        assert [item["code"] for item in files if item["path"] == "params.yaml"] == codes


def test_overrides_of_a_class_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_set(tmp_path)
    values = {"ingest": {"source": "folder", "path": str(tmp_path)}, "train": {"overrides": {"cta": {"steps": 5}}}}
    assert check.run(None, Params.model_validate(values), as_json=False) == 1
    assert "train.overrides: there is no class 'cta'; did you mean 'cat'?" in capsys.readouterr().out
    values["train"] = {"overrides": {"cat": {"steps": 5}}}
    assert check.run(None, Params.model_validate(values), as_json=False) == 0


def test_a_hidden_class_folder_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_set(tmp_path, ("cat", "dog", ".crack", "cat/.thumbs"), each=6)
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/config").touch()
    assert check.run(tmp_path, Params(), as_json=False) == 0
    notes = [line for line in capsys.readouterr().out.splitlines() if line.startswith("note: ")]
    assert len(notes) == 1
    assert notes[0].startswith("note: hidden: '.crack' begins with a dot, so its 6 image files are not read; rename")


def test_settings_count_for_their_own_folder_only(tmp_path: Path) -> None:
    write_set(tmp_path / "a")
    (tmp_path / "a" / "cat" / "tall.png").write_bytes(encode(noise(2, 30, 16)))
    own = params(tmp_path / "a", size=16, train_per_class={"cat": 3, "dgo": 3})
    codes = [item["code"] for item in report_on(tmp_path / "a", own)["files"] if item["outcome"] == "stop"]
    assert codes == ["no_split", "no_split"]  # an unknown name and a class without a number
    other = params(tmp_path / "b", size=16, train_per_class={"x": 3})
    codes = [item["code"] for item in report_on(tmp_path / "a", other)["files"] if item["outcome"] == "stop"]
    assert codes == ["mixed_sizes"]
    write_set(tmp_path / "c")
    assert report_on(tmp_path / "c", other)["counts"]["stop"] == 0


def test_conflicts_that_stop_are_named_as_such(tmp_path: Path) -> None:
    write_set(tmp_path)
    for label in ("cat", "dog"):
        (tmp_path / label / "same.png").write_bytes(encode(noise(77)))
    report = report_on(tmp_path, params(tmp_path, conflicts="stop"))
    blockers = [(item["path"], item["code"]) for item in report["files"] if item["outcome"] == "stop"]
    assert blockers == [("cat/same.png", "label_conflict"), ("dog/same.png", "label_conflict")]
    report = report_on(tmp_path, params(tmp_path))
    assert report["counts"] == {"ok": 12, "fixed": 0, "quarantined": 2, "ignored": 0, "stop": 0}


def test_importing_is_light() -> None:
    heavy = {"numpy", "PIL", "torch", "pydantic"}
    code = f"import sys, augment.cli, pipeline.start; print({heavy} & set(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"


def test_a_folder_that_is_not_there_is_one_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check.run(tmp_path / "nowhere", Params(), as_json=False) == 1
    told = capsys.readouterr().out
    assert "there is no such folder" in told
    assert "warning" not in told, "what is not there cannot stop DVC in any other way"


def test_too_few_images_to_repeat_stop_only_a_run_that_repeats(tmp_path: Path) -> None:
    write_set(tmp_path, each=12)
    once = params(tmp_path, train_per_class=4)
    assert report_on(tmp_path, once)["counts"]["stop"] == 0
    evaluated = once.evaluate.model_copy(update={"protocol": "repeated", "repeats": 10})
    findings = check.inspect(tmp_path, once.model_copy(update={"evaluate": evaluated}))
    assert [(blocker.path, blocker.code) for blocker in findings.blockers] == [("params.yaml", "no_repeats")]
    assert "class 'cat' needs 36 and has 0" in findings.blockers[0].message


def test_a_blocker_is_one_line() -> None:
    assert str(Blocker("a/1.png", "too_few", "add images")) == "a/1.png: too_few: add images"
