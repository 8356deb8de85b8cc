"""Columns that nothing uses are named with what would use them, and other tables are left in peace."""

import csv
import json
import zipfile
from pathlib import Path

import pytest

from augment.data.cleaning import examine
from augment.params import Ingest
from tests.data.corpus import write_set

IMAGES = [f"{label}/{number}.png" for label in ("cat", "dog") for number in range(6)]
WHO = [f"p{number // 2}{path[0]}" for path in IMAGES for number in [int(path[4])]]  # two images each


def notes(root: Path, source: str = "folder") -> list[str]:
    kinds = ("unread_column", "group_twins", "folder_label")
    return [note for note in examine(Ingest(source=source, path=str(root))).notes if note.startswith(kinds)]


def write(file: Path, columns: list[str], rows: list[tuple[str, ...]], separator: str = ",") -> None:
    if not (file.parent / "cat").is_dir():
        write_set(file.parent)
    with file.open("w", newline="") as stream:
        csv.writer(stream, delimiter=separator).writerows([columns, *rows])


def rows(*columns: list[str]) -> list[tuple[str, ...]]:
    return list(zip(IMAGES, *columns, strict=True))


@pytest.mark.parametrize(
    "name", ["patient", "Patient ID", "subject_id", "lotNr", "case", "site", "scanner", "sessions"]
)
def test_a_column_of_meta_csv_that_images_share(tmp_path: Path, name: str) -> None:
    write(tmp_path / "meta.csv", ["path", name], rows(WHO))
    (note,) = notes(tmp_path)
    assert f"`{name.lower()}` of meta.csv is not read; 12 images have 6 `{name.lower()}` values" in note
    assert note.endswith(f"to use it, rename the column `{name.lower()}` to `group`")


def test_who_lies_on_two_sides_of_a_declared_split_is_counted(tmp_path: Path) -> None:
    sides = ["test" if number % 3 == 0 else "train" for number in range(12)]
    write(tmp_path / "meta.csv", ["path", "split", "patient"], rows(sides, WHO))
    torn = sum(len({side for side, one in zip(sides, WHO, strict=True) if one == who}) > 1 for who in set(WHO))
    assert torn == 4
    assert "of which 4 lie on two sides of the declared split" in notes(tmp_path)[0]


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("patient", [str(number) for number in range(12)]),  # no image shares it
        ("patient", [path[:3] for path in IMAGES]),  # the class once more
        ("patient", ["x"] * 12),
        ("patient", [""] * 12),
        ("colour", WHO),
        ("partition_notes", ["good light", "dim"] * 6),
    ],
)
def test_no_nagging(tmp_path: Path, column: str, values: list[str]) -> None:
    write(tmp_path / "meta.csv", ["path", column], rows(values))
    assert notes(tmp_path) == []


def test_a_header_alone_says_nothing(tmp_path: Path) -> None:
    write(tmp_path / "meta.csv", ["path", "split", "patient"], [])
    assert notes(tmp_path) == []


def test_what_is_used_already_is_not_named(tmp_path: Path) -> None:
    write(tmp_path / "meta.csv", ["path", "group", "patient"], rows(WHO, WHO))
    write(tmp_path / "list.csv", ["file", "patient"], rows(WHO))
    assert notes(tmp_path) == []
    write(tmp_path / "meta.csv", ["path", "group", "patient"], rows([str(n) for n in range(12)], WHO))
    assert notes(tmp_path)[0].endswith("to use it, put what it says into `group`")


@pytest.mark.parametrize("spelt", ["{}", "images/{}", "C:\\set\\{}", "/mnt/set/{}", "{} "])
@pytest.mark.parametrize("name", ["labels.csv", "labels.tsv", "list.txt", "../labels.csv"])
def test_a_table_beside_the_images(tmp_path: Path, name: str, spelt: str) -> None:
    write_set(tmp_path / "set")
    separator = "\t" if name.endswith("tsv") else ";"
    values = [(spelt.format(path), "ab"[int(path[4]) % 2] * 5, who) for path, who in zip(IMAGES, WHO, strict=True)]
    write_rows = [(path, "test" if side[0] == "a" else "train", who) for path, side, who in values]
    with (tmp_path / "set" / name).open("w", newline="") as stream:
        csv.writer(stream, delimiter=separator).writerows([("image", "fold", "patient"), *write_rows])
    (note,) = notes(tmp_path / "set")
    assert note.startswith(f"unread_column: {name} is not read, and has `fold`, `patient`; ")
    assert "copy `image` to `path`, `fold` to `split` and `patient` to `group` of meta.csv" in note


@pytest.mark.parametrize(
    "content",
    [
        [{"file_name": path, "patient": who} for path, who in zip(IMAGES, WHO, strict=True)],
        {"info": {}, "images": [{"file_name": path, "patient": who} for path, who in zip(IMAGES, WHO, strict=True)]},
        {path: {"patient": who} for path, who in zip(IMAGES, WHO, strict=True)},
        {"file": dict(enumerate(IMAGES)), "patient": dict(enumerate(WHO))},
    ],
)
def test_forms_of_json(tmp_path: Path, content: object) -> None:
    write_set(tmp_path)
    (tmp_path / "about.json").write_text(json.dumps(content))
    (note,) = notes(tmp_path)
    assert "about.json is not read, and has `patient`; 12 images have 6 `patient` values" in note


SHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def workbook(file: Path, records: list[tuple[str, ...]]) -> None:
    """The first column in shared texts, the others inline, as programs do either."""
    lines = []
    for number, record in enumerate(records, 1):
        others = "".join(f'<c r="B{number}" t="inlineStr"><is><t>{text}</t></is></c>' for text in record[1:])
        lines.append(f'<row r="{number}"><c r="A{number}" t="s"><v>{number - 1}</v></c>{others}</row>')
    texts = "".join(f"<si><t>{record[0]}</t></si>" for record in records)
    with zipfile.ZipFile(file, "w") as archive:
        sheet = f'<worksheet xmlns="{SHEET}"><sheetData>{"".join(lines)}</sheetData></worksheet>'
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
        archive.writestr("xl/sharedStrings.xml", f'<sst xmlns="{SHEET}">{texts}</sst>')


def test_a_workbook(tmp_path: Path) -> None:
    write_set(tmp_path)
    workbook(tmp_path / "study.xlsx", [("file", "patient"), *rows(WHO)])
    assert "study.xlsx is not read, and has `patient`; 12 images have 6 `patient` values" in notes(tmp_path)[0]


def test_the_names_in_a_parquet_file(tmp_path: Path) -> None:
    write_set(tmp_path)
    footer = b"\x15\4\x19\x0cfile_name\x15\x18\x0apatient_id\x16"
    (tmp_path / "x.parquet").write_bytes(b"PAR1" + footer + len(footer).to_bytes(4, "little") + b"PAR1")
    assert notes(tmp_path)[0].startswith("unread_column: x.parquet is not read, and has `patient_id`; to use it, copy")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("log.csv", b"epoch,run\n" + b"".join(b"%d,%d\n" % (n, n // 2) for n in range(12))),
        ("other.csv", b"file,patient\nx/1.tif,1\nx/2.tif,1\nx/3.tif,2\n"),
        ("cut.xlsx", b"PK\x03\x04" + bytes(50)),
        ("cut.parquet", b"PAR1" + b"\xff" * 8 + b"PAR1"),
        ("deep.json", b"[" * 100_000),
        ("bytes.csv", bytes(range(256))),
        ("empty.csv", b""),
        ("null.json", b"null"),
        ("mixed.json", b'{"a": [], "b": 3, "c": [1, {"x": 2}]}'),
    ],
)
def test_files_of_something_else_are_left_in_peace(tmp_path: Path, name: str, content: bytes) -> None:
    write_set(tmp_path)
    (tmp_path / name).write_bytes(content)
    assert notes(tmp_path) == []


def test_groups_that_differ_in_nothing_are_told(tmp_path: Path) -> None:
    groups = [["P1", "p1 ", "p\u200b1", "P2"][number % 4] for number in range(12)]
    write(tmp_path / "meta.csv", ["path", "group"], rows(groups))
    assert notes(tmp_path)[0].startswith("group_twins: 1 group written in several ways, for example 'P1' and 'p1'")
    write(
        tmp_path / "meta.csv", ["path", "group"], rows([["1", "1.0", "01", "10"][number % 4] for number in range(12)])
    )
    assert notes(tmp_path)[0].startswith("group_twins: 1 group")


def test_a_list_that_contradicts_its_folders_is_told(tmp_path: Path) -> None:
    labels = [path[:3] for path in IMAGES]
    write(tmp_path / "images.csv", ["path", "label", "patient"], rows(["dog", *labels[1:]], WHO))
    patient, folder = notes(tmp_path, "list")
    assert "`patient` of images.csv is not read" in patient
    assert (
        folder
        == "folder_label: 1 image in the folder of another class (cat/0.png is 'dog' in images.csv); the table counts"
    )
    write(tmp_path / "images.csv", ["path", "label"], rows(["x", "y"] * 6))
    assert notes(tmp_path, "list") == [], "its labels are others"
