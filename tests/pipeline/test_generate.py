"""What the manifest of data/synthetic says of a sample."""

from pathlib import Path

import numpy as np
import pytest

from augment.synthesis.selection import ClassCandidates
from pipeline import generate


def test_the_image_that_was_varied_is_named_by_its_position_among_all_classes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generate, "SYNTHETIC", tmp_path)
    found = ClassCandidates(
        "b", 5, np.zeros((4, 1, 8, 8), np.uint8), np.array([-1, 2, 0, -1]), np.ones(4), 0.5, np.zeros(4, np.bool_),
        np.zeros(4, np.int64), np.ones(4), 0.1, np.array(["", "", "near_copy", "surplus"]),
    )  # fmt: skip
    rows = generate.write_class(found, np.array([3, 7, 9]))
    assert [row["source_image"] for row in rows] == ["", 9, 3, ""]
    assert [row["borrowed"] for row in rows] == [0, 1, 1, 0]
    assert tuple(rows[0]) == generate.COLUMNS
    assert sorted(path.name for path in tmp_path.rglob("*.png")) == ["000000.png", "000001.png"]
