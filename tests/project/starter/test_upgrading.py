"""An upgrade replaces what nobody changed, and loses nothing that somebody did."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from augment.core.errors import AugmentError
from augment.core.files import write_bytes
from augment.project.starter.files import RECORD, default_settings, project_files, record_of, settings_of
from augment.project.starter.upgrading import changes_of_settings, upgrade

OLD = {"a": b"a1", "room/b": b"b1", "same": b"s", "gone": b"g", "gone_changed": b"g"}
NOW = {"a": b"a2", "room/b": b"b2", "same": b"s", "new": b"n"}


def made(project: Path, files: dict[str, bytes]) -> Path:
    for path, content in files.items():
        write_bytes(project / path, content)
    write_bytes(project / RECORD, record_of(files).text().encode())
    return project


def test_every_file_comes_to_be_what_it_should(tmp_path: Path) -> None:
    project = made(tmp_path, OLD)
    (project / "room/b").write_bytes(b"mine")
    (project / "gone_changed").write_bytes(b"mine too")
    (project / "a").unlink()
    before, done = upgrade(project, NOW)
    assert before == record_of(OLD)
    assert (done.replaced, done.kept, done.removed) == (["a", "new"], ["room/b"], ["gone"])
    there = {str(path.relative_to(project)): path.read_bytes() for path in project.rglob("*") if path.is_file()}
    assert there.pop(str(RECORD)) == record_of(NOW).text().encode()
    assert there == NOW | {"room/b": b"mine", "room/b.new": b"b2", "gone_changed": b"mine too"}
    assert upgrade(project, NOW)[1].replaced == []


@settings(max_examples=30)
@given(st.dictionaries(st.sampled_from([*OLD, *NOW]), st.binary(max_size=3)))
def test_nothing_that_a_user_wrote_is_lost(tmp_path_factory: pytest.TempPathFactory, written: dict[str, bytes]) -> None:
    project = made(tmp_path_factory.mktemp("project"), OLD)
    for path, content in written.items():
        write_bytes(project / path, content)
    upgrade(project, NOW)
    for path, content in written.items():
        if content != OLD.get(path):
            assert (project / path).read_bytes() == content


def test_the_same_version_changes_nothing(tmp_path: Path) -> None:
    files = project_files()
    _, done = upgrade(made(tmp_path, files), files)
    assert not done.replaced + done.kept + done.removed


def test_a_change_of_the_users_alone_needs_no_new_file_beside_it(tmp_path: Path) -> None:
    project = made(tmp_path, OLD)
    (project / "same").write_bytes(b"mine")
    assert upgrade(project, NOW)[1].kept == []
    assert (project / "same").read_bytes() == b"mine"
    assert not (project / "same.new").exists()


def test_a_folder_that_was_not_made_so_is_named(tmp_path: Path) -> None:
    with pytest.raises(AugmentError, match=r"made\.json: not here, .* A clone is upgraded by git"):
        upgrade(tmp_path, NOW)
    for text in ("{", "[]", "{}", '{"version": 1}'):
        write_bytes(tmp_path / RECORD, text.encode())
        with pytest.raises(AugmentError, match=r"made\.json: damaged .*`git checkout"):
            upgrade(tmp_path, NOW)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [RECORD.name]


def test_settings_are_told_by_what_they_mean_for_ones_own_file() -> None:
    before = {"seed": 0, "train.steps": 5, "train.old": 1, "train.older": 2, "train.size": None}
    now = {"seed": 0, "train.steps": 7, "train.new": True, "train.size": "auto"}
    assert list(changes_of_settings(before, now, {"train.steps": 5, "train.old": 3})) == [
        "train.new: new, `true`; write it where `augment check` asks for it",
        "train.old: gone; take it out of params.yaml (`3`)",
        "train.older: gone",
        "train.size: the default was `null` and is `auto`",
        "train.steps: the default was `5` and is `7`; params.yaml has `5`, which stays",
    ]
    assert not list(changes_of_settings(now, now, {}))


def test_every_setting_has_its_dotted_key() -> None:
    assert settings_of({"seed": 1, "train": {"steps": 2, "overrides": {}}}) == {
        "seed": 1,
        "train.steps": 2,
        "train.overrides": {},
    }
    assert {"seed", "ingest.path", "evaluate.arms", "compute.jobs"} <= set(default_settings())
