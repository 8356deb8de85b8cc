"""A file of descriptions in every form, and what is wrong with one."""

from pathlib import Path

import pytest

from augment.core.errors import DataError
from augment.data.descriptions.reading import attributes_text, read_descriptions
from augment.data.descriptions.text import description_fault, words_in

FORMS = {
    "d.csv": 'class,description\nboot,"high shaft, heel"\nboot/17.png,muddy boot\n',
    "semicolons.csv": "Class;Description\nboot;high shaft, heel\nboot/17.png;muddy boot\n",
    "d.json": '{"boot": "high shaft,\\n  heel", "boot/17.png": "muddy boot"}',
    "d.yaml": "boot: {shaft: high shaft, heel: true, worn: false, note: null}\nboot/17.png: muddy boot\n",
    "attributes.csv": "label,path,shaft,heel,worn\nboot,,high shaft,true,false\nboot,boot/17.png,muddy boot,,\n",
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_says_the_same(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(FORMS[name])
    said = read_descriptions(tmp_path / name)
    if name == "attributes.csv":  # a row that has both is of the image
        assert said == {"boot": "high shaft, heel", "boot/17.png": "muddy boot"}
    assert {key: words_in(text) for key, text in said.items()} == {
        "boot": ["high", "shaft", "heel"], "boot/17.png": ["muddy", "boot"],
    }  # fmt: skip


def test_a_class_that_looks_like_a_number_keeps_its_spelling(tmp_path: Path) -> None:
    (tmp_path / "d.yaml").write_text("01: round\n1: straight\n7: {tilt: 007}\n")
    assert read_descriptions(tmp_path / "d.yaml") == {"01": "round", "1": "straight", "7": "007"}


def test_a_folder_holds_one_file_beside_its_readme(tmp_path: Path) -> None:
    assert read_descriptions(tmp_path / "nowhere") == {}
    (tmp_path / "README.md").write_text("x")
    assert read_descriptions(tmp_path) == {}
    (tmp_path / "d.yaml").write_text("a: round\n")
    assert read_descriptions(tmp_path) == {"a": "round"}
    (tmp_path / "more.yaml").write_text("b: round\n")
    with pytest.raises(DataError, match=r"2 files, of which d\.yaml; ingest\.descriptions takes one file of \.csv"):
        read_descriptions(tmp_path)


BAD = {
    "none.csv": (None, "there is no such file"),
    "d.txt": ("a: b", "\\.txt; ingest.descriptions takes one file of"),
    "empty.csv": ("", "no column `class` in its header"),
    "names.csv": ("name,description\na,b\n", "no column `class` in its header"),
    "twice.csv": ("class,description\na,b\na,c\n", "line 3: 'a' is described twice"),
    "nobody.csv": ("class,description\n,b\n", "line 2: it names no class and no image"),
    "nothing.csv": ("class,description\n", "it describes nothing"),
    "no-words.csv": ("class,description\na,...\n", "'a': '...': it holds no word"),
    "blank.yaml": ("a: {worn: false}", "'a': '': it holds no word"),
    "endless.yaml": ("a: " + "long " * 100, "'a': .*499 characters, at most 300"),
    "list.json": ("[1, 2]", "it holds a list: .* not names with descriptions"),
    "deep.json": ('{"a": {"b": {"c": 1}}}', "'a' has a dict: .* not a text or a table of attributes"),
    "number.json": ('{"a": 3}', "'a' has 3, not a text"),
    "broken.json": ('{"a": ', "Expecting value"),
    "broken.yaml": ("a: [", "d|expected"),
    "latin.json": (b'{"a": "\xe9"}', "utf-8"),
    "hidden.json": ('{"a": "b\\u0000c"}', "a character that is no sign to be seen"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_one_message_that_names_the_file(name: str, tmp_path: Path) -> None:
    content, message = BAD[name]
    if content is not None:
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError, match=message) as caught:
        read_descriptions(tmp_path / name)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


def test_attributes_are_told_by_their_values() -> None:
    assert attributes_text({"colour": "dark red", "striped": True, "worn": False, "note": None, "n": 3}) == (
        "dark red, striped, 3"
    )
    assert attributes_text({"striped": "TRUE", "worn": "false", "note": " "}) == "striped"


def test_words_are_without_case_width_and_order_of_blanks() -> None:
    assert words_in("Small  RED circle, ｓmall!") == ["small", "red", "circle"]
    assert words_in("T-shirt's 3.5 cm, v_neck") == ["t-shirt's", "3.5", "cm", "v", "neck"]
    assert words_in("großer Kreis; 小さい") == ["grosser", "kreis", "小さい"]
    assert description_fault("a") == ""
    assert description_fault("!?") == "it holds no word"
