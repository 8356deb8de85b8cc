"""Room for a run is counted from its settings, and a disk that is too small stops it before anything trains."""

import os
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from augment.core.errors import StoreError
from augment.data.split.pool import FOLDS
from augment.evaluation.cost.disk import MAX_REPEATS, delivery_needs, gan_needs, sample_needs
from augment.evaluation.cost.whole_run import score_needs, whole_run
from augment.evaluation.experiment.training_sets import FOLD_REPETITIONS
from augment.gan.checkpoint_store import StoredJob, train_stacked
from augment.gan.training.run import GanJob
from augment.params import Params, check
from augment.project.disk_space import Need, bytes_text, missing_space, require_space
from tests.gan.conftest import TINY, images

DIGITS = {str(label): 60 if label < 5 else 10 for label in range(10)}
# MB on disk of the shipped project's run (60 or 10 digits a class, five seeds), as `du` counted them
MEASURED = {".work": 16.04, "models": 3.24, "data/synthetic": 8.54, "data/experiment": 4.83, "data/augmented": 11.7}


@pytest.fixture(autouse=True)
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def by_folder(needs: list[Need]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for need in needs:
        sizes[str(need.folder)] = sizes.get(str(need.folder), 0) + need.size
    return sizes


def test_the_digits_within_a_factor_of_two() -> None:
    shape, params = (1, 8, 8), Params()
    needs = gan_needs(shape, DIGITS, params, 2, True) + sample_needs(shape, DIGITS, params)
    needs += delivery_needs(shape, shape[1:], DIGITS, 629, params)
    found = by_folder(needs + score_needs(shape, DIGITS, 629, params))
    assert found.keys() == MEASURED.keys()
    for folder, measured in MEASURED.items():
        assert 0.5 < found[folder] / 1e6 / measured < 2, folder


def sized(**changes: object) -> Params:
    """Params of an `assemble.size`, and of `evaluate.classifier`."""
    return check({"assemble": {"size": changes["size"]}, "evaluate": {"classifier": changes.get("classifier", "auto")}})


@pytest.mark.parametrize(
    ("size", "side"),
    [("working", 32), ("auto", 224), ("native", 300), (100, 100), ((100, 400), (100, 400))],
)
def test_images_to_train_on_take_room_at_the_size_that_they_are_delivered_at(size: object, side: Any) -> None:
    """600 of val and test, 350 of train, and of each class 240 made images, or at another size 60 or 10."""
    height, width = side if isinstance(side, tuple) else (side, side)
    wanted = Params().generate.samples_of_each(10, 3, 32, 32)
    (need,) = delivery_needs((3, 32, 32), (300, 300), DIGITS, 600, sized(size=size))
    made = 10 * (wanted if size == "working" else min(wanted, 400))
    images = (950 + made) * (3 * height * width + 100)
    assert images <= need.size < images + 4096 * (950 + made)
    assert need.instead == ("" if size == "working" else f"Or set assemble.size to less than {height}x{width}, "
                            "at which images are delivered now.")  # fmt: skip


def test_networks_from_scratch_leave_images_as_small_as_they_are() -> None:
    (need,) = delivery_needs((3, 32, 32), (300, 300), DIGITS, 600, sized(size="auto", classifier="scratch"))
    (working,) = delivery_needs((3, 32, 32), (300, 300), DIGITS, 600, sized(size="working"))
    assert need == working


def test_a_class_that_gets_no_samples_may_have_all_its_images_made_anew() -> None:
    few = sized(size=224)
    one, more = (delivery_needs((1, 32, 32), (300, 300), {"a": count}, 0, few)[0].size for count in (1000, 2000))
    assert one * 2 == more


def test_a_run_counts_the_originals_and_not_their_small_pictures() -> None:
    sides = {"train": 350, "val": 300, "test": 300}
    small, large = (
        by_folder(whole_run((3, 32, 32), native, sides, DIGITS, Params())) for native in ((32, 32), (300, 400))
    )
    assert large["data/augmented"] > 10 * small["data/augmented"]
    assert large[".work/backbone"] - large[".work"] > 2 * (small[".work/backbone"] - small[".work"])
    assert small["data/synthetic"] == large["data/synthetic"]


def test_no_evaluation_has_more_training_sets() -> None:
    assert MAX_REPEATS == FOLDS * FOLD_REPETITIONS


def test_a_stored_gan_takes_what_was_counted(empty: Path) -> None:
    """One class from scratch, trained here: what lies on the disk against what was foretold of it."""
    job = GanJob("tiny", images(6), np.full(6, 1 / 6), TINY, 7, None, "cpu")
    train = Params().train.model_copy(
        update={"network": TINY.network, "width": TINY.features, "latent": TINY.latent, "transfer": "none"}
    )
    evaluate = Params().evaluate.model_copy(update={"seeds": 2})
    params = Params().model_copy(update={"train": train, "evaluate": evaluate})
    shape = tuple(job.images.shape[1:])
    (store,) = gan_needs(shape, {"tiny": 6}, params, 0, False)
    train_stacked([StoredJob(job, empty / ".work", 30.0)])
    (file,) = (empty / ".work").glob("*/finished.pt")
    assert 0.5 < store.size / (2 * file.stat().st_blocks * 512) < 2
    (left,) = gan_needs(shape, {"tiny": 6}, params, 0, False)
    assert left.size == store.size - file.stat().st_size, "a finished GAN is not written again"


def test_dvc_keeps_a_copy_of_outputs_alone(empty: Path) -> None:
    without = by_folder(whole_run((1, 8, 8), (8, 8), {"train": 350, "test": 9}, DIGITS, Params()))
    (empty / ".dvc").mkdir()
    (empty / ".dvc/config").write_text("[cache]\n    dir = ../../elsewhere\n")
    found = by_folder(whole_run((1, 8, 8), (8, 8), {"train": 350, "test": 9}, DIGITS, Params()))
    (cache,) = found.keys() - without.keys()
    assert os.path.normpath(cache) == "../elsewhere"
    assert found[cache] == sum(size for folder, size in without.items() if folder != ".work")


def test_the_arms_that_see_through_a_backbone_need_their_store() -> None:
    small, large = (by_folder(score_needs((1, side, side), DIGITS, 100, Params())) for side in (8, 32))
    assert ".work/backbone" not in small
    seen = [by_folder(score_needs((1, *size), DIGITS, 100, Params())) for size in ((224, 224), (48, 96))]
    looks = 5 * 60 * (1 + 500 // 60) + 5 * 10 * (1 + 50) + 100
    assert large[".work/backbone"] == looks * (1280 * 4 + 112 * 6 * 6 * 2)
    assert seen[0][".work/backbone"] == looks * (1280 * 4 + 112 * 7 * 7 * 2)
    assert seen[1][".work/backbone"] == looks * (1280 * 4 + 112 * 6 * 12 * 2)


def test_what_is_missing_is_said_of_each_disk(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs = [Need(Path("a/b"), 3_000_000, "models"), Need(empty / "c", 2_000_000, "samples", "Or make fewer.")]
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=5_000_000))
    require_space(needs)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=4_999_999))
    (line,) = missing_space(needs)
    assert "about 5.0 MB are needed, 3.0 MB for models (a/b), 2.0 MB for samples (" in line
    assert "and 5.0 MB are free. Free some space" in line
    assert line.endswith(" larger disk. Or make fewer.")
    with pytest.raises(StoreError, match="too little room"):
        require_space(needs)
    assert [bytes_text(size) for size in (0, 1_500, 2.5e6, 3e9)] == ["0 kB", "2 kB", "2.5 MB", "3.0 GB"]


def test_check_tells_of_it(empty: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from augment.cli import main  # noqa: PLC0415

    (empty / "params.yaml").write_text("seed: 0\n")
    monkeypatch.setattr("augment.project.disk_space.shutil.disk_usage", lambda path: SimpleNamespace(free=1000))
    assert main(["check", "--json"]) == 1
    assert '"code": "disk_too_small"' in capsys.readouterr().out
