"""What the page is read from: what is missing or damaged is named."""

import pytest

from augment.core.errors import AugmentError, DataError
from tests.report.builder import end_evaluation
from tests.report.pages import make, read


def test_a_missing_file_is_named(tmp_path):
    make(tmp_path)
    (tmp_path / "reports/evaluation/arms.csv").unlink()
    with pytest.raises(DataError, match=r"arms\.csv.*dvc repro"):
        read(tmp_path)


@pytest.mark.parametrize(
    "name", ["reports/evaluation/arms.csv", "reports/evaluation/verdict.json", "data/synthetic/manifest.csv",
             "data/prepared/test/images.npy", "models/bag/manifest.json", "data/synthetic/bag/000000.png"]
)  # fmt: skip
def test_a_damaged_file_is_named(tmp_path, name):
    make(tmp_path)
    path = tmp_path / name
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 1
    path.write_bytes(whole)
    with pytest.raises(AugmentError, match=f"{path}:"):
        read(tmp_path)


def test_a_missing_column_is_named(tmp_path):
    make(tmp_path)
    (tmp_path / "reports/evaluation/arms.csv").write_text("arm,kind\nnone,real\n")
    end_evaluation(tmp_path / "reports")
    with pytest.raises(DataError, match=r"arms\.csv: lacks the columns mean, low"):
        read(tmp_path)


def test_a_missing_key_is_named(tmp_path):
    make(tmp_path)
    (tmp_path / "reports/evaluation/verdict.json").write_text('{"sentence": "s", "reasons": [], "advice": []}')
    end_evaluation(tmp_path / "reports")
    with pytest.raises(DataError, match=r"verdict\.json: lacks the keys protocol, base, first_line, delivery"):
        read(tmp_path)
