"""Rows from elsewhere (another site, another year): every arm is tested on them, and nothing is decided by them."""

from collections.abc import Sequence
from pathlib import Path

from augment.core.errors import DataError
from augment.core.progress import first_few
from augment.data.rows.columns import Schema
from augment.data.rows.findings import settle_rows
from augment.data.rows.known import read_known
from augment.data.rows.prepare import row_set
from augment.data.rows.rowset import RowSet
from augment.data.sources.disk import is_bare, is_hidden, shown
from augment.data.split.split import nearest
from augment.evaluation.experiment.external import check_apart
from augment.params import Ingest

WHERE = "evaluate.external"


def read_external_rows(place: Path, ingest: Ingest, schema: Schema, classes: Sequence[str]) -> RowSet | None:
    """The usable rows of a file with these columns, or of the one that a folder holds; None where nothing but a README
    is in it.

    Equal rows are one group, or copies, as `ingest` has it. Raises `DataError` for what is not there, what `read_known`
    refuses, a class that is not among `classes`, and where no row is left.
    """
    path = _file_in(place)
    if path is None:
        return None
    try:
        findings = read_known(path, schema, ingest.group_column)
        settle_rows(findings, ingest.model_copy(update={"conflicts": "drop", "min_per_class": 1}))
    except DataError as error:
        raise DataError(f"{WHERE}: {error}") from error
    strange = [label for label, number in findings.counts().items() if number and label not in classes]
    if strange:
        which = f"class {shown(strange[0])!r} is not among those that are trained"
        mend = f"rename it, or take its rows out: {nearest(strange[0], classes)}"
        raise DataError(f"{WHERE}: {shown(str(path))}: {which}; {mend}")
    if not findings.usable:
        raise DataError(f"{WHERE}: {shown(str(path))}: no row of it can be used; give rows with a class, or an empty "
                        "folder for none")  # fmt: skip
    for at in findings.usable:
        findings.entries[at].split = "test"
    return row_set(findings, "test")


def require_apart(external: RowSet, seen: Sequence[RowSet]) -> None:
    """Raises `DataError` when an external row is one of these, which repeats train on or hold out as val; where no
    column is continuous, rows equal each other by chance."""
    if external.schema.is_continuous:
        check_apart(external, seen)


def _file_in(place: Path) -> Path | None:
    if place.is_file():
        return place
    if not place.is_dir():
        raise DataError(f"{WHERE}: there is nothing called {shown(str(place))}; name a file, or a folder with one")
    if is_bare(place):
        return None
    found = sorted(path for path in place.iterdir() if not is_hidden(path.name) and not path.name.startswith("README"))
    if len(found) != 1 or not found[0].is_file():
        names = first_few([shown(path.name) for path in found], 5)
        raise DataError(f"{WHERE}: {shown(str(place))} holds {names}; of a table it takes one file with its columns")
    return found[0]
