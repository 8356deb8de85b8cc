"""docs/files.md is what the code says, and the code says it of every table that is written."""

from pathlib import Path

import pytest

from augment.data import imageset, prepare
from augment.data.delivered import AUGMENTED_MANIFEST_COLUMNS, METADATA_COLUMNS, Recipe
from augment.evaluation.columns import EVALUATION, columns
from augment.evaluation.samples.judging import SAMPLE_COLUMNS
from augment.gan.bundle_files import Manifest
from augment.gan.training.run import HISTORY_COLUMNS
from pipeline.files import FILES, OTHERS, PARTS, document
from pipeline.generate import COLUMNS

ROOT = Path(__file__).parent.parent.parent
WRITTEN = {
    "data/prepared/manifest.csv": prepare.MANIFEST,
    "data/prepared/<split>/index.csv": imageset.COLUMNS,
    "models/<slug>/curve.csv": HISTORY_COLUMNS,
    "models/<slug>/manifest.json": tuple(Manifest.model_fields),
    "data/synthetic/manifest.csv": COLUMNS,
    "data/augmented/manifest.csv": AUGMENTED_MANIFEST_COLUMNS,
    "data/augmented/<split>/metadata.csv": METADATA_COLUMNS,
    "data/augmented/recipe.json": tuple(Recipe.model_fields),
}


def test_the_page_is_up_to_date() -> None:
    written = (ROOT / "docs/files.md").read_text(encoding="utf-8")
    assert written == document(), "python -m pipeline.files > docs/files.md"


def test_the_page_is_wrapped_and_its_cells_are_short() -> None:
    lines = document().splitlines()
    assert not [line for line in lines if len(line) > 100 and not line.startswith("|")]
    meanings = [
        *OTHERS.values(),
        *(text for file in (*FILES.values(), *EVALUATION.values()) for text in file.columns.values()),
    ]
    assert not [text for text in [*meanings, PARTS] if len(text.split()) > 12]


@pytest.mark.parametrize("path", WRITTEN)
def test_rooms_that_do_not_know_the_table_write_what_it_says(path: str) -> None:
    """Columns of a table in their order; keys of a JSON mapping have none."""
    ordered = tuple if path.endswith(".csv") else sorted
    assert ordered(FILES[path].columns) == ordered(WRITTEN[path])


@pytest.mark.parametrize("name", SAMPLE_COLUMNS)
def test_tables_of_the_samples_are_written_as_the_report_reads_them(name: str) -> None:
    assert columns(name) == SAMPLE_COLUMNS[name]
