"""A training command of the user's own as the classifier: what it is given, and what is made of its scores."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from augment import load_augmented
from augment.cli import main
from augment.core.errors import AugmentError, StoreError
from augment.core.files import read_csv, write_bytes, write_csv
from augment.core.grids import picture, png
from augment.data.delivered import AUGMENTED_MANIFEST_COLUMNS, read_recipe, write_tables
from augment.evaluation.trial import Trial, trial
from tests.delivered import recipe

ROOT = Path(__file__).parents[2]
RECIPE = recipe(classes=("dark", "light"), family="probe", augmentation="randaugment", synthetic=1)

# 1-nearest-neighbour on brightness: the score is the share of test images whose class is found.
TRAINING = """
import csv, os, pathlib
from PIL import Image, ImageStat
folder = pathlib.Path(os.environ["AUGMENT_DATA"])
rows = list(csv.DictReader((folder / "manifest.csv").open(newline="")))
level = lambda row: ImageStat.Stat(Image.open(folder / row["path"]).convert("L")).mean[0]
train = [(level(row), row["label"]) for row in rows if row["split"] == "train"]
test = [(level(row), row["label"]) for row in rows if row["split"] == "test"]
right = sum(min(train, key=lambda known: abs(known[0] - own))[1] == label for own, label in test)
score = right / len(test) + 0.001 * int(os.environ["AUGMENT_SEED"])
pathlib.Path(os.environ["AUGMENT_SCORE"]).write_text(str(score))
"""
IMAGES = (
    *(("train", "dark", 0, level) for level in (10, 12)), ("train", "light", 0, 240), ("train", "light", 1, 130),
    ("val", "dark", 0, 11), *(("test", "dark", 0, level) for level in (20, 30)),
    *(("test", "light", 0, level) for level in (110, 250)),
)  # fmt: skip


@pytest.fixture
def augmented(tmp_path: Path) -> Path:
    folder, rows = tmp_path / "augmented", []
    for index, (split, label, synthetic, level) in enumerate(IMAGES):
        path = f"{split}/{label}/{index}.png"
        write_bytes(folder / path, png(picture(np.full((1, 4, 4), level, np.uint8))))
        rows.append({"path": path, "label": label, "split": split, "synthetic": synthetic, "weight": 1.5, "source": ""})
    write_tables(folder, rows, RECIPE)
    return folder


@pytest.fixture
def training(tmp_path: Path) -> str:
    (tmp_path / "training.py").write_text(TRAINING)
    return f"{sys.executable} {tmp_path / 'training.py'}"


def test_both_folders_and_all_seeds_are_scored(augmented: Path, training: str) -> None:
    """110 is nearer to 12 than to 240: only the synthetic 130 finds it."""
    found = trial(training, augmented, 3, print)
    assert found.real == pytest.approx([0.75, 0.751, 0.752])
    assert found.augmented == pytest.approx([1.0, 1.001, 1.002])
    assert found.gain.mean == pytest.approx(0.25)


def test_real_alone_is_the_folder_without_synthetic_images(augmented: Path, tmp_path: Path) -> None:
    keep = f"cp -r $AUGMENT_DATA {tmp_path}/seen-$(basename $AUGMENT_DATA)-$AUGMENT_SEED; echo 1 > $AUGMENT_SCORE"
    trial(keep, augmented, 2, print)
    rows = read_csv(tmp_path / "seen-real-1/manifest.csv")
    assert [row["path"] for row in rows] == [
        f"{split}/{label}/{index}.png" for index, (split, label, synthetic, _) in enumerate(IMAGES) if not synthetic
    ]
    assert [float(row["weight"]) for row in rows if row["split"] == "train"] == [0.75, 0.75, 1.5]
    assert {str(file.relative_to(tmp_path / "seen-real-1")) for file in (tmp_path / "seen-real-1").rglob("*.png")} == {
        row["path"] for row in rows
    }
    assert (tmp_path / "seen-augmented-0/train/light/3.png").exists()
    assert read_recipe(tmp_path / "seen-augmented-1") == RECIPE == read_recipe(augmented)
    alone = read_recipe(tmp_path / "seen-real-1")
    assert alone == RECIPE.model_copy(update={"arm": "probe", "synthetic": 0}), "it augments as the mix does"
    real = load_augmented(tmp_path / "seen-real-1")
    assert (real.synthetic.any(), real.weights.tolist()) == (False, [0.75, 0.75, 1.5])
    for name, weights in (("real", ["0.75", "0.75", "1.5"]), ("augmented", ["1.5"] * 4)):
        of_train = read_csv(tmp_path / f"seen-{name}-1/train/metadata.csv")
        assert [row["weight"] for row in of_train] == weights
        assert len(read_csv(tmp_path / f"seen-{name}-1/test/metadata.csv")) == 4


def test_a_command_can_change_and_delete_its_copies_alone(augmented: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in augmented.rglob("*") if path.is_file()}
    (tmp_path / "kept").hardlink_to(augmented / "train/dark/0.png")
    command = (
        'cd "$AUGMENT_DATA"; find . -type f | wc -l >> $KEPT; for f in $(find . -name "*.png"); do echo x >> $f; done; '
        "rm -r test; touch new; ln -s / root; echo 1 > $AUGMENT_SCORE"
    )
    trial(f"KEPT={tmp_path}/counts\n{command}", augmented, 2, print)
    assert {path: path.read_bytes() for path in augmented.rglob("*") if path.is_file()} == before
    assert (tmp_path / "counts").read_text().split() == ["13", "14", "13", "14"], "each run starts from whole copies"


def test_a_manifest_that_leads_out_of_its_folder_is_refused(augmented: Path) -> None:
    (augmented.parent / "secret.png").touch()
    rows = read_csv(augmented / "manifest.csv")
    for path in ("../secret.png", str(augmented.parent / "secret.png")):
        write_csv(augmented / "manifest.csv", [{**rows[0], "path": path}, *rows[1:]], AUGMENTED_MANIFEST_COLUMNS)
        with pytest.raises(AugmentError, match="leads out of the folder"):
            trial("true", augmented, 2, print)


def test_a_long_output_and_a_child_that_stays(augmented: Path) -> None:
    command = "yes | head -c 20000000; sleep 30 & echo 0.5 > $AUGMENT_SCORE"
    began = time.monotonic()
    assert trial(command, augmented, 2, print).real == [0.5, 0.5]
    assert time.monotonic() - began < 25


def test_a_disk_without_room_is_told_before_anything_runs(
    augmented: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: SimpleNamespace(free=10))
    with pytest.raises(StoreError, match=r"about 1 kB are needed.*and 0 kB are free"):
        trial(f"touch {tmp_path}/ran", augmented, 2, print)
    assert not (tmp_path / "ran").exists()


def test_the_interval_is_a_paired_t() -> None:
    found = Trial([0.5, 0.6, 0.7, 0.6], [0.6, 0.75, 0.78, 0.72])
    differences = np.array(found.augmented) - found.real
    expected = stats.ttest_rel(found.augmented, found.real).confidence_interval(0.95)
    assert found.gain.interval(0.95) == pytest.approx(tuple(expected))
    last = found.conclusion()
    assert last.startswith(f"Your training gains: {differences.mean():+.4f} [{expected.low:+.4f}, ")
    assert "loses" in Trial(found.augmented, found.real).conclusion()
    assert "may gain or lose" in Trial([0.5, 0.6], [0.6, 0.5]).conclusion()


def test_a_score_may_be_any_number() -> None:
    real, augmented = [70.0, 71.1, 69.4], [75.2, 76.5, 74.1]
    low, high = stats.ttest_rel(augmented, real).confidence_interval(0.95)
    assert f"[{low:+.4f}, {high:+.4f}]" in Trial(real, augmented).conclusion()
    assert f"[{-high:+.4f}, {-low:+.4f}]" in Trial(augmented, real).conclusion()


def test_seeds_that_change_nothing_prove_nothing() -> None:
    told = Trial([0.5, 0.6], [0.6, 0.7]).conclusion()
    assert told.endswith("Does your training use AUGMENT_SEED?")
    assert "interval" not in told


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("echo broken >&2; exit 3", "ended with status 3 (seed 0, .*broken"),
        ("true", "wrote no score"),
        ("echo good > $AUGMENT_SCORE", "'good.*not a number"),
        ("echo nan > $AUGMENT_SCORE", "not finite"),
        (r"printf '\377' > $AUGMENT_SCORE", "not a number"),
        (r"printf '\377' >&2; exit 1", "ended with status 1"),
        ("mkfifo $AUGMENT_SCORE", "wrote no score .not a regular file"),
        ("mkdir $AUGMENT_SCORE", "wrote no score .Is a directory"),
        ("truncate -s 3G $AUGMENT_SCORE", "wrote no score (3221225472 bytes where at most 1000"),
    ],
)
def test_a_command_that_fails_is_told(augmented: Path, command: str, words: str) -> None:
    with pytest.raises(AugmentError, match=f"(?s){words.replace('(', chr(92) + '(')}"):
        trial(command, augmented, 2, print)


def test_rows_are_told_as_they_come(augmented: Path) -> None:
    """The last training fails; the seeds before it have been told."""
    told: list[str] = []
    command = "test $AUGMENT_SEED -lt 2 && echo 0.5 > $AUGMENT_SCORE"
    with pytest.raises(AugmentError, match=r"status 1 \(seed 2"):
        trial(command, augmented, 3, told.append)
    assert [line.split() for line in told[1:]] == [[str(seed), "0.5000", "0.5000", "+0.0000"] for seed in (0, 1)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_trial_leaves_no_images_and_no_training_behind(
    augmented: Path, tmp_path: Path, number: int
) -> None:
    (tmp_path / "scratch").mkdir()
    command = f"sh -c 'echo $$ > {tmp_path}/child; sleep 60'; true"
    started = subprocess.Popen(
        [sys.executable, "-m", "augment.cli", "trial", command, "--data", str(augmented)],
        env=os.environ | {"TMPDIR": str(tmp_path / "scratch"), "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
    )
    while not (tmp_path / "child").exists() or not (tmp_path / "child").read_text():
        assert started.poll() is None
        time.sleep(0.05)
    started.send_signal(number)
    out, _ = started.communicate(timeout=30)
    assert started.returncode == 130
    assert b"real alone" in out
    assert list((tmp_path / "scratch").iterdir()) == []
    child = Path("/proc", (tmp_path / "child").read_text().strip())
    for _ in range(100):
        time.sleep(0.05 * child.exists())
    assert not child.exists()


@pytest.mark.parametrize("synthetic", ["0", "1"])
def test_images_that_are_gone_are_told(augmented: Path, synthetic: str) -> None:
    path = next(row["path"] for row in read_csv(augmented / "manifest.csv") if row["synthetic"] == synthetic)
    (augmented / path).unlink()
    with pytest.raises(AugmentError, match=f"1 of the 9 images .* for example {path}.*repro -f assemble"):
        trial("true", augmented, 2, print)


def test_a_folder_without_synthetic_images_or_manifest_is_told(augmented: Path, tmp_path: Path) -> None:
    rows = [row for row in read_csv(augmented / "manifest.csv") if row["synthetic"] == "0"]
    write_csv(augmented / "manifest.csv", rows, AUGMENTED_MANIFEST_COLUMNS)
    with pytest.raises(AugmentError, match=r"no synthetic images.*assemble\.use"):
        trial("true", augmented, 2, print)
    with pytest.raises(AugmentError, match=r"manifest\.csv: there is none"):
        trial("true", tmp_path / "nowhere", 2, print)


def test_the_command_line(augmented: Path, training: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trial", training, "--data", str(augmented), "--seeds", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert "All gains are equal" in lines[-1], "this training uses no seed"
    assert main(["trial", "false", "--data", str(augmented)]) == 2
    with pytest.raises(SystemExit):
        main(["trial", "true", "--seeds", "1"])
