"""From folder to data/prepared: every file accounted for, nothing on two sides, equal bytes."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from augment.core.errors import DataError
from augment.core.files import read_csv
from augment.data.imageset import ImageSet
from augment.data.prepare import prepare
from augment.params import Ingest
from tests.data.corpus import FILES, SPECIAL, encode, look, noise, write_item, write_set


def ingest(root: Path, **values: object) -> Ingest:
    return Ingest(source="folder", path=str(root), **values)


def names_on_disk(root: Path) -> int:
    """All that is not a folder, and folders that are named like an image."""
    return sum(path.is_symlink() or not path.is_dir() or path.suffix == ".png" for path in root.rglob("*"))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(["cat", "dog"]), st.sampled_from([*FILES, *SPECIAL])), unique=True, max_size=25)
)
def test_every_file_is_accounted_for(tmp_path_factory: pytest.TempPathFactory, items: list[tuple[str, str]]) -> None:
    root = tmp_path_factory.mktemp("tree")
    write_set(root)
    for label, name in items:
        write_item(root / label, name)
    found = look(root)
    counts = Counter(entry.outcome for entry in found.entries)
    assert counts.total() == names_on_disk(root)
    assert counts["stop"] == 0
    assert len({entry.path for entry in found.entries}) == len(found.entries)
    digests = Counter(entry.digest for entry in found.usable)
    assert not digests or max(digests.values()) == 1


def test_written_set_is_the_images(tmp_path: Path) -> None:
    root, out = tmp_path / "raw", tmp_path / "prepared"
    write_set(root, ("b", "a c"), each=10)
    prepare(ingest(root), 0, out)
    rows = read_csv(out / "manifest.csv")
    for name in ("train", "val", "test"):
        split = ImageSet.load(out / name)
        mine = [row for row in rows if row["split"] == name]
        assert split.sources.tolist() == [row["path"] for row in mine]
        assert [row["index"] for row in mine] == [str(i) for i in range(len(split))]
        for image, label, path in zip(split.images, split.labels, split.sources, strict=True):
            assert path.startswith(f"{label}/")
            assert (image.transpose(1, 2, 0) == np.asarray(Image.open(root / path))).all()
    assert json.loads((out / "classes.json").read_text()) == [
        {"label": "a c", "slug": "a-c-a9573e", "folder": "a c", "train": 6, "val": 1, "test": 3},
        {"label": "b", "slug": "b", "folder": "b", "train": 6, "val": 1, "test": 3},
    ]


def test_equal_inputs_give_equal_bytes_and_nothing_old_stays(tmp_path: Path) -> None:
    write_set(tmp_path / "raw", ("a", "b", "c"))
    prepare(ingest(tmp_path / "raw"), 0, tmp_path / "one")
    for path in (tmp_path / "raw" / "c").iterdir():
        path.unlink()
    (tmp_path / "raw" / "c").rmdir()
    for name in ("one", "two"):
        prepare(ingest(tmp_path / "raw"), 0, tmp_path / name)
    files = [sorted(p.relative_to(tmp_path / name) for p in (tmp_path / name).rglob("*")) for name in ("one", "two")]
    assert files[0] == files[1]
    for path in files[0]:
        if (tmp_path / "one" / path).is_file():
            assert (tmp_path / "one" / path).read_bytes() == (tmp_path / "two" / path).read_bytes()
            assert str(tmp_path).encode() not in (tmp_path / "one" / path).read_bytes()


def test_a_new_class_changes_no_other(tmp_path: Path) -> None:
    write_set(tmp_path / "raw", ("b", "c"), each=20)
    before = prepare(ingest(tmp_path / "raw"), 3, tmp_path / "out")
    write_set(tmp_path / "raw", ("b", "c", "a"), each=20)
    after = prepare(ingest(tmp_path / "raw"), 3, tmp_path / "out")
    splits = {entry.path: entry.split for entry in after.entries}
    assert all(splits[entry.path] == entry.split for entry in before.entries)


def test_meta_reaches_the_splits(tmp_path: Path) -> None:
    write_set(tmp_path, each=10)
    lines = [f"{label}/{i}.png,{'test' if i < 4 else ''},p{i // 2}" for label in ("cat", "dog") for i in range(10)]
    (tmp_path / "meta.csv").write_text("path,split,group\n" + "\n".join(lines))
    found = prepare(ingest(tmp_path), 0, tmp_path / ".out")
    sides = {entry.path: (entry.split, entry.group) for entry in found.usable}
    assert {path for path, (side, _) in sides.items() if side == "test"} == {
        f"{label}/{i}.png" for label in ("cat", "dog") for i in range(4)
    }
    groups: dict[str, set[str]] = {}
    for side, group in sides.values():
        groups.setdefault(group, set()).add(side)
    assert all(len(names) == 1 for names in groups.values())
    assert len(groups) == 5
    assert {side for side, _ in sides.values()} == {"train", "val", "test"}


def test_colour_of_the_set(tmp_path: Path) -> None:
    write_set(tmp_path / "grey", channels=1)
    write_set(tmp_path / "rgb")
    assert look(tmp_path / "grey").channels == 1
    assert look(tmp_path / "rgb").channels == 3
    forced = look(tmp_path / "rgb", color="grey")
    assert (forced.channels, {entry.code for entry in forced.entries}) == (1, {"to_grey"})
    prepare(ingest(tmp_path / "grey", color="rgb"), 0, tmp_path / "out")
    images = ImageSet.load(tmp_path / "out" / "train").images
    assert images.shape[1] == 3
    assert (images == images[:, :1]).all()
    (tmp_path / "grey" / "cat" / "colour.png").write_bytes(encode(noise(99)))
    mixed = look(tmp_path / "grey")
    assert mixed.channels == 3
    assert Counter(entry.code for entry in mixed.entries) == {"to_rgb": 12, "": 1}
    assert mixed.notes == ["mixed_modes: 12 grey and 1 colour files; all become RGB"]


def test_sizes(tmp_path: Path) -> None:
    write_set(tmp_path / "mixed")
    (tmp_path / "mixed" / "cat" / "other.png").write_bytes(encode(noise(70, 20, 30)))
    (blocker,) = look(tmp_path / "mixed", size=None).blockers
    assert (blocker.path, blocker.code) == (str(tmp_path / "mixed"), "mixed_sizes")
    assert "16x16 (12), 20x30 (1); set ingest.size, for example [16, 16]" in blocker.message
    write_set(tmp_path / "large", height=300, width=200)
    (blocker,) = look(tmp_path / "large", size=None).blockers
    assert (blocker.code, "for example [256, 171]" in blocker.message) == ("size_range", True)
    fixed = look(tmp_path / "mixed", size=8)
    assert {entry.pixels.shape for entry in fixed.usable if entry.pixels is not None} == {(8, 8, 3)}
    assert not look(tmp_path / "large", size=(24, 16)).blockers


def test_all_reasons_are_given_at_once(tmp_path: Path) -> None:
    write_set(tmp_path, ("Cat", "cat", "dog"))
    write_set(tmp_path, ("few",), each=2)
    (tmp_path / "loose.png").touch()
    with pytest.raises(DataError) as caught:
        prepare(ingest(tmp_path), 0, tmp_path / ".out")
    text = str(caught.value)
    assert "few: too_few: 2 usable of 2 files, at least 5 are needed (ingest.min_per_class)" in text
    assert text.count("class_case_clash") == 2
    assert "loose_files" in text
    assert text.endswith(f"Run `augment check {tmp_path}` to see what became of every file.")
    assert not (tmp_path / ".out").exists()


def test_at_most_twenty_reasons(tmp_path: Path) -> None:
    for number in range(30):
        (tmp_path / f"class{number}").mkdir()
    with pytest.raises(DataError) as caught:
        prepare(ingest(tmp_path), 0, tmp_path / ".out")
    assert len(str(caught.value).splitlines()) == 22
    assert "... and 10 more" in str(caught.value)


@pytest.mark.parametrize(("low", "top", "noted"), [(40000, 41200, True), (300, 1600, False), (300, 65535, False)])
def test_deep_images_that_use_few_levels_are_noted(tmp_path: Path, low: int, top: int, noted: bool) -> None:
    rng = np.random.default_rng(0)
    for label in ("cold", "hot"):
        (tmp_path / label).mkdir()
        for number in range(6):
            values = rng.integers(low, top, (16, 16), dtype=np.uint16)
            Image.fromarray(values).save(tmp_path / label / f"{number}.png")
    notes = [
        note for note in look(tmp_path).notes if note.startswith("few_levels: 12 files of more than 8 bits have 5 of")
    ]
    assert bool(notes) is noted


@pytest.mark.parametrize("tops", [(1.0, 1.0), (255.0, 255.0), (1.0, 255.0)])
def test_floats_on_two_scales_end_the_run(tmp_path: Path, tops: tuple[float, float]) -> None:
    rng = np.random.default_rng(0)
    for label, top in zip(("cold", "hot"), tops, strict=True):
        (tmp_path / label).mkdir()
        for number in range(6):
            values = (rng.random((16, 16)) * top).astype(np.float32)
            Image.fromarray(values).save(tmp_path / label / f"{number}.tif")
        Image.fromarray(rng.integers(0, 65535, (16, 16), dtype=np.uint16)).save(tmp_path / label / "deep.png")
    blockers = look(tmp_path).blockers
    if tops[0] == tops[1]:
        assert not blockers
    else:
        (blocker,) = blockers
        assert blocker.code == "mixed_scales"
        assert blocker.message.startswith(
            "6 files of floats stay within 0 to 1 (cold/0.tif), 6 exceed 1 (hot/0.tif), so what is white"
        )


def test_a_deep_image_too_dark_to_scale_is_told_so(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    Image.fromarray(np.arange(100, dtype=np.uint16).reshape(10, 10)).save(tmp_path / "a/0.png")
    Image.fromarray(np.arange(0, 60000, 600, dtype=np.uint16).reshape(10, 10)).save(tmp_path / "a/1.png")
    entry, _ = look(tmp_path).entries
    assert entry.code == "blank"
    assert "once 0 to 65535 is scaled to 0 to 255; stretch" in entry.detail


def test_imbalance_is_noted(tmp_path: Path) -> None:
    write_set(tmp_path, ("cat",), each=260)
    write_set(tmp_path, ("dog",), each=5)
    assert any(note.startswith("imbalance: 'cat' has 260") for note in look(tmp_path).notes)


def test_digits(tmp_path: Path) -> None:
    per_class = {str(label): 60 if label < 5 else 10 for label in range(10)}
    found = prepare(Ingest(train_per_class=per_class), 0, tmp_path)
    train, val, test = (ImageSet.load(tmp_path / name) for name in ("train", "val", "test"))
    assert train.images.shape[1:] == (1, 8, 8)
    assert list(train.counts().values()) == [48] * 5 + [8] * 5
    assert list(val.counts().values()) == [12] * 5 + [2] * 5
    assert len(train) + len(val) + len(test) == len(found.entries) == 1797
    big = prepare(Ingest(size=12, color="rgb"), 0, tmp_path)
    assert ImageSet.load(tmp_path / "train").images.shape[1:] == (3, 12, 12)
    assert {entry.code for entry in big.entries} == {"resized+to_rgb"}


def test_what_the_split_leaves_over_is_the_pool(tmp_path: Path) -> None:
    """Whole groups only: an image whose group has others in a split is in none and not in the pool either."""
    root, out = tmp_path / "raw", tmp_path / "prepared"
    write_set(root, ("a", "b"), each=12)
    rows = [(path.relative_to(root), number // 2) for number, path in enumerate(sorted(root.rglob("*.png")))]
    text = "".join(f"{path},{'test' if group % 3 == 0 else ''},g{group}\n" for path, group in rows)
    (root / "meta.csv").write_text("path,split,group\n" + text)
    prepare(ingest(root, train_per_class=4, test_max=6), 0, out)
    sides = {name: ImageSet.load(out / name) for name in ("train", "val", "test", "pool")}
    assert {name: len(side) for name, side in sides.items()} == {"train": 4, "val": 4, "test": 6, "pool": 8}
    used = set().union(*(side.groups.tolist() for name, side in sides.items() if name != "pool"))
    assert not used & set(sides["pool"].groups.tolist())
    manifest = read_csv(out / "manifest.csv")
    assert [row["path"] for row in manifest if row["split"] == "pool"] == sides["pool"].sources.tolist()
    assert sum(row["split"] == "" and row["outcome"] == "ok" for row in manifest) == 24 - 22, (
        "the rest of a test group that was cut"
    )
