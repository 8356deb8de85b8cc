"""Slugs and folder names: safe on every system, and two labels never share one."""

import hashlib
import re
from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.core.files import (
    folder_name,
    slug,
)

LABELS = st.text(min_size=1, max_size=120) | st.sampled_from(["con", "NUL.txt", "..", ".hidden", "a/b", "a\\b", "a b"])


def digest(label: str) -> str:
    return hashlib.sha256(label.encode("utf-8", "surrogateescape")).hexdigest()[:6]


@pytest.mark.parametrize("label", ["bag", "0", "a-b-2", "x" * 48])
def test_a_safe_label_is_its_own_slug(label: str) -> None:
    assert slug(label) == label


@pytest.mark.parametrize(
    ("label", "base"),
    [
        ("Bag", "bag"),
        ("Größe 7", "groe-7"),
        ("a/b", "a-b"),
        ("../../etc", "etc"),
        ("$(rm -rf ~)", "rm-rf"),
        ("猫", "class"),
        ("x" * 49, "x" * 40),
        ("", "class"),
        ("caf\udce9", "caf"),
    ],
)
def test_another_label_gets_a_base_and_its_hash(label: str, base: str) -> None:
    assert slug(label) == f"{base}-{digest(label)}"


@given(LABELS)
def test_a_slug_is_always_safe(label: str) -> None:
    assert re.fullmatch(r"[a-z0-9-]{1,48}", slug(label))


@given(st.lists(LABELS, min_size=2, max_size=6, unique=True))
def test_two_labels_never_share_a_slug_by_their_look(labels: list[str]) -> None:
    variants = [variant for label in labels for variant in (label, label + " ", label.upper())]
    assert len({slug(label) for label in variants}) == len(set(variants))


@pytest.mark.parametrize(
    "label", ["bag", "Größe 7", "猫", "a'b", "a;b&c $(x)", "x" * 100, "é" * 100, "a.b", "X-ray X", "com10"]
)
def test_a_usable_label_stays_the_folders_name(label: str) -> None:
    assert folder_name(label) == label


@pytest.mark.parametrize(
    "label",
    [
        "", ".", "..", ".hidden", "-X", "end ", "end.", "a/b", "a\\b", "a:b", 'a"b', "a*b", "a?b", "a|b", "a<b", "a\nb",
        "Con", "NUL", "nul.txt", "Com1", "lpt9.tar", "x" * 101, "é" * 99 + "猫", "a\u202eb", "a\x7fb",
        "manifest.csv", "MANIFEST.csv", "metadata.csv",
    ],
)  # fmt: skip
def test_another_becomes_the_slug(label: str) -> None:
    assert folder_name(label) == slug(label) != label


@given(LABELS)
def test_a_folder_name_is_one_part_of_a_path_everywhere(label: str) -> None:
    name = folder_name(label)
    assert PurePosixPath("root", name).parts == ("root", name)
    assert PureWindowsPath("root", name).parts == ("root", name)
    assert name == name.strip(" .-") or name == slug(label)
    assert len(name.encode()) <= 200
