"""What `augment check` asks on behalf of `evaluate`."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from ruamel.yaml import YAML

from augment.cli import main
from augment.core.errors import ParamsError
from augment.data.entries import Entry
from augment.evaluation.experiment.preflight import experiment_blockers
from augment.evaluation.experiment.settings import judged_size_of
from augment.params import check
from tests.data.corpus import write_set


def split_entries(**sides: int) -> list[Entry]:
    """So many images of cat and of dog on each side, each a group of its own."""
    rng = np.random.default_rng(0)
    return [
        Entry(f"{label}{side}{n}", label, group=f"{label}{side}{n}", split=side, pixels=rng.integers(0, 255, (4, 4, 1)))
        for label in ("cat", "dog")
        for side, count in sides.items()
        for n in range(count)
    ]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (
            "{evaluate: {normal: doog, primary: recall_at_far}}",
            "evaluate.normal: there is no class 'doog'; did you mean",
        ),
        (
            "{evaluate: {normal: doog, arms: [none, normal_distance, gan_half_filtered, copies_half]}}",
            "evaluate.normal: there is no class 'doog'; did you mean",
        ),
        ("{evaluate: {backbone: {file: none.pt2}}}", "evaluate.backbone.file: none.pt2: No such file or directory"),
        ("{evaluate: {external: elsewhere}}", "class 'cow' is not among those that are trained"),
        (
            "{train: {base: elsewhere}, evaluate: {gate: rotate}}",
            "leak: train.base: evaluate.gate: rotate lets repeats",
        ),
        (
            "{evaluate: {normal: cat, primary: recall_at_far}}",
            "evaluate.false_alarm_rate 0.05: it needs at least 19 independent test images of the normal class 'cat'",
        ),
        ("{evaluate: {external: same}}", None),
        ("{}", None),
    ],
)
def test_check_says_what_evaluate_could_not_begin_with(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    settings: str,
    words: str | None,
) -> None:
    monkeypatch.chdir(tmp_path)
    write_set(tmp_path / "raw", each=8)
    shutil.copytree(tmp_path / "raw/cat", tmp_path / "elsewhere/cow")
    shutil.copytree(tmp_path / "raw/cat", tmp_path / "same/cat")
    text = settings[1:-1]
    (tmp_path / "params.yaml").write_text(f"{{ingest: {{source: folder, path: raw}}{', ' + text if text else ''}}}\n")
    assert main(["check"]) == (0 if words is None else 1)
    assert (words or "usable images of each class") in capsys.readouterr().out


@pytest.mark.parametrize(
    ("evaluate", "words"),
    [
        ("classifier: probe", "probe needs images of 16 px and more, and these have 4x4"),
        ("arms: [none, finetune, gan_half_filtered, copies_half]", "finetune needs images of"),
        ("backbone: {file: none.pt2}", None),  # nothing would be shown to it
    ],
)
def test_a_backbone_needs_images_that_show_it_something(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, evaluate: str, words: str | None
) -> None:
    monkeypatch.chdir(tmp_path)
    params = check(YAML(typ="safe").load(f"evaluate: {{{evaluate}}}"))
    found = experiment_blockers((1, 4, 4), split_entries(train=9, val=9, test=30), params)
    assert [blocker.message[: len(words or "")] for blocker in found] == ([words] if words else [])


@pytest.mark.parametrize(("fit", "size"), [("crop", 224), ("pad", [24, 32]), ("crop", [40, 20])])
def test_a_size_of_another_aspect_is_refused_where_it_would_show_another_part(fit: str, size: object) -> None:
    """Backbones would see, and edits would change, what the GANs have never seen."""
    settings = {"ingest": {"fit": fit}, "assemble": {"size": size}}
    with pytest.raises(ParamsError, match=r"such as \[299, 224\], or `auto`, or set ingest.fit: stretch"):
        judged_size_of(check(settings), (32, 24), (533, 400))
    stretched = judged_size_of(check(settings | {"ingest": {"fit": "stretch"}}), (32, 24), (533, 400))
    assert stretched == ((224, 224) if size == 224 else tuple(size))
    assert judged_size_of(check({"ingest": {"fit": fit}}), (32, 24), (533, 400)) == (299, 224)
    assert judged_size_of(check({"assemble": {"size": "working"}}), (32, 24), (533, 400)) == (32, 24)


def test_check_says_that_the_class_filter_has_nothing_to_hold_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_set(tmp_path / "raw", each=8)
    rows = [
        f"{path.relative_to('raw')},{'train' if number < 5 else 'val' if number < 6 else 'test'}"
        for label in ("cat", "dog")
        for number, path in enumerate(sorted(Path("raw", label).iterdir()))
    ]
    scanners = "\n".join(f"{row},{row.split(',')[1]}" for row in rows)
    Path("raw/meta.csv").write_text(f"path,split,group\n{scanners}\n")
    Path("params.yaml").write_text("{ingest: {source: folder, path: raw}}\n")
    assert main(["check"]) == 1
    assert "there are only 1 groups" in capsys.readouterr().out


def test_a_rotated_repeat_that_is_left_with_one_group_is_found_before_anything_trains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Val is one large group: where it trains and the two groups of train are val, the filter holds nothing out."""
    monkeypatch.chdir(tmp_path)
    write_set(tmp_path / "raw", each=24)
    of = (
        [("train", "p1")] * 4
        + [("train", "p2")] * 4
        + [("val", "p3")] * 8
        + [("test", "p4")] * 4
        + [("test", "p5")] * 4
    )
    rows = [
        f"{path.relative_to('raw')},{split},{group}"
        for label in ("cat", "dog")
        for path, (split, group) in zip(sorted(Path("raw", label).iterdir()), of, strict=True)
    ]
    Path("raw/meta.csv").write_text("path,split,group\n" + "\n".join(rows) + "\n")
    Path("params.yaml").write_text("{ingest: {source: folder, path: raw}}\n")
    assert main(["check"]) == 1
    assert "there are only 1 groups" in capsys.readouterr().out


def test_nothing_stops_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert experiment_blockers((1, 4, 4), split_entries(train=4, val=2, test=4), check({})) == []


def test_folds_are_asked_for_their_own_test_sides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fold tests a fifth: 25 test images of the delivered split suffice for 5 %, 14 of a fold do not."""
    monkeypatch.chdir(tmp_path)
    images = split_entries(train=35, val=10, test=25)
    settings = {"normal": "cat", "primary": "recall_at_far"}
    assert experiment_blockers((1, 4, 4), images, check({"evaluate": settings})) == []
    (blocker,) = experiment_blockers((1, 4, 4), images, check({"evaluate": settings | {"protocol": "repeated"}}))
    assert "found 14 images in 14 groups" in blocker.message


def test_all_that_stops_is_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_set(tmp_path / "raw", each=8)
    shutil.copytree(tmp_path / "raw/cat", tmp_path / "elsewhere/cow")
    settings = {"normal": "cat", "primary": "recall_at_far", "external": "elsewhere"}
    found = experiment_blockers((1, 4, 4), split_entries(train=4, val=2, test=4), check({"evaluate": settings}))
    assert ["false_alarm_rate" in found[0].message, "class 'cow'" in found[1].message] == [True, True]


@pytest.mark.parametrize("arms", ["[none, smote_half, gan_half_filtered, copies_half]", "all"])
def test_smote_without_its_library_stops_a_run_ahead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arms: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text(f"{{evaluate: {{arms: {arms}}}}}")
    assert main(["check"]) == 0
    monkeypatch.setitem(sys.modules, "imblearn", None)
    capsys.readouterr()
    assert main(["check"]) == 1
    told = capsys.readouterr().out
    assert "smote_half need imbalanced-learn: pip install 'gan-augment[imblearn]'" in told
    (tmp_path / "params.yaml").write_text("{}")
    assert main(["check"]) == 0
