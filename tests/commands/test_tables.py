"""`augment init`, `check` and `sample` of a table."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from augment import cli, params
from augment.commands.params_file import edited
from augment.commands.tables import form_of
from augment.core.files import read_csv
from augment.gan.rows.making import generators_of
from augment.params import Train
from tests.rows import COLUMNS, COUNTS, toy_rows, write_toy

ROOT = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("params.yaml", "dvc.yaml"):
        shutil.copy(ROOT / name, tmp_path / name)
    for name in ("base", "selection", "descriptions", "external"):
        (tmp_path / "data" / name).mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    write_toy(tmp_path / "parts.csv")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "header", "form"),
    [
        ("a.csv", "kind,length\n", "table"),
        ("a.csv", "path,label\n", None),
        ("a.CSV", "Image;Class\n", None),
        ("a.tsv", "x\ty\n", "table"),
        ("a.parquet", "", "table"),
        ("a.npz", "", "vectors"),
        ("a.png", "", None),
    ],
)
def test_a_file_is_a_table_unless_it_lists_images(tmp_path: Path, name: str, header: str, form: str | None) -> None:
    (tmp_path / name).write_text(header)
    assert form_of(tmp_path / name) == form
    assert form_of(tmp_path) is None


def test_init_writes_what_a_run_needs(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["init", "parts.csv", "--label", "kind"]) == 0
    ingest = params.load(project / "params.yaml").ingest
    assert (ingest.source, ingest.path, ingest.label_column) == ("table", "parts.csv", "kind")
    out = capsys.readouterr().out
    assert "numeric: 2 (length, mass)" in out
    assert "categorical: 1 (shape)" in out
    assert out.rstrip().endswith("Next: `dvc repro`")


def test_what_stops_a_run_is_told_and_nothing_is_written(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (project / "params.yaml").read_bytes()
    assert cli.main(["init", "parts.csv"]) == 2
    err = capsys.readouterr().err
    assert "which column is the class?" in err
    assert "kind, shape" in err
    write_toy(project / "few.csv", {"bolt": 40, "nut": 2})
    assert cli.main(["init", "few.csv", "--label", "kind"]) == 2
    assert "nut: too_few: 2 usable rows" in capsys.readouterr().err
    assert (project / "params.yaml").read_bytes() == before


def test_check_says_what_was_found(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["check", "parts.csv", "--label", "kind"]) == 0
    out = capsys.readouterr().out
    assert "77 rows, class in column 'kind'" in out
    assert "split: " in out
    assert cli.main(["check", "parts.csv", "--label", "kind", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["classes"] == COUNTS
    assert [column["kind"] for column in told["columns"]] == [column.kind for column in COLUMNS]
    assert sum(told["splits"].values()) == sum(COUNTS.values())
    write_toy(project / "few.csv", {"bolt": 40, "nut": 2})
    assert cli.main(["check", "few.csv", "--label", "kind"]) == 1
    assert "too_few" in capsys.readouterr().out


def test_check_of_what_params_yaml_names(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["init", "parts.csv", "--label", "kind"]) == 0
    capsys.readouterr()
    assert cli.main(["check"]) == 0
    assert "class in column 'kind'" in capsys.readouterr().out


def test_samples_are_csv_files_in_the_users_columns(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    generators_of(toy_rows(), Train(width=4, latent=4, shared_steps=10, steps=10), 0).save(project / "models")
    assert cli.main(["sample", "models", "-n", "5", "-o", "out"]) == 0
    rows = read_csv(project / "out/nut.csv")
    assert len(rows) == 5
    assert list(rows[0]) == [column.name for column in COLUMNS]
    assert cli.main(["sample", "models", "--grid", "a.png"]) == 2
    assert "give -o FOLDER for CSV files" in capsys.readouterr().err
    assert cli.main(["sample", "models", "--class", "nutt", "-o", "out"]) == 2
    assert "There are: bolt, nut, pin" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["explore", "--port", "0"], ["export", "out"]])
def test_what_shows_images_says_that_these_are_none(
    project: Path, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    generators_of(toy_rows(), Train(width=4, latent=4, shared_steps=10, steps=10), 0).save(project / "models")
    (project / "data/augmented").mkdir(parents=True)
    (project / "data/augmented/train.csv").touch()
    assert cli.main(command) == 2
    assert "rows" in capsys.readouterr().err


def test_another_file_is_run_as_it_was_looked_at(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What params.yaml says of one table is nothing of the next one, nor of vectors or images."""
    rows = toy_rows()
    np.savez(project / "v.npz", x=rows.values[:, :3], y=rows.labels)
    for label in ("a", "b"):
        (project / "data/raw" / label).mkdir(parents=True)
        for number in range(8):
            pixels = np.random.default_rng((number, ord(label))).integers(0, 256, (16, 16), dtype=np.uint8)
            Image.fromarray(pixels).save(project / "data/raw" / label / f"{number}.png")
    assert cli.main(["init", "parts.csv", "--label", "kind"]) == 0
    of_first = {"ingest.group_column": "count", "ingest.columns": {"length": "numeric"}}
    (project / "params.yaml").write_text(edited(project / "params.yaml", of_first))
    text = (project / "parts.csv").read_text().replace("count", "number", 1).replace("length", "size", 1)
    (project / "other.csv").write_text(text)
    for command in (["other.csv", "--label", "kind"], ["v.npz"], ["parts.csv", "--label", "kind"], ["data/raw"]):
        assert cli.main(["init", *command]) == 0, capsys.readouterr().err
        ingest = params.load(project / "params.yaml").ingest
        assert (ingest.group_column, ingest.split_column, ingest.columns) == (None, None, {})
    assert (ingest.source, ingest.label_column) == ("folder", None)


def test_time_and_smallest_gain_are_told_ahead(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["init", "parts.csv", "--label", "kind"]) == 0
    for command in (None, ["check"], ["check", "parts.csv", "--label", "kind"]):
        assert command is None or cli.main(command) == 0
        out = capsys.readouterr().out
        assert re.search(r"^GANs: 3 to deliver, 12 more for the proof: less than a minute", out, re.MULTILINE)
        assert re.search(r"^evaluation: \d+ classifiers: ", out, re.MULTILINE)
        assert re.search(r"with \d+ to \d+ independent test rows in a class and 5 paired seeds this set", out)
        assert "image" not in out


def test_what_rows_cannot_honour_is_told_and_what_stops_later_is_told_ahead(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["init", "parts.csv", "--label", "kind"]) == 0
    (project / "there.csv").write_text("kind,mass\nnut,1\n")
    file = project / "params.yaml"
    settled = file.read_text()
    file.write_text(edited(file, {"train.network": "residual", "ingest.flips": "both"}))
    assert cli.main(["check"]) == 0
    assert "note: of images alone, and no part of a run on rows: ingest.flips, train.network" in capsys.readouterr().out
    for key, value, words in (
        ("evaluate.normal", "nutt", "there is no class 'nutt'; did you mean 'nut'"),
        ("evaluate.external", "there.csv", "evaluate.external: there.csv: it has no column 'length'"),
        ("train.overrides", {"nutt": {"steps": 3}}, "no class is called 'nutt'"),
    ):
        file.write_text(settled)
        beside = {"evaluate.primary": "recall_at_far"} if key == "evaluate.normal" else {}
        file.write_text(edited(file, {key: value, **beside}))
        assert cli.main(["check"]) == 1, key
        assert words in capsys.readouterr().out
        before = file.read_bytes()
        assert cli.main(["init", "parts.csv", "--label", "kind"]) == 2
        assert words in capsys.readouterr().err
        assert file.read_bytes() == before


def test_a_column_that_is_called_as_those_of_images_lists_none_where_the_class_is_named(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (project / "parts.csv").read_text().replace("shape", "image", 1)
    (project / "odd.csv").write_text(text)
    assert form_of(project / "odd.csv") is None
    assert cli.main(["check", "odd.csv", "--label", "kind"]) == 0
    assert "categorical: 1 (image)" in capsys.readouterr().out
