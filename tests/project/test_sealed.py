"""What is found under a name is what was put there under it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from augment.project.sealed import HASH_DIGITS, read_sealed, write_sealed


@given(st.binary(max_size=50), st.text(max_size=5), st.text(max_size=5))
def test_only_its_own_name_opens_it(tmp_path_factory: pytest.TempPathFactory, content: bytes, name: str, other: str):
    file = tmp_path_factory.mktemp("store") / "file"
    write_sealed(file, name, content)
    assert read_sealed(file, name) == content
    assert read_sealed(file, other) == (content if other == name else None)


def test_every_flip_and_every_cut_is_seen(tmp_path: Path) -> None:
    file = tmp_path / "file"
    write_sealed(file, "a", b"some weights")
    whole = file.read_bytes()
    assert len(whole) == HASH_DIGITS + 12
    for place in range(len(whole)):
        for bit in range(8):
            file.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :])
            assert read_sealed(file, "a") is None
        file.write_bytes(whole[:place])
        assert read_sealed(file, "a") is None
    assert read_sealed(tmp_path, "a") is None
    assert read_sealed(tmp_path / "none", "a") is None
