"""A run ends by keeping the work store within its size, and says what went."""

import os
import time
from pathlib import Path

import pytest

from augment.core.files import SEEN_STORE, WORK_STORE
from augment.params import Compute
from pipeline.room import bound_work_store

GAN = WORK_STORE / ("a" * 32)


def fill(days: float) -> None:
    GAN.mkdir(parents=True, exist_ok=True)
    SEEN_STORE.mkdir(exist_ok=True)
    for file in (GAN / "finished.pt", SEEN_STORE / "looked.seen"):
        file.write_bytes(bytes(40_000))
        os.utime(file, (time.time() - days * 86400,) * 2)


def test_what_no_run_used_goes_and_what_this_one_used_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    began = time.time()
    fill(days=3)
    bound_work_store(Compute(), began)
    assert capsys.readouterr().err == ""
    bound_work_store(Compute(store_gb=5e-5), began)
    assert (
        "1 GANs and files that no run has used longest were removed, 40 kB; 40 kB are left" in capsys.readouterr().err
    )
    assert GAN.exists() + (SEEN_STORE / "looked.seen").exists() == 1
    fill(days=-1)
    bound_work_store(Compute(store_gb=5e-5), began)
    assert capsys.readouterr().err == (
        "work store: 80 kB, more than compute.store_gb allows; this run used all that is left\n"
    )
    assert (GAN / "finished.pt").exists()
