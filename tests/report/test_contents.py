"""What the page is read from: what is missing or damaged is named."""

import re

import pytest

from augment.core.errors import AugmentError, DataError
from tests.report.pages import make, read
from tests.report.results import end_evaluation


def test_a_missing_file_is_named(tmp_path):
    make(tmp_path)
    (tmp_path / "reports/evaluation/arms.csv").unlink()
    with pytest.raises(DataError, match=r"arms\.csv.*dvc repro"):
        read(tmp_path)


@pytest.mark.parametrize(
    "name", ["reports/evaluation/arms.csv", "reports/evaluation/verdict.json", "data/synthetic/manifest.csv",
             "data/prepared/test/images.npy", "models/bag/manifest.json", "data/synthetic/bag/000000.png",
             "data/augmented/train/bag/000000.png"]
)  # fmt: skip
def test_a_damaged_file_is_named(tmp_path, name):
    make(tmp_path)
    path = tmp_path / name
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 1
    path.write_bytes(whole)
    with pytest.raises(AugmentError, match=f"{path}:"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "lacks"),
    [
        ("arms.csv", "arm,kind\nnone,real\n", "the columns mean, low"),
        (
            "verdict.json",
            '{"sentence": "s", "reasons": [], "advice": []}',
            "the keys verdict, primary, gain, equivalence",
        ),
    ],
)
def test_what_a_file_lacks_is_named(tmp_path, name, content, lacks):
    make(tmp_path)
    (tmp_path / "reports/evaluation" / name).write_text(content)
    end_evaluation(tmp_path / "reports")
    with pytest.raises(DataError, match=f"{re.escape(name)}: lacks {lacks}"):
        read(tmp_path)
