"""Cards: a header that YAML reads, counts that are those of the tables, sentences of the verdict, and no stranger's
markup."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from augment.core.errors import DataError
from augment.data.delivered import read_manifest, read_recipe
from augment.gan.generators.cards import PRIVACY, header, measured, plain, table
from augment.sharing.card import data_card
from augment.sharing.export import run
from tests.delivered import MIXED, deliver, recipe

VERDICT = {
    "verdict": "helps", "sentence": "It helps by +3.0.", "first_line": "Without any GAN: 70.0 %.",
    "explanation": [{"source": "copies.csv: label pooled", "text": "0.1 % are near copies."},
                    {"source": "arms.csv", "text": "A rule."}],
    "protocol": {"speaks": "It speaks of 9 test images."}, "looked": {"test": "abc"},
    "delivery": {"arm": "gan_half_filtered"},
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return deliver(tmp_path / "augmented", MIXED, recipe(synthetic=1))


def card(folder: Path, verdict: Path | None = None) -> str:
    splits = {"train": "train", "val": "validation"}
    return data_card("parquet", splits, read_manifest(folder), read_recipe(folder), folder, verdict, {}, 0)


def test_the_header_is_yaml_with_the_files_of_each_split_and_a_licence_to_fill(folder: Path) -> None:
    _, yaml, _ = card(folder).split("---\n", 2)
    values = YAML(typ="safe").load(yaml)
    assert values["license"] == "unknown"
    assert values["size_categories"] == ["n<1K"]
    assert values["configs"][0]["data_files"] == [
        {"split": "train", "path": "data/train-*.parquet"},
        {"split": "validation", "path": "data/validation-*.parquet"},
    ]


def test_counts_are_those_of_the_manifest(folder: Path) -> None:
    lines = card(folder).splitlines()
    assert "| class | train, real | train, made | validation, real | validation, made |" in lines
    assert "| dent | 2 | 1 | 0 | 0 |" in lines
    assert "| scratch | 1 | 0 | 1 | 0 |" in lines


def test_a_card_says_what_was_measured_and_that_nothing_is_anonymous(folder: Path, tmp_path: Path) -> None:
    assert "has not been measured" in card(folder)
    assert PRIVACY in card(folder)
    (tmp_path / "verdict.json").write_text(json.dumps(VERDICT))
    told = card(folder, tmp_path / "verdict.json")
    for sentence in (
        "**helps.** It helps by +3.0.",
        "Without any GAN: 70.0 %.",
        "It speaks of 9 test images.",
        PRIVACY,
    ):
        assert sentence in told
    assert "0.1 % are near copies." in told.split("## Privacy")[1]
    assert "A rule." not in told


def test_a_damaged_verdict_and_one_of_other_images_are_said(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "reports/evaluation/verdict.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(VERDICT | {"delivery": {"arm": "gan_fill"}}))
    arguments = (tmp_path / "out", "webdataset", folder, tmp_path / "reports", tmp_path / "models", 0, 0)
    with pytest.raises(DataError, match="speaks of images of arm gan_fill, delivered are those of gan_half_filtered"):
        run(*arguments)  # type: ignore[arg-type]
    path.write_text("{")
    with pytest.raises(DataError, match=r"verdict\.json: cannot be read"):
        run(*arguments)  # type: ignore[arg-type]
    path.write_text(json.dumps({key: value for key, value in VERDICT.items() if key != "explanation"}))
    with pytest.raises(DataError, match="lacks the keys explanation"):
        measured(path)
    assert not (tmp_path / "out").exists()


@given(st.lists(st.text(min_size=1).filter(str.strip), min_size=1, max_size=4))
def test_whatever_a_class_is_called_a_table_keeps_its_rows_and_columns(labels: list[str]) -> None:
    text = table(("class", "images"), [(label, 1) for label in labels])
    lines = text.split("\n")
    assert len(lines) == 2 + len(labels)
    assert all(len(line.replace("\\\\", "").replace("\\|", "").split("|")) == 4 for line in lines)


def test_markup_of_strangers_stays_text() -> None:
    assert plain("<script>|`a`*b*[c](d)\nx") == r"\<script\>\|\`a\`\*b\*\[c\](d)\\nx"


def test_a_header_takes_any_json() -> None:
    values = {"tags": ["a: b", "'\"", "#"], "n": 3}
    assert YAML(typ="safe").load(header(values).strip("-")) == {"license": "unknown", **values}
