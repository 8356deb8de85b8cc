"""The work store seen from outside: what is there, how old it is, and what goes when room is made."""

import io
import os
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

from augment.core.files import exclusive
from augment.gan import settings
from augment.gan.checkpoint_store import StoredJob, fingerprint, train_stacked
from augment.gan.training.run import GanJob
from augment.project import work_store
from augment.project.sealed import HASH_DIGITS, write_sealed
from augment.project.work_store import Kept, keep_within, prune, prune_seen, survey
from tests.gan.conftest import TINY, images


def weights(size: int) -> bytes:
    """An archive, as weights are, of so many bytes with the hash before it."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("x", b"")
    return bytes(size - HASH_DIGITS - len(stream.getvalue())) + stream.getvalue()


def put(store: Path, name: str, days: float, finished: bool = True, size: int = 200) -> Path:
    folder = store / (name * 32)
    folder.mkdir(parents=True)
    file = folder / ("finished.pt" if finished else "checkpoint.pt")
    write_sealed(file, folder.name, weights(size))
    moment = time.time() - days * 86400
    for path in (file, folder):
        os.utime(path, (moment, moment))
    return folder


def test_what_stands_there(tmp_path: Path) -> None:
    put(tmp_path, "a", 3, size=205)
    put(tmp_path, "b", 1, finished=False, size=207)
    (tmp_path / "notes").mkdir()
    (tmp_path / "c").touch()
    assert [(gan.folder.name[0], gan.finished, gan.size) for gan in survey(tmp_path)] == [
        ("b", False, 207),
        ("a", True, 205),
    ]
    assert survey(tmp_path / "nowhere") == []


def test_what_no_run_has_used_goes(tmp_path: Path) -> None:
    old, young, unfinished = put(tmp_path, "a", 40), put(tmp_path, "b", 20), put(tmp_path, "c", 31, finished=False)
    (tmp_path / "notes").mkdir()
    removed, busy = prune(tmp_path, 30)
    assert ({gan.folder for gan in removed}, busy) == ({old, unfinished}, 0)
    assert young.exists()
    assert not old.exists()
    assert [gan.folder for gan in prune(tmp_path, 0)[0]] == [young]
    assert (tmp_path / "notes").exists()


def test_what_a_run_is_at_work_on_stays(tmp_path: Path) -> None:
    folder = put(tmp_path, "a", 5)
    with exclusive(folder):
        os.utime(folder / "lock", (0, 0))
        assert prune(tmp_path, 1) == ([], 1)
    assert (folder / "finished.pt").exists()


def test_the_trainers_own_store_is_understood_and_reading_counts_as_use(tmp_path: Path) -> None:
    job = GanJob("tiny", images(6), np.full(6, 1 / 6), TINY, 7, None, "cpu")
    train_stacked([StoredJob(job, tmp_path, 30.0)])
    (gan,) = survey(tmp_path)
    assert (gan.folder.name, gan.finished) == (fingerprint(job), True)
    for file in gan.folder.iterdir():
        os.utime(file, (0, 0))
    assert survey(tmp_path)[0].used == 0
    train_stacked([StoredJob(job, tmp_path, 30.0)])
    assert time.time() - survey(tmp_path)[0].used < 60


def test_the_doctor_looks_where_the_trainer_keeps() -> None:
    from augment.project import doctor  # noqa: PLC0415

    assert doctor.WORK_STORE == settings.WORK_STORE


def test_what_backbones_saw_goes_by_its_age_alone(tmp_path: Path) -> None:
    (tmp_path / "seen").mkdir()
    for name, days in (("old.safetensors", 40), ("old.json", 31), ("young.safetensors", 2)):
        (tmp_path / "seen" / name).write_bytes(bytes(7))
        moment = time.time() - days * 86400
        os.utime(tmp_path / "seen" / name, (moment, moment))
    assert prune_seen(tmp_path / "seen", 30) == (2, 14)
    assert [file.name for file in (tmp_path / "seen").iterdir()] == ["young.safetensors"]
    assert prune_seen(tmp_path / "nowhere", 0) == (0, 0)
    assert survey(tmp_path) == [], "it is no GAN"


def test_a_store_beyond_its_budget_loses_what_was_unused_longest(tmp_path: Path) -> None:
    seen = tmp_path / "backbone"
    seen.mkdir()
    (seen / "looked.seen").write_bytes(bytes(300))
    os.utime(seen / "looked.seen", (time.time() - 5 * 86400,) * 2)
    oldest, busy, used = put(tmp_path, "a", 9), put(tmp_path, "b", 7), put(tmp_path, "c", 2)
    since = time.time() - 3 * 86400
    assert keep_within(tmp_path, seen, 900, since) == Kept(0, 0, 900), "no more than it may be"
    assert keep_within(tmp_path, seen, 899, since) == Kept(1, 200, 700)
    assert not oldest.exists()
    with exclusive(busy):
        os.utime(busy / "lock", (0, 0))
        os.utime(busy / "finished.pt", (0, 0))
        assert keep_within(tmp_path, seen, 1, since) == Kept(1, 300, 400), "what a run is at work on, or used, stays"
    assert [path.exists() for path in (busy, used, seen / "looked.seen")] == [True, True, False]
    assert keep_within(tmp_path / "nowhere", tmp_path / "nothing", 0, since) == Kept(0, 0, 0)


def test_what_cannot_be_deleted_stays_and_ends_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of another user, or on a network's disk, which keeps a lock that is held as a file of another name."""
    folder = put(tmp_path, "a", 9)

    def refuse(path: Path) -> None:
        raise OSError(39, "Directory not empty", str(path))

    monkeypatch.setattr(work_store.shutil, "rmtree", refuse)
    assert keep_within(tmp_path, tmp_path / "seen", 0, time.time()) == Kept(0, 0, 200)
    assert folder.exists()
