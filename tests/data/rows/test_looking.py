"""What a column is, by looking; which ones are left out or stop a run, and how a person overrules that."""

import pytest

from augment.data.rows.looking import spells_out, type_columns
from augment.data.rows.reading import RawTable

ROWS = 60
LABELS = ["a", "b", "b"] * (ROWS // 3)


def looked(cells: list[str], name: str = "x", asked: str | None = None) -> tuple[str, str]:
    """(kind or code, message) of one column."""
    table = RawTable("t.csv", {name: cells}, list(range(2, len(cells) + 2)))
    found = type_columns(table, [name], LABELS[: len(cells)], {name: asked} if asked else {})
    if found.columns:
        return found.columns[0].kind, ""
    (one,) = [*found.left_out, *found.blockers]
    return one.code, one.message


def cycled(*cells: str) -> list[str]:
    return [cells[at % len(cells)] for at in range(ROWS)]


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ([f"{0.37 * at:.2f}" for at in range(ROWS)], "numeric"),
        (cycled("1e-3", "2.5", "-7", ".5", ""), "numeric"),
        (cycled("3", "4", "4.0", "9"), "integer"),
        (cycled("0", "1"), "categorical"),
        (cycled("red", "green", "", "blue"), "categorical"),
        (cycled("A1", "12", "B2", "C3"), "categorical"),
        (cycled("7"), "constant"),
        (cycled("7", "7.0"), "constant"),
        (cycled("7", "7", "7", ""), "categorical"),
        (cycled("yes", "", "", "NA"), "categorical"),
        (cycled("none", "", "NA"), "constant"),
        (cycled(""), "constant"),
        ([str(at) for at in range(ROWS)], "identifier"),
        ([f"part-{at}" for at in range(ROWS)], "identifier"),
        (cycled("01067", "10115", "99999"), "categorical"),
        ([f"{at:05}" for at in range(100, 100 + ROWS)], "identifier"),
        ([str(10**17 + at // 2) for at in range(ROWS)], "identifier"),
        ([f"{10**17 + at // 2}.5e3" for at in range(ROWS)], "integer"),
        (cycled("2024-01-02", "2023-11-30"), "date"),
        (cycled("02.01.2024", "30.11.2023"), "date"),
        (LABELS, "leak"),
        ([{"a": "first", "b": "second"}[label] for label in LABELS], "leak"),
        ([*cycled("1.5", "2.5")[:-2], "n.a.", "broken"], "mixed"),
        ([f"the part number {at} fell off the belt" for at in range(ROWS)], "prose"),
        ([f"{0.37 * at:.2f} mm" for at in range(ROWS)], "no_number"),
        ([f"$ {1234 + 567 * at:,}.50" for at in range(ROWS)], "no_number"),
        ([f"{at},5" for at in range(ROWS)], "no_number"),
        (cycled("5 mm", "7 mm"), "categorical"),
        ([f"{at}{'abc'[at % 3]}" for at in range(ROWS)], "identifier"),
        ([f"10.1.1.{at}" for at in range(ROWS)], "identifier"),
    ],
)
def test_a_column_is_what_it_looks_like(cells: list[str], kind: str) -> None:
    assert looked(cells)[0] == kind


def test_a_column_called_id_with_distinct_numbers_numbers_the_rows() -> None:
    assert looked([str(7 * at * at) for at in range(ROWS)], "part_id")[0] == "identifier"
    assert looked([str(7 * at * at) for at in range(ROWS)], "area")[0] == "integer"


def test_messages_name_the_column_what_was_found_and_what_to_do() -> None:
    message = looked([*cycled("1.5", "2.5")[:-1], "broken"])[1]
    assert "59 numbers and 1 other texts" in message
    assert "'broken' in line 61" in message
    assert "ingest.columns: {x: categorical}" in message
    assert "left_out" in looked([f"the part number {at} fell off the belt" for at in range(ROWS)])[1]
    assert "'0.00 mm'" in looked([f"{0.37 * at:.2f} mm" for at in range(ROWS)])[1]


def test_no_message_advises_what_another_one_refuses() -> None:
    """Numbers with one slip among them, and names of rows, have more texts than a category may."""
    slip = [*(f"{0.37 * at:.2f}" for at in range(ROWS - 1)), "inf"]
    for cells in (slip, [f"part-{at}" for at in range(ROWS)]):
        assert looked(cells, asked="categorical")[0] == "many_levels"
        assert "left_out" in looked(cells, asked="categorical")[1]
        assert "categorical" not in looked(cells)[1]


@pytest.mark.parametrize(
    ("cells", "asked", "kind"),
    [
        (cycled("0", "1"), "integer", "integer"),
        (cycled("10115", "20095", "50667"), "categorical", "categorical"),
        ([str(at) for at in range(ROWS)], "numeric", "numeric"),
        (LABELS, "categorical", "categorical"),
        (cycled("1", "2", "3"), "left_out", "asked"),
        (cycled("1", "x"), "numeric", "no_number"),
        (cycled("1", "1.5"), "integer", "no_integer"),
        ([f"t{at}" for at in range(ROWS)], "categorical", "many_levels"),
    ],
)
def test_a_person_overrules_it(cells: list[str], asked: str, kind: str) -> None:
    assert looked(cells, asked=asked)[0] == kind


def test_a_leak_is_a_one_to_one_relation_and_no_less() -> None:
    assert spells_out(["x", "y", "y"], ["a", "b", "b"])
    assert not spells_out(["x", "y", "z"], ["a", "b", "b"]), "it says more"
    assert not spells_out(["x", "x", "y"], ["a", "b", "b"]), "it says less"
