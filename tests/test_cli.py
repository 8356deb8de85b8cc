"""The command line: instant help, exact samples, one clear message for whatever is typed."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from augment.cli import main
from augment.core.files import sha256, write_json
from augment.gan.bundle import load_generators
from augment.gan.generators import ClassGenerator, GeneratorSet
from augment.gan.networks.architecture import Architecture
from augment.gan.networks.build import build
from augment.project.query_ledger import LEDGER, record_query
from tests.toy import toy_set

ROOT = Path(__file__).parent.parent
PLAN = Architecture("dcgan", 1, 8, 6, latent=4, features=4)


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    made = {label: ClassGenerator(label, build(PLAN, seed)[0]) for seed, label in enumerate("ab")}
    GeneratorSet(made, {"c": "collapsed"}).save(folder)
    return folder


def test_samples_are_those_of_the_library(models: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main(["sample", str(models), "--class", "b", "-n", "70", "--seed", "3", "-o", str(out)]) == 0
    expected = load_generators(models)["b"].sample(70, seed=3).numpy()
    files = sorted((out / "b").iterdir())
    assert [file.name for file in files] == [f"3-{index:06d}.png" for index in range(70)]
    for file, image in zip(files, expected, strict=True):
        with Image.open(file) as picture:
            assert np.array_equal(np.asarray(picture), image[0])
    assert not (out / "a").exists()


def test_samples_of_other_calls_are_told(models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    called = ["sample", str(models), "-o", str(tmp_path / "out")]
    assert [main([*called, "-n", number]) for number in ("3", "3", "2")] == [0, 0, 0]
    assert main([*called, "-n", "2", "--seed", "1"]) == 0
    told = [line.partition(" in ")[2].rpartition("/")[2] for line in capsys.readouterr().out.splitlines()]
    assert told == ["out", "out", "out, beside 2 of other calls", "out, beside 6 of other calls"]


def test_a_grid_holds_every_sample(models: Path, tmp_path: Path) -> None:
    assert main(["sample", str(models), "-n", "4", "--grid", str(tmp_path / "g.png")]) == 0
    with Image.open(tmp_path / "g.png") as picture:
        assert picture.size == (8 * (6 * 6 + 2) + 2, 8 * 6 + 2 * 2)  # 8 images in one row, 6 times enlarged


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sample", "models"], "nothing to write"),
        (["sample", "models", "-n", "1000000", "--grid", "x.png"], "one picture holds at most 10000 samples"),
        (["sample", "nowhere", "-o", "x"], "dvc repro train"),
        (["sample", "models", "--class", "z", "-o", "x"], "no such class. There are: a, b"),
        (["sample", "models", "--class", "c", "-o", "x"], "collapsed"),
        (["verdict", "--reports", "nowhere"], "Run `dvc repro` first"),
        (["init", "nowhere"], "root folder"),
    ],
)
def test_errors_are_messages(
    models: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    monkeypatch.chdir(models.parent)
    assert main(arguments) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("words", ["", "smaple", "sample", "sample m -n 0", "sample m -n x", "sample m --seed -1"])
def test_wrong_words_exit_with_usage(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(words.split())
    assert caught.value.code == 2
    assert "usage: augment" in capsys.readouterr().err


def test_the_verdict_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    test, mine, other = "1" * 64, "2" * 64, "3" * 64
    found = {
        "verdict": "helps", "first_line": "Before.", "sentence": "They help.", "reasons": ["one"],
        "advice": ["two", "three"],
        "explanation": [{"text": "A rule: yes.", "source": "comparisons.csv: candidate x (low)"}],
        "looked": {"test": test, "configuration": mine},
    }  # fmt: skip
    write_json(tmp_path / "evaluation/verdict.json", found)
    assert main(["verdict", "--reports", str(tmp_path)]) == 0
    looked = "This is the only configuration that has looked at this test set here."
    assert capsys.readouterr().out == (
        f"helps\n\nBefore.\n\nThey help.\n\nWhat to do:\n- two\n- three\n\nWhy:\n- one\n- {looked}\n"
    )
    record_query(LEDGER, test, other)
    assert main(["verdict", "--reports", ".", "--explain"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:8] == [
        "helps",
        "",
        "Before.",
        "",
        "They help.",
        "",
        "1. A rule: yes.",
        "   evaluation/comparisons.csv: candidate x (low)",
    ]
    assert lines[8].startswith("2. 2 configurations have looked")
    assert lines[9] == "   .work/ledger.csv"
    (tmp_path / "evaluation/verdict.json").write_text("{")
    assert main(["verdict", "--reports", str(tmp_path)]) == 2


def test_a_verdict_of_other_test_images_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    test = toy_set({"a": 3, "b": 3})
    looked = {"test": "t", "prepared": test.fingerprint(), "configuration": "c"}
    found = {
        "verdict": "helps",
        "first_line": "",
        "sentence": "They help.",
        "reasons": [],
        "advice": [],
        "looked": looked,
    }
    write_json(tmp_path / "reports/evaluation/verdict.json", found)
    test.save(tmp_path / "data/prepared/test")
    assert main(["verdict", "--reports", str(tmp_path / "reports")]) == 0
    assert capsys.readouterr().out.startswith("helps\n")
    toy_set({"a": 3, "b": 3}, seed=1).save(tmp_path / "data/prepared/test")
    assert main(["verdict", "--reports", str(tmp_path / "reports")]) == 0
    told = capsys.readouterr().out
    assert told.startswith("Of other test images than those in data/prepared now: run `dvc repro`.\n\nhelps\n")


def test_a_verdict_of_another_network_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """DVC does not watch the file that `evaluate.backbone` names."""
    (tmp_path / "own.pt2").write_bytes(b"one")
    looked = {"test": "t", "prepared": "p", "configuration": "c"}
    found = {"verdict": "helps", "first_line": "", "sentence": "They help.", "reasons": [], "advice": [],
             "looked": looked, "backbone": {"own.pt2": sha256(b"one")}}  # fmt: skip
    write_json(tmp_path / "reports/evaluation/verdict.json", found)
    for content, first in ((b"one", "helps"), (b"two", "Of another own.pt2 (evaluate.backbone) than there is now")):
        (tmp_path / "own.pt2").write_bytes(content)
        assert main(["verdict", "--reports", str(tmp_path / "reports")]) == 0
        assert capsys.readouterr().out.startswith(first)
    (tmp_path / "own.pt2").unlink()
    assert main(["verdict", "--reports", str(tmp_path / "reports")]) == 0
    assert "`dvc repro -f experiment`.\n\nhelps\n" in capsys.readouterr().out


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    """As in `augment verdict | head -1`."""
    looked = {"test": "t", "configuration": "c"}
    found = {"verdict": "helps", "first_line": "", "sentence": "They help.", "reasons": ["one"] * 20_000, "advice": [],
             "looked": looked}  # fmt: skip
    write_json(tmp_path / "evaluation/verdict.json", found)
    command = [sys.executable, "-m", "augment.cli", "verdict", "--reports", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"helps\n"
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 141


def test_check_reports_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/x.png").write_text("no image")
    (tmp_path / "empty.yaml").touch()
    assert main(["check", str(tmp_path), "--json", "--params", str(tmp_path / "empty.yaml")]) == 1
    report = json.loads(capsys.readouterr().out)
    assert set(report) == {"files", "classes", "counts", "near_duplicates"}
    assert {"path": "a/x.png", "outcome": "quarantined", "code": "not_an_image"} in report["files"]


def test_settings_that_are_named_must_be_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tmp_path), "--params", str(tmp_path / "nope.yaml")]) == 2
    assert "nope.yaml: No such file" in capsys.readouterr().err


def test_check_alone_looks_at_what_params_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["check"]) == 2
    (tmp_path / "params.yaml").write_text("ingest: {source: folder, path: nowhere}\n")
    (tmp_path / "dvc.yaml").write_text("stages: {a: {cmd: a, deps: ['${ingest.path}', '${train.base}']}}\n")
    assert main(["check"]) == 1
    blockers = capsys.readouterr().out.split("a run would stop\n")[1].splitlines()
    assert [line.split(": ")[:2] for line in blockers if line] == [
        ["  nowhere", "missing"],
        ["  params.yaml", "missing_key"],
        ["  params.yaml", "missing_input"],
    ]


def test_an_interruption_during_the_imports_is_silent(tmp_path: Path) -> None:
    code = (
        "import sys; from augment import cli; sys.argv = ['augment', 'doctor']\n"
        "cli._doctor = lambda _: print('there', flush=True) or sys.stdin.readline()\n"
        "cli.main()"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, text=True, **pipes) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "there\n"
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    assert (process.returncode, told) == (-signal.SIGINT, "")


@pytest.mark.parametrize("command", ["import augment", "from augment.cli import parser; parser().format_help()"])
def test_importing_is_light(command: str) -> None:
    heavy = "numpy torch pydantic PIL pandas dvc sklearn scipy"
    code = f"{command}\nimport sys\nassert not set('{heavy}'.split()) & set(sys.modules), set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_public_names() -> None:
    import augment  # noqa: PLC0415

    assert augment.load_generators is load_generators
    assert all(hasattr(augment, name) for name in augment.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = augment.nonsense


HOSTILE = "\x1b]0;owned\x07\u202e\u200b\x9b31m\ny"


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", HOSTILE], ["init", HOSTILE], ["sample", HOSTILE, "-o", HOSTILE], ["verdict", "--reports", HOSTILE],
        ["trial", HOSTILE, "--data", HOSTILE], ["check", f"--{HOSTILE}"], [HOSTILE], ["doctor", "--prune", HOSTILE],
    ],
)  # fmt: skip
def test_nothing_typed_reaches_a_terminal_raw(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        status = main(arguments)
    except SystemExit as stopped:
        status = int(stopped.code or 0)
    out, err = capsys.readouterr()
    assert status in (1, 2)
    assert (out + err).isascii()
    assert (out + err).replace("\n", "").isprintable()


def test_a_hostile_verdict_prints_its_words_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "reports/evaluation").mkdir(parents=True)
    verdict = {
        "verdict": HOSTILE, "first_line": HOSTILE, "sentence": HOSTILE, "advice": [HOSTILE], "reasons": [HOSTILE],
        "looked": {"test": "0" * 64, "configuration": "1" * 64, "prepared": ""},
    }  # fmt: skip
    (tmp_path / "reports/evaluation/verdict.json").write_text(json.dumps(verdict))
    assert main(["verdict"]) == 0
    out = capsys.readouterr().out
    assert out.replace("\n", "").isprintable()
    assert not [line for line in out.splitlines() if line.startswith("y")], "no field forges a line"
    (tmp_path / ".work").mkdir()
    (tmp_path / ".work/ledger.csv").write_text(f"{'0' * 64},{'2' * 64}\ngarbage\x1b\n")
    assert main(["verdict"]) == 0
    assert "1 line of .work/ledger.csv cannot be read, each perhaps one look more" in capsys.readouterr().out
