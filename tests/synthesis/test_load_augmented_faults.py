"""What is wrong with data/augmented is told by `load_augmented`: the file, what was found, what to do."""

from functools import partial
from pathlib import Path

import pytest
from torch.utils.data import DataLoader

from augment import load_augmented
from augment.core.errors import ArgumentError, AugmentError, DataError
from augment.core.files import read_csv, read_json, write_csv, write_json
from augment.data.delivered import AUGMENTED_MANIFEST_COLUMNS
from tests.delivered import MIXED, deliver, recipe


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return deliver(tmp_path / "augmented", MIXED, recipe(synthetic=1))


def remove(folder: Path, name: str) -> None:
    (folder / name).unlink()


def keep_columns(folder: Path, *columns: str) -> None:
    write_csv(
        folder / "manifest.csv", [{c: row[c] for c in columns} for row in read_csv(folder / "manifest.csv")], columns
    )


def change_row(folder: Path, **cells: str) -> None:
    first, *others = read_csv(folder / "manifest.csv")
    write_csv(folder / "manifest.csv", [first | cells, *others], AUGMENTED_MANIFEST_COLUMNS)


def cut(folder: Path, name: str) -> None:
    (folder / name).write_text((folder / name).read_text()[:-9])


def change_recipe(folder: Path, **values: object) -> None:
    write_json(folder / "recipe.json", read_json(folder / "recipe.json") | values)


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (partial(remove, name="manifest.csv"), r"manifest\.csv: there is none.*dvc repro"),
        (partial(remove, name="recipe.json"), r"recipe\.json: cannot be read .*dvc repro -f assemble"),
        (partial(remove, name="train/dent/000001.png"), r"1 of the 4 images .*dent/000001\.png.*dvc repro -f assemble"),
        (lambda folder: keep_columns(folder, "path", "label"), r"manifest\.csv: needs the columns path, .*dvc repro"),
        (partial(change_row, path="../secret.png"), r"'\.\./secret\.png' leads out of the folder"),
        (partial(change_row, split="dev"), r"000000\.png' needs a split of train, val, test"),
        (partial(change_row, weight="much"), r"000000\.png' needs .* a weight of at least 0"),
        (partial(change_row, weight="nan"), "a weight of at least 0"),
        (partial(change_row, synthetic="yes"), "synthetic of 0 or 1"),
        (partial(change_row, label="bend"), r"recipe\.json names .*'dent', 'scratch'.* are of \['bend'\]"),
        (partial(change_recipe, arm="magic"), r"recipe\.json: arm: .*dvc repro -f assemble"),
        (partial(change_recipe, epochs=3), r"recipe\.json: epochs: "),
        (partial(cut, name="recipe.json"), r"recipe\.json: Invalid JSON.*dvc repro -f assemble"),
        (partial(cut, name="manifest.csv"), r"manifest\.csv: cut short.*dvc repro"),
    ],
)
def test_what_is_wrong_with_the_folder_is_told(folder: Path, harm: object, words: str) -> None:
    harm(folder)
    with pytest.raises(AugmentError, match=words):
        load_augmented(folder)


def test_a_split_that_there_is_not_and_a_folder_that_there_is_not(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="split must be one of train, val, test, got 'dev'"):
        load_augmented(folder, "dev")
    with pytest.raises(DataError, match="no images of split test"):
        load_augmented(folder, "test")
    with pytest.raises(DataError, match=r"nowhere.*there is none.*dvc repro"):
        load_augmented(tmp_path / "nowhere")


def test_hashes_are_compared_where_that_is_asked_for(folder: Path) -> None:
    (folder / "train/dent/000001.png").write_bytes((folder / "train/dent/000000.png").read_bytes())
    assert load_augmented(folder)[1][0].shape == (1, 6, 8)
    with pytest.raises(DataError, match=r"000001\.png: damaged, or changed"):
        load_augmented(folder, verify=True)


def test_an_image_that_vanishes_later_is_named(folder: Path) -> None:
    train = load_augmented(folder, size=6)
    (folder / "train/dent/000001.png").unlink()
    with pytest.raises(DataError, match=r"train/dent/000001\.png: No such file.*dvc repro -f assemble"):
        list(DataLoader(train, batch_size=4))
