"""The work store: nothing is trained twice, nothing damaged is believed."""

import dataclasses
from pathlib import Path

import pytest
import torch

from augment.core.errors import StoreError
from augment.core.files import exclusive
from augment.gan import checkpoint_store
from augment.gan.checkpoint_store import KeptGan, StoredJob, fingerprint, load_finished, train_stacked
from augment.gan.gan_files import GanFiles
from augment.gan.training.run import GanJob, Start
from augment.gan.training.trainer import fit
from tests.test_structure import reached


def test_a_finished_gan_is_not_trained_again(job: GanJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = train_stacked([StoredJob(job, tmp_path, 30.0)])[0].whole()
    monkeypatch.setattr(checkpoint_store, "fit", lambda *args, **kwargs: pytest.fail("trained again"))
    again = train_stacked([StoredJob(job, tmp_path, 30.0)])[0].whole()
    assert all(torch.equal(first.generator[name], again.generator[name]) for name in first.generator)
    assert first.history == again.history
    assert sorted(path.name for path in (tmp_path / fingerprint(job)).iterdir()) == ["finished.pt", "lock"]


def test_a_run_resumes_from_the_older_checkpoint_when_the_newer_is_damaged(job: GanJob, tmp_path: Path) -> None:
    folder = tmp_path / fingerprint(job)
    folder.mkdir(parents=True)
    for stop_at in (4, 8):
        asked = iter(range(100))
        with pytest.raises(KeyboardInterrupt):
            fit(
                job,
                save=KeptGan(folder).save_checkpoint,
                stop=lambda asked=asked, stop_at=stop_at: next(asked) == stop_at,
            )
    newest = folder / "checkpoint.pt"
    newest.write_bytes(newest.read_bytes()[:-1])
    assert KeptGan(folder).read("checkpoint.pt") is None
    assert KeptGan(folder).read("previous.pt")["now"]["step"] == 4
    result = train_stacked([StoredJob(job, tmp_path, 30.0)])[0].whole()
    assert result.history == fit(job).history


def test_a_gan_under_another_gans_name_is_not_served(job: GanJob, tmp_path: Path) -> None:
    """Two entries swapped, finished or not: each is trained again from its own images."""
    jobs = [job, dataclasses.replace(job, seed=8)]
    expected = [train_stacked([StoredJob(one, tmp_path, 30.0)])[0].whole() for one in jobs]
    first, second = (tmp_path / fingerprint(one) for one in jobs)
    first.rename(tmp_path / "third")
    second.rename(first)
    (tmp_path / "third").rename(second)
    assert load_finished(StoredJob(job, tmp_path, 30.0)) is None
    for one, result in zip(jobs, expected, strict=True):
        (again,) = train_stacked([StoredJob(one, tmp_path, 30.0)])
        assert all(torch.equal(again.whole().generator[name], value) for name, value in result.generator.items())


def test_a_checkpoint_of_another_gan_is_not_gone_on_with(job: GanJob, tmp_path: Path) -> None:
    folders = [tmp_path / ("a" * 32), tmp_path / ("b" * 32)]
    for number, folder in enumerate(folders):
        folder.mkdir()
        KeptGan(folder).save_checkpoint({"step": number})
    (folders[0] / "checkpoint.pt").replace(folders[1] / "checkpoint.pt")
    assert KeptGan(folders[1]).checkpoint() is None


def test_every_cause_changes_the_fingerprint(job: GanJob) -> None:
    weights = {"w": torch.zeros(2)}
    others = [
        dataclasses.replace(job, seed=1),
        dataclasses.replace(job, settings=dataclasses.replace(job.settings, gamma=0.1)),
        dataclasses.replace(job, images=job.images[::-1].copy()),
        dataclasses.replace(job, sampling_weights=job.sampling_weights[::-1] * 0.5),
        dataclasses.replace(job, start=Start(weights, weights)),
        dataclasses.replace(job, start=Start({"w": torch.ones(2)}, weights)),
    ]
    assert len({fingerprint(one) for one in [job, *others]}) == 7
    assert fingerprint(dataclasses.replace(job, name="other words")) == fingerprint(job)


def test_two_runs_on_one_gan_exclude_each_other(job: GanJob, tmp_path: Path) -> None:
    with exclusive(tmp_path / fingerprint(job)), pytest.raises(StoreError, match="in use by another run"):
        train_stacked([StoredJob(job, tmp_path, 30.0)])


def test_the_fingerprint_covers_all_code_that_trains() -> None:
    """What a change of that code would otherwise leave in the store is a GAN that it would not train."""
    modules = reached("augment.gan.training.trainer") | reached("augment.gan.training.stacked_trainer")
    files = {f"{name.removeprefix('augment.').replace('.', '/')}.py" for name in modules}
    covered = {file.relative_to(checkpoint_store.PACKAGE).as_posix() for file in checkpoint_store.TRAINING_CODE}
    words_and_kinds_of_values = {"core/errors.py", "params/types.py", "core/yaml_text.py"}
    assert files - covered == words_and_kinds_of_values, "they decide no weights"
    assert covered - files == {"gan/networks/__init__.py", "gan/training/__init__.py"}, "nothing else retrains"


def test_a_gan_put_under_anothers_name_or_of_another_form_is_trained_anew(job: GanJob, tmp_path: Path) -> None:
    jobs = [dataclasses.replace(job, seed=seed) for seed in (7, 8)]
    own = [train_stacked([StoredJob(job, tmp_path, 30.0)])[0].whole() for job in jobs]
    files = [tmp_path / fingerprint(job) / "finished.pt" for job in jobs]
    contents = [file.read_bytes() for file in files]
    files[0].write_bytes(contents[1])
    files[1].write_bytes(contents[0])
    for stored in ({}, {"generator": {}}, [1]):
        again = [train_stacked([StoredJob(job, tmp_path, 30.0)])[0].whole() for job in jobs]
        for one, other in zip(own, again, strict=True):
            assert all(torch.equal(other.generator[key], value) for key, value in one.generator.items())
        assert [file.read_bytes() for file in files] == contents
        GanFiles().save_finished(files[0].parent, checkpoint_store._content(stored))
