"""What the manifest of data/synthetic says of a sample."""

from pathlib import Path

import numpy as np
import pytest

from augment.core.errors import DataError
from augment.core.files import read_csv
from augment.gan.generators import GeneratorSet
from augment.params import check
from augment.synthesis.picks import drawn_with, read_picks
from augment.synthesis.selection import ClassCandidates
from augment.synthesis.transplant.settings import NO_TRANSPLANT
from pipeline import generate
from tests.pipeline.evaluated import COUNTS
from tests.toy import Fixed, bars


def test_the_image_that_was_varied_is_named_by_its_position_among_all_classes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generate, "SYNTHETIC", tmp_path)
    found = ClassCandidates(
        "b", 5, np.zeros((4, 1, 8, 8), np.uint8), np.array([-1, 2, 0, -1]), np.ones(4), 0.5, np.zeros(4, np.bool_),
        np.zeros(4, np.int64), np.ones(4), 0.1, np.array(["", "", "near_copy", "surplus"]),
    )  # fmt: skip
    written = generate.Written()
    assert len(written.add(found).images) == 0, "a million would be too many to keep"
    rows = list(generate.rows_of(found, written.digests["b"], np.array([3, 7, 9])))
    assert [bool(row["sha256"]) for row in rows] == [True, True, False, False]
    assert [row["source_image"] for row in rows] == ["", 9, 3, ""]
    assert [row["borrowed"] for row in rows] == [0, 1, 1, 0]
    assert tuple(rows[0]) == generate.COLUMNS
    assert sorted(path.name for path in tmp_path.rglob("*.png")) == ["000000.png", "000001.png"]


@pytest.fixture
def generating(toy_project: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose stages up to `train` have run; every class's first candidate is a training image."""
    made = {label: Fixed(label, bars(index, 24, seed=3)) for index, label in enumerate(sorted(COUNTS))}
    for index, generator in enumerate(made.values()):
        generator.images[0] = bars(index, 1)[0]
    monkeypatch.setattr(generate, "kept_generators", lambda folder: GeneratorSet(made))
    (toy_project / "models").mkdir()
    (toy_project / "models/index.json").write_text("{}")
    return toy_project


def drawn() -> str:
    return drawn_with(0.0, NO_TRANSPLANT)


def run() -> tuple[dict[str, list[str]], bytes]:
    """The reasons by class, and the manifest's bytes."""
    settings = {"per_class": 4, "oversample": 3, "borrowed": 0.0, "filter_steps": 20, "folds": 2}
    generate.generate(check({"generate": settings, "compute": {"engine": "serial"}}))
    reasons: dict[str, list[str]] = {}
    for row in read_csv(Path("data/synthetic/manifest.csv")):
        reasons.setdefault(row["label"], []).append(row["reason"])
        assert bool(row["file"]) == (not row["reason"]) == (row["kept"] == "1")
    return reasons, Path("data/synthetic/manifest.csv").read_bytes()


def test_the_stage_follows_what_a_person_picked(generating: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = generating / "data/selection"
    folder.mkdir()
    (folder / "README.md").touch()
    before, plain = run()
    label, other = sorted(before)[:2]
    assert before[label][0] == "near_copy"
    delivered = [number for number, reason in enumerate(before[label]) if not reason]
    spare = [number for number, reason in enumerate(before[label]) if reason == "surplus"]
    assert len(delivered) == 4
    picks = read_picks(folder, generating / "models", list(before), drawn())
    for number, choice in ((0, "kept"), (delivered[0], "rejected"), (spare[-1], "kept"), (500, "kept")):
        picks = picks.with_choice(label, (0, number), choice)  # type: ignore[arg-type]
    picks.with_choice(other, (7, 1), "rejected").write(folder)
    capsys.readouterr()
    after, _ = run()
    assert after[label][0] == "near_copy", "whoever likes it"
    assert after[label][delivered[0]] == "rejected"
    assert [number for number, reason in enumerate(after[label]) if not reason] == sorted([*delivered[1:], spare[-1]])
    assert after[other] == before[other], "a word on another seed says nothing of this one"
    told = capsys.readouterr().err
    assert (
        f"generate: class {label}: kept by you, but near copies of training images, which are never delivered: 0"
        in told
    )
    assert f"generate: class {label}: kept by you, but not among the candidates of this run" in told
    (folder / "selection.json").unlink()
    assert run() == (before, plain), "equal bytes without a selection"


def test_a_selection_of_other_generators_stops_the_stage(generating: Path) -> None:
    folder = generating / "data/selection"
    read_picks(folder, generating / "models", [], drawn()).write(folder)
    (generating / "models/index.json").write_text("{ }")
    with pytest.raises(DataError, match="samples of other generators"):
        run()


def test_a_selection_of_samples_that_were_mixed_otherwise_stops_the_stage(generating: Path) -> None:
    folder = generating / "data/selection"
    mixed = drawn_with(0.5, NO_TRANSPLANT)
    read_picks(folder, generating / "models", [], mixed).write(folder)
    with pytest.raises(DataError, match=r"generate.borrowed: 0.5.*Set these keys back"):
        run()
