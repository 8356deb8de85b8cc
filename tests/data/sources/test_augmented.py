"""data/augmented read back as images, its tables beside them, and the folder of one split by itself."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from augment.core.files import read_csv
from augment.data.findings import Findings
from tests.data.corpus import look
from tests.delivered import deliver, recipe

LABELS = ("a/b", "bag")
FORMULAS = ("=1+1", "bag")  # the words of labels, and first parts of paths


@pytest.fixture(params=[LABELS, FORMULAS])
def labels(request: pytest.FixtureRequest) -> tuple[str, ...]:
    found: tuple[str, ...] = request.param
    return found


@pytest.fixture
def delivered(tmp_path: Path, labels: tuple[str, ...]) -> Path:
    """Six real images of each class and split, and two synthetic ones in train."""
    rng = np.random.default_rng(0)
    pictures = [
        (split, label, made, 1.0, Image.fromarray(rng.integers(0, 256, (24, 20), dtype=np.uint8)))
        for split in ("train", "val", "test")
        for label in labels
        for made in (*[False] * 6, *[True] * 2 * (split == "train"))
    ]
    return deliver(tmp_path / "augmented", pictures, recipe(classes=labels, synthetic=4))


def used(found: Findings) -> Mapping[tuple[str, str], int]:
    """(label, split) -> images."""
    keys = [(entry.label, entry.declared_split) for entry in found.usable]
    return {key: keys.count(key) for key in keys}


def test_the_whole_folder_is_read_by_its_manifest(delivered: Path, labels: tuple[str, ...]) -> None:
    found = look(delivered)
    assert not found.blockers
    assert used(found) == {(label, split): 6 for label in labels for split in ("train", "val", "test")}
    of_tables = {entry.path: entry.outcome for entry in found.entries if not entry.path.endswith(".png")}
    assert of_tables == dict.fromkeys(
        ["manifest.csv", "recipe.json", "test/metadata.csv", "train/metadata.csv", "val/metadata.csv"], "ignored"
    )
    assert [note for note in found.notes if note.startswith("synthetic")] == [
        "synthetic: 4 images that manifest.csv calls synthetic are left out; the real ones are read"
    ]
    assert not [note for note in found.notes if note.startswith("unread_column")]


def test_the_folder_of_one_split_is_read_by_its_metadata(delivered: Path, labels: tuple[str, ...]) -> None:
    found = look(delivered / "train")
    assert not found.blockers
    assert used(found) == {(label, ""): 6 for label in labels}
    assert any("4 images that metadata.csv calls synthetic" in note for note in found.notes)


def test_anothers_metadata_is_no_list_of_ours(delivered: Path, labels: tuple[str, ...]) -> None:
    """Of its columns `synthetic` alone would say that an image is none."""
    (delivered / "train/metadata.csv").write_text("file_name,synthetic\n")
    assert sum(used(look(delivered / "train")).values()) == 8 * len(labels)


def test_names_in_metadata_lead_to_files_in_any_reader(delivered: Path, labels: tuple[str, ...]) -> None:
    """Without an apostrophe, which other readers would take for a part of the name, and none is a formula."""
    for split in ("train", "val", "test"):
        lines = (delivered / split / "metadata.csv").read_text().splitlines()
        assert lines[0] == "file_name,label,synthetic,weight"
        names = [line.split(",")[0] for line in lines[1:]]
        assert all((delivered / split / name).is_file() for name in names)
        assert not [name for name in names if name.startswith(("=", "'"))]
        assert {row["label"] for row in read_csv(delivered / split / "metadata.csv")} == set(labels)
