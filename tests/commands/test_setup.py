"""`augment init`: the ingest section is written, comments stay, and what cannot be settled is refused."""

import os
from pathlib import Path

import pytest

from augment.commands import setup
from augment.core.errors import DataError, ParamsError
from augment.data.findings import Findings
from augment.params import load
from tests.data.corpus import encode, noise, write_set

TEXT = """\
# All settings.
seed: 3                    # the root

ingest:
  source: digits           # where from
  path: data/raw           # the folder
  size: null               # pixels
  color: auto
  train_per_class:         # how many
    "0": 60
    "1": 60
  test_fraction: 0.25      # share held out

train:
  overrides: {}            # single classes
  learning_rate: 5e-4

report:
  title: "A title in quotes: long enough to be folded by a writer that folds at its usual width of 80"
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "params.yaml").write_text(TEXT)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_only_the_ingest_keys_change(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_set(project / "data" / "raw", channels=1)
    assert setup.run(Path("data/raw")) == 0
    expected = TEXT.replace("source: digits", "source: folder").replace("color: auto", "color: grey")
    expected = expected.replace(
        'train_per_class:         # how many\n    "0": 60\n    "1": 60\n', "train_per_class: null    # how many\n"
    )
    assert (project / "params.yaml").read_text() == expected
    out = capsys.readouterr().out
    assert "12 usable images, 2 classes, 0 files left out" in out
    assert "ingest.color: grey" in out
    assert "dvc repro" in out


def test_what_is_left_out_is_told_with_its_reason(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_set(project / "data/raw", channels=1)
    (project / "data/raw/cat/broken.png").write_bytes(b"no image")
    assert setup.run(Path("data/raw")) == 0
    told = capsys.readouterr().out
    assert "1 files left out\n  left out: 1 " in told
    assert "(`augment check data/raw` names them)" in told


def test_mixed_sizes_are_settled(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_set(project / "raw", height=90, width=120)
    (project / "raw" / "cat" / "one.png").write_bytes(encode(noise(1, 300, 500)))
    setup.run(Path("raw"))
    assert "size: [48, 64] " in (project / "params.yaml").read_text()
    assert load(project / "params.yaml").ingest.size == (48, 64)
    assert load(project / "params.yaml").ingest.color == "rgb"
    assert "several sizes" in capsys.readouterr().out
    setup.run(Path("raw"))  # what it wrote is looked through, not trusted
    assert load(project / "params.yaml").ingest.size == (48, 64)


def test_large_colour_photos_are_settled(project: Path) -> None:
    write_set(project / "raw", height=300, width=400)
    setup.run(Path("raw"))
    found = load(project / "params.yaml").ingest
    assert (found.size, found.color) == ((48, 64), "rgb")


def test_the_size_is_chosen_by_what_a_run_takes(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Asked with images that are split, of the sizes as stored; what it says and the fit's reason are told."""
    write_set(project / "raw", height=300, width=400, each=12)
    for number in range(3):
        (project / "raw" / "cat" / f"tall{number}.png").write_bytes(encode(noise(number, 400, 300)))
    asked: list[Findings] = []

    def choose(findings: Findings) -> tuple[tuple[int, int], str]:
        asked.append(findings)
        return (18, 24), "working size 18x24: about a cup of tea"

    setup.run(Path("raw"), choose_size=choose)
    (findings,) = asked
    assert findings.is_split
    assert findings.sizes == {(300, 400): 24, (400, 300): 3}
    found = load(project / "params.yaml").ingest
    assert (found.size, found.fit) == ((18, 24), "crop")
    told = capsys.readouterr().out
    assert "  (working size 18x24: about a cup of tea)\n" in told
    assert "  (ingest.fit: crop: 11% of the images have another aspect; `pad` where" in told
    assert "note: mixed_orientations: 3 images stand, 24 lie; those of another aspect are cropped" in told


@pytest.mark.parametrize(
    ("side", "chosen", "kept"), [(32, 16, None), (40, 16, (16, 16)), (40, 40, None), (300, 48, (48, 48))]
)
def test_images_of_one_size_keep_it_where_it_is_small_or_in_time(
    project: Path, side: int, chosen: int, kept: tuple[int, int] | None
) -> None:
    write_set(project / "raw", height=side, width=side)
    setup.run(Path("raw"), choose_size=lambda _: ((chosen, chosen), ""))
    assert load(project / "params.yaml").ingest.size == kept


def test_a_size_that_cannot_be_timed_is_the_usual_one(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_set(project / "raw", height=300, width=400)

    def choose(_: Findings) -> tuple[tuple[int, int], str]:
        raise ParamsError("train.base: of another size")

    setup.run(Path("raw"), choose_size=choose)
    assert load(project / "params.yaml").ingest.size == (48, 64)
    assert "(working size" not in capsys.readouterr().out


def test_paths_are_relative_inside_the_project(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("elsewhere") / "a: #b"
    for root, stored in ((project / "my set", "my set"), (outside, str(outside))):
        write_set(root)
        setup.run(root)
        assert load(project / "params.yaml").ingest.path == stored


def test_other_params_file_in_another_folder(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_set(project / "data" / "set")
    monkeypatch.chdir(project / "data")
    setup.run(Path("set"), Path("../params.yaml"))
    assert load(project / "params.yaml").ingest.path == "data/set"


def test_what_no_setting_settles_is_refused(project: Path) -> None:
    write_set(project / "raw", ("cat",))
    (project / "raw" / "photo.png").write_bytes(encode(noise(1)))
    with pytest.raises(DataError) as caught:
        setup.run(Path("raw"))
    text = str(caught.value)
    assert "one_class" in text
    assert "loose_files" in text
    assert "Nothing was written" in text
    assert (project / "params.yaml").read_text() == TEXT
    with pytest.raises(DataError, match="there is no such folder"):
        setup.run(Path("nothing"))


def test_names_that_dvc_cannot_pass_are_refused(project: Path) -> None:
    write_set(project / "raw")
    os.mkfifo(project / "raw" / "cat" / "pipe")
    with pytest.raises(DataError, match="cannot pass cat/pipe"):
        setup.run(Path("raw"))
    assert (project / "params.yaml").read_text() == TEXT


def test_a_set_that_cannot_be_split_is_refused(project: Path) -> None:
    write_set(project / "raw")
    rows = [f"{label}/{index}.png,one" for label in ("cat", "dog") for index in range(6)]
    (project / "raw" / "meta.csv").write_text("\n".join(["path,group", *rows]))
    with pytest.raises(DataError, match=r"raw: no_split: class 'cat': the split would leave 6 images to train on"):
        setup.run(Path("raw"))
    assert (project / "params.yaml").read_text() == TEXT


def test_overrides_of_the_set_before_are_refused(project: Path) -> None:
    write_set(project / "raw")
    (project / "params.yaml").write_text(TEXT.replace("overrides: {}", "overrides: {bag: {steps: 3}}"))
    with pytest.raises(DataError, match=r"params\.yaml: unknown_class: train\.overrides: there is no class 'bag'"):
        setup.run(Path("raw"))


def test_a_source_of_a_class_that_is_not_there_is_refused(project: Path) -> None:
    write_set(project / "raw")
    (project / "params.yaml").write_text(TEXT + "\ngenerate: {sources: {bag: translated}}\n")
    with pytest.raises(DataError, match=r"params\.yaml: unknown_class: generate\.sources: there is no class 'bag'"):
        setup.run(Path("raw"))


def test_keys_that_dvc_would_miss_are_named(project: Path) -> None:
    write_set(project / "raw")
    (project / "dvc.yaml").write_text("stages: {a: {cmd: a, params: [evaluate], deps: ['${train.base}']}}\n")
    with pytest.raises(ParamsError) as caught:
        setup.run(Path("raw"))
    assert str(caught.value).splitlines() == [
        "params.yaml: train.base is missing, and DVC reads it: write `base: data/base` (docs/params.md)",
        "params.yaml: evaluate is missing, and DVC reads it: write the section `evaluate:` with its keys "
        "(docs/params.md)",
        "Nothing was written.",
    ]


@pytest.mark.parametrize("name", ["data/prepared", "models/x", "."])
def test_a_folder_that_the_pipeline_empties_is_refused(project: Path, name: str) -> None:
    write_set(project / name)
    with pytest.raises(ParamsError, match=r"ingest\.path: .* which the pipeline writes"):
        setup.run(Path(name))
    assert (project / "params.yaml").read_text() == TEXT


def test_params_that_are_missing_or_wrong(project: Path) -> None:
    write_set(project / "raw")
    with pytest.raises(ParamsError, match=r"none\.yaml"):
        setup.run(Path("raw"), Path("none.yaml"))
    (project / "params.yaml").write_text("ingest:\n  sizes: 3\n")
    with pytest.raises(ParamsError, match="did you mean `size`"):
        setup.run(Path("raw"))
    (project / "params.yaml").write_text("")
    setup.run(Path("raw"))
    assert load(project / "params.yaml").ingest.source == "folder"


def test_groups_that_names_tell_of_are_written_with_what_they_do(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "params.yaml").write_text(
        TEXT.replace("  color: auto", "  group_pattern: null    # groups\n  color: auto")
    )
    for number, label in enumerate(("cat", "dog")):
        for scan in range(20):
            for view in ("left", "right", "flip"):
                path = project / "raw" / label / f"s{scan + 20 * number:02}_{view}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(encode(noise((number, scan, ord(view[0])))))
    setup.run(Path("raw"))
    told = capsys.readouterr().out
    pattern = load(project / "params.yaml").ingest.group_pattern
    assert pattern is not None
    assert f"ingest.group_pattern: '{pattern}'\n" in told
    assert "names tell of 40 groups among 120 images, which no split divides now" in told
    assert "write `group_pattern: null`" in told
    assert "leak_by_name" not in told
    assert "# groups\n" in (project / "params.yaml").read_text(), "comments stay"
    text = (project / "params.yaml").read_text()
    setup.run(Path("raw"))
    assert (project / "params.yaml").read_text() == text, "again, the same"


def test_a_pattern_of_ones_own_stays_and_that_of_another_set_goes(project: Path) -> None:
    write_set(project / "raw", each=8)
    own = TEXT.replace("source: digits ", "source: folder ").replace(
        "  color: auto", "  group_pattern: '/(.)'\n  color: auto"
    )
    for path, kept in (("raw", "/(.)"), ("data/raw", None)):
        (project / "params.yaml").write_text(own.replace("path: data/raw", f"path: {path}"))
        setup.run(Path("raw"))
        assert load(project / "params.yaml").ingest.group_pattern == kept


def test_groups_that_leave_nothing_to_split_are_not_written_and_told(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A declared split that tears the stems is the person's to correct."""
    rows = []
    for number in range(80):
        path = f"{'ab'[number % 2]}/p{number // 4}_{number % 4 // 2}.png"
        rows.append(f"{path},{'test' if number % 4 < 2 and number < 40 else 'train'}")
        (project / "raw" / path).parent.mkdir(parents=True, exist_ok=True)
        (project / "raw" / path).write_bytes(encode(noise(number)))
    (project / "raw/meta.csv").write_text("\n".join(["path,split", *rows]))
    setup.run(Path("raw"))
    told = capsys.readouterr().out
    assert (
        "20 of 20 test images have a sister on another side; if they show one thing, the declared split tears" in told
    )
    assert "(no groups by name: with them a run would stop: group 'p0' is in test and in train" in told
    assert load(project / "params.yaml").ingest.group_pattern is None


def test_a_split_that_leaves_a_class_out_needs_a_choice(project: Path) -> None:
    """init begins a new path from the defaults, so its message says where the choice has to stand."""
    write_set(project / "raw" / "train", ("good",))
    write_set(project / "raw" / "test", ("bent",))
    with pytest.raises(DataError, match=r"`ingest\.split: drawn` (?s:.*)write it and `ingest\.path` into params\.yaml"):
        setup.run(Path("raw"))
    chosen = TEXT.replace("path: data/raw ", "path: raw\n  split: drawn ")
    (project / "params.yaml").write_text(chosen)
    setup.run(Path("raw"))
    assert load(project / "params.yaml").ingest.split == "drawn"
    write_set(project / "other")
    setup.run(Path("other"))
    assert load(project / "params.yaml").ingest.split == "declared"
