"""What a class may be called, asked before anything trains."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.core.files import slug
from augment.core.words import printable
from augment.data.sources.labels import (
    MAX_INDEX_BYTES,
    MAX_LABEL_LENGTH,
    label_blockers,
    label_fault,
    label_faults,
)


def codes(*labels: str) -> dict[str, str]:
    return {label: code for label, code, _ in label_faults(labels)}


def test_names_that_would_share_a_folder_are_both_named() -> None:
    assert slug("CON") == "con-a3dbc4"
    assert codes("CON", "con-a3dbc4", "fine") == {"CON": "class_slug_clash", "con-a3dbc4": "class_slug_clash"}
    assert codes("con", "con-a3dbc4") == {}


@pytest.mark.parametrize("label", ["", "x" * (MAX_LABEL_LENGTH + 1)])
def test_a_name_has_a_length(label: str) -> None:
    assert codes(label, "fine") == {label: "class_name_length"}


@pytest.mark.parametrize("label", ["a\x1b[2J", "a\nb", "\x00", "\ud800", "a\u202eb", "a\u2066b", "a\u2028b"])
def test_what_a_terminal_obeys_is_no_name(label: str) -> None:
    assert codes(label) == {label: "class_bad_name"}
    assert printable(label, line=True).isprintable()


@pytest.mark.parametrize(
    "label", ["; rm -rf x", "$(x)", "-rf", "..", "日本語", "\N{SNOWMAN}", "👩‍🔬", "שלום", "a" * 1024, "@%'\""]
)
def test_whatever_can_be_read_is_a_name(label: str) -> None:
    assert label_fault(label) is None


def test_classes_fit_into_one_index() -> None:
    many = [f"{number:0600d}" for number in range(1000)]
    assert label_faults(many) == []
    more = [f"{number:01000d}" for number in range(1000)]
    assert [code for _, code, _ in label_faults(more)] == ["too_many_classes"]
    assert sum(2 * len(label) for label in more) > MAX_INDEX_BYTES * 0.9


def test_images_are_refused_for_what_their_bundles_could_not_bear() -> None:
    found = {blocker.code for blocker in label_blockers("here", ["CON", "con-a3dbc4", "x" * 2000, "a\u202eb"])}
    assert found == {"class_slug_clash", "class_name_length", "class_bad_name"}


@settings(max_examples=200)
@given(st.lists(st.text(max_size=12), max_size=6, unique=True))
def test_sound_names_have_folders_of_their_own(labels: list[str]) -> None:
    if not label_faults(labels):
        assert len({slug(label) for label in labels}) == len(labels)
