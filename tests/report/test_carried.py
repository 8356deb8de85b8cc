"""The section on carried defects: there where a class was to be translated, and only there."""

from pathlib import Path

import numpy as np
import pytest

from augment.core.errors import DataError
from augment.core.files import write_csv
from augment.core.grids import write_grid
from augment.data.checksums import write_checksums
from augment.report.carried import COLUMNS, read_carried


def found(folder: Path) -> Path:
    """A class that was carried, and one that was not."""
    rows = [
        {"label": "pit", "lender": "good", "translated": 1, "images": 10, "usable": 9, "reason": "", "learned": 0},
        {
            "label": "odd",
            "lender": "good",
            "translated": 0,
            "images": 4,
            "usable": 0,
            "reason": "no twins",
            "learned": 0,
        },
    ]
    write_csv(folder / "transplants.csv", rows, COLUMNS)
    write_grid(folder / "pit-carried.png", np.zeros((8, 1, 16, 16), np.uint8), 8)
    write_checksums(folder, ["transplants.csv", "pit-carried.png"])
    return folder


def test_nothing_is_shown_where_no_class_was_to_be_translated(tmp_path: Path) -> None:
    assert read_carried(tmp_path) == []


def test_each_class_is_told_in_words_and_shown_where_it_was_carried(tmp_path: Path) -> None:
    pit, odd = read_carried(found(tmp_path))
    assert pit.words == "One compact defect was found on 9 of 10 images, and carried onto images of good."
    assert pit.picture.startswith("data:image/")
    assert (odd.words, odd.picture) == ("Not carried onto good: no twins.", "")


def test_a_picture_that_changed_is_refused(tmp_path: Path) -> None:
    found(tmp_path)
    (tmp_path / "pit-carried.png").write_bytes(b"other")
    with pytest.raises(DataError, match=r"pit-carried\.png"):
        read_carried(tmp_path)
