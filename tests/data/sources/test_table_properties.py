"""Tables of a person, whatever they hold: what is written is what is read, in any order of rows, or a stop is said."""

import csv
import io
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from augment.data.entries import Blocker, Entry
from augment.data.sources import meta
from augment.data.sources.folder import folder
from augment.data.sources.images_csv import listing
from tests.data.corpus import write_set

FOLDER = tempfile.TemporaryDirectory(prefix="gan-augment-tables-")
ROOT = Path(FOLDER.name)
write_set(ROOT / "raw", each=3)
PATHS = [f"{label}/{index}.png" for label in ("cat", "dog") for index in range(3)]

cells = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=12).map(str.strip)
splits = st.sampled_from(["train", "val", "test", ""])
tables = st.dictionaries(st.sampled_from(PATHS), st.tuples(cells, splits), min_size=1)
forms = st.tuples(st.sampled_from(["utf-8", "utf-8-sig"]), st.sampled_from(["\n", "\r\n"]), st.sampled_from([0, 1]))


def content(header: list[str], rows: list[tuple[str, ...]], form: tuple[str, str, int]) -> bytes:
    """A table as some program writes it: with or without a mark, either line end, few or all cells quoted."""
    encoding, line_end, quoting = form
    stream = io.StringIO()
    csv.writer(stream, lineterminator=line_end, quoting=quoting).writerows([header, *rows])  # type: ignore[arg-type]
    return stream.getvalue().encode(encoding)


def with_meta(
    rows: list[tuple[str, ...]], form: tuple[str, str, int] = ("utf-8", "\n", 0)
) -> tuple[list[Entry], list[Blocker]]:
    """The folder's entries after its meta.csv, and what contradicts itself."""
    (ROOT / "raw/meta.csv").write_bytes(content(["path", "group", "split"], rows, form))
    entries, blockers, _ = folder(ROOT / "raw")
    return entries, blockers + meta.apply(ROOT / "raw", entries)


def said(entries: list[Entry]) -> dict[str, tuple[str, str]]:
    return {entry.path: (entry.group, entry.declared_split) for entry in entries if entry.path in PATHS}


@given(tables, forms, st.randoms(use_true_random=False))
def test_meta_csv_says_what_was_written(table: dict[str, tuple[str, str]], form: tuple[str, str, int], random) -> None:
    rows = [(path, *table[path]) for path in random.sample(sorted(table), len(table))]
    entries, blockers = with_meta(rows, form)
    assert not blockers
    assert said(entries) == {path: table.get(path, ("", "")) for path in PATHS}


@given(tables, forms, st.randoms(use_true_random=False))
def test_images_csv_lists_what_was_written(
    table: dict[str, tuple[str, str]], form: tuple[str, str, int], random
) -> None:
    rows = [(f"raw/{path}", path[:3], *table[path]) for path in random.sample(sorted(table), len(table))]
    both = [f"{label}/0.png" for label in ("cat", "dog")]  # fewer than two classes would stop
    rows += [(f"raw/{path}", path[:3], *table.get(path, ("", ""))) for path in both]
    (ROOT / "images.csv").write_bytes(content(["path", "label", "group", "split"], rows, form))
    entries, blockers = listing(ROOT)
    assert not blockers
    found = {entry.path.removeprefix("raw/"): (entry.label, entry.group, entry.declared_split) for entry in entries[1:]}
    expected = table | {path: table.get(path, ("", "")) for path in both}
    assert found == {path: (path[:3], *values) for path, values in expected.items()}


@given(tables, st.sampled_from(PATHS), splits)
def test_two_rows_about_one_file_agree_or_stop(table: dict[str, tuple[str, str]], path: str, other: str) -> None:
    rows = [(name, *values) for name, values in table.items()] + [(path, "g", other)]
    entries, blockers = with_meta(rows)
    agree = table.get(path, ("g", other)) == ("g", other)
    assert [blocker.code for blocker in blockers] == ([] if agree else ["bad_meta"])
    assert not agree or said(entries)[path] == ("g", other)
